import itertools

import numpy as np
import pytest

pytest.importorskip("pocketsphinx", reason="needs the train extra")
pytest.importorskip("scipy", reason="needs the train extra")

from engine.train.alignment import SYMBOLS, Aligner, AlignmentError, align, phone_of, shared_aligner
from engine.train.visemes import DIPHTHONGS, VISEMES
from kiosk.bench.material import LIBRIVOX, read_wav

WORDS = ["he", "was", "not", "an", "ill", "disposed", "young", "man"]
RECORDING = LIBRIVOX / "sense_and_sensibility_01_austen_64kb-0880.wav"

recorded = pytest.mark.skipif(
    not RECORDING.is_file(), reason="needs Debian's pocketsphinx-testdata"
)


def test_every_symbol_is_one_of_ours() -> None:
    known = VISEMES.keys() | DIPHTHONGS.keys()
    assert [s for s in SYMBOLS.values() if s not in known] == [" "]


def test_a_short_ah_is_a_schwa() -> None:
    assert phone_of("AH", 1.0, 1.2).symbol == "ʌ"
    assert phone_of("AH0", 1.0, 1.05).symbol == "ə"
    assert phone_of("+NSN+", 0.0, 1.0).symbol == " "


def test_letters_are_words() -> None:
    assert all(shared_aligner().knows(letter) for letter in "abcdefghijklmnopqrstuvwxyz")


def test_unknown_words_are_named() -> None:
    with pytest.raises(AlignmentError, match="blorp, zyxq"):
        align(np.zeros(16_000, np.float32), ("the", "zyxq", "blorp"))


def test_no_words_and_no_sound_are_refused() -> None:
    with pytest.raises(AlignmentError):
        align(np.zeros(0, np.float32), ("hello",))
    with pytest.raises(AlignmentError):
        align(np.zeros(16_000, np.float32), ())


@recorded
def test_sounds_follow_each_other_in_the_order_of_the_words() -> None:
    phones = align(read_wav(RECORDING)[0], WORDS)
    said = "".join(p.symbol for p in phones if p.symbol != " ")
    assert said.startswith("hiw")
    assert said.endswith("mæn")
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in itertools.pairwise(phones))
    first = next(p for p in phones if p.symbol != " ")
    assert first.start_s == pytest.approx(0.22, abs=0.03)


@recorded
def test_what_was_aligned_before_does_not_matter() -> None:
    sound = read_wav(RECORDING)[0]
    aligner = Aligner()
    first = aligner.align(sound, WORDS)
    with pytest.raises(AlignmentError):
        aligner.align(np.zeros(0, np.float32), WORDS)
    aligner.align(0.1 * sound[::-1], WORDS[:2])
    assert aligner.align(sound, WORDS) == first

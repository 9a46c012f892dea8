import shutil
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.train import texts
from engine.train.teacher import Phone
from kiosk.bench import material
from kiosk.bench.material import MissingError
from kiosk.speech import piper


def test_flite_tells_where_sounds_end() -> None:
    phones = material.flite_phones("pau:0.2 b:0.3 ax:0.35 pau:0.5 ")
    assert phones == (
        Phone(" ", 0.0, 0.2), Phone("b", 0.2, 0.3), Phone("ə", 0.3, 0.35), Phone(" ", 0.35, 0.5),
    )  # fmt: skip


def test_transcripts_are_read() -> None:
    text = "<s> he was there </s> (one-1)\n\n<s> so </s> (two)\n"
    assert material.transcripts(text) == {"one-1": ["he", "was", "there"], "two": ["so"]}


def test_words_of_a_sentence() -> None:
    assert material.words_of("Nobody, the Mayor's!") == ["nobody", "the", "mayor's"]


def test_the_sentences_are_in_no_corpus() -> None:
    trained = Path(texts.__file__).read_text(encoding="utf-8")
    assert not [sentence for sentence in material.SENTENCES if sentence in trained]


def test_what_is_missing_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(piper, "installed", dict)
    with pytest.raises(MissingError, match="apt install flite"):
        material.flite_speech()
    with pytest.raises(MissingError, match=r"\[piper\]"):
        material.piper_speech()
    with pytest.raises(MissingError, match="pocketsphinx-testdata"):
        material.librivox_speech(tmp_path)


@pytest.mark.skipif(shutil.which("flite") is None, reason="needs Debian's flite")
def test_flite_speaks_with_the_times_of_its_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "SENTENCES", ("My map.",))
    spoken = material.flite_speech()
    assert [u.voice for u in spoken] == [f"flite_{voice}" for voice in material.FLITE_VOICES]
    for utterance in spoken:
        assert "".join(p.symbol for p in utterance.phones if p.symbol != " ") == "mImæp"
        sounding = [p for p in utterance.phones if p.symbol != " "]
        assert sounding[-1].end_s <= len(utterance.samples) / 48_000


@pytest.mark.skipif(not material.LIBRIVOX.is_dir(), reason="needs Debian's pocketsphinx-testdata")
def test_the_reader_is_aligned() -> None:
    pytest.importorskip("pocketsphinx", reason="needs the train extra")
    spoken = material.librivox_speech()
    assert len(spoken) == 5
    assert all(any(p.symbol == "m" for p in u.phones) for u in spoken[:2])

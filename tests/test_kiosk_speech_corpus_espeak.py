from pathlib import Path

import numpy as np
import pytest

from engine.train.visemes import DIPHTHONGS, VISEMES
from kiosk.speech import espeak
from kiosk.speech.corpus import lexicons
from kiosk.speech.corpus_espeak import line, make, split, symbols_of
from kiosk.speech.voice import PhonemeTime

needs_espeak = pytest.mark.skipif(
    not espeak.installed(), reason="the optional extra sonic-kiosk[espeak] is not installed"
)


@pytest.mark.parametrize(
    ("written", "symbols"),
    [("aɪ", "I"), ("tʃ", "ʧ"), ("ɔɹ", "ɔɹ"), ("ts.h", "ꭧ"), ("n̩", "n"), ("(en)", ""), ("_", "")],
)
def test_what_is_written_becomes_known_symbols(written: str, symbols: str) -> None:
    assert symbols_of(written) == symbols
    assert all(s in VISEMES or s in DIPHTHONGS for s in symbols_of(written))


def test_several_sounds_share_the_time_of_one() -> None:
    parts = list(split((PhonemeTime("ɔɹ", 1.0, 1.2), PhonemeTime("_", 1.2, 1.4))))
    assert [p.symbol for p in parts] == ["ɔ", "ɹ"]
    assert [p.start_s for p in parts] == pytest.approx([1.0, 1.1])
    assert parts[1].end_s == pytest.approx(1.2)


def test_lines_repeat_with_the_seed() -> None:
    words = lexicons()
    lines = [line(i, 1, words) for i in range(40)]
    assert lines == [line(i, 1, words) for i in range(40)]
    assert len({said.voice for said in lines}) > 20


@needs_espeak
def test_shards_are_written(tmp_path: Path) -> None:
    make(tmp_path, 0.1, 1)
    paths = sorted(tmp_path.glob("*.npz"))
    assert paths
    with np.load(paths[0]) as shard:
        assert len(shard["samples"]) / int(shard["sample_rate_hz"]) > 1.0
        assert set(shard["symbols"]) <= set(VISEMES) | set(DIPHTHONGS)
        assert (np.diff(shard["start_s"]) >= 0).all()

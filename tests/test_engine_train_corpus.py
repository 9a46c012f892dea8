from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.train.corpus import load, load_all, quiet_stretches, trim
from engine.train.teacher import Phone
from tests.motion_utils import silence, vowel


def shard(path: Path, **changes: object) -> Path:
    sound = np.concatenate((silence(0.3), vowel("a", 0.4), silence(0.3)))[::2]
    fields: dict[str, object] = {
        "samples": np.round(sound * 32767).astype(np.int16), "sample_rate_hz": 24_000,
        "symbols": np.array(["a", "."]), "start_s": np.array([0.3, 0.9]),
        "end_s": np.array([0.9, 1.0]), "voice": "me", "language": "en",
    }  # fmt: skip
    fields |= changes
    np.savez(path, **{k: v for k, v in fields.items() if v is not None})  # type: ignore[arg-type]  # arrays
    return path


def test_shard_is_read_at_the_master_rate_and_trimmed(tmp_path: Path) -> None:
    utterance = load(shard(tmp_path / "a.npz"))
    assert abs(len(utterance.samples) - 48_000) < 10
    assert utterance.steps == 50
    assert utterance.phones[0].end_s == pytest.approx(0.73, abs=0.02)
    assert utterance.targets().shape[0] == 50


def test_missing_field_names_file_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.npz.*symbols.*make the corpus again"):
        load(shard(tmp_path / "a.npz", symbols=None))


def test_all_are_read_up_to_the_limit(tmp_path: Path) -> None:
    for name in "abc":
        shard(tmp_path / f"{name}.npz")
    assert len(list(load_all(tmp_path))) == 3
    assert len(list(load_all(tmp_path, 1.5))) == 2


def test_quiet_stretches_are_found_at_any_level() -> None:
    sound = np.concatenate(
        (silence(0.3), vowel("a", 0.4), silence(0.1), vowel("a", 0.2), silence(0.3))
    )
    for gain in (1.0, 0.01):
        found = quiet_stretches(sound * np.float32(gain), 48_000)
        assert [(round(a, 1), round(b, 1)) for a, b in found] == [(0.0, 0.3), (1.0, 1.3)]


def test_trim_lets_lips_close_in_silence_but_not_vowels_begin() -> None:
    quiet = [(0.5, 0.9)]
    vowel_start = trim((Phone("ˈ", 0.6, 0.7), Phone("a", 0.7, 1.2)), quiet)
    assert all(p.start_s == pytest.approx(0.87) for p in vowel_start)
    plosive = trim((Phone("p", 0.8, 0.95), Phone("a", 0.95, 1.2)), quiet)
    assert plosive[0].start_s == 0.8

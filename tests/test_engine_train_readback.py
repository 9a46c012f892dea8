from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.train import readback
from engine.train.readback import CLASS_OF, CLASSES, Decoder, Decoders
from engine.train.teacher import Phone
from engine.train.visemes import VISEMES

PHONES = (Phone("ˈ", 0.2, 0.22), Phone("p", 0.22, 0.3), Phone("I", 0.3, 0.5), Phone("ː", 0.5, 0.6))


def named(steps: int = 50) -> list[str]:
    return [CLASSES[i] for i in readback.labels(PHONES, steps)]


def test_every_sound_has_a_class() -> None:
    assert CLASS_OF.keys() == VISEMES.keys()
    assert set(CLASS_OF.values()) == set(range(1, len(CLASSES)))


def test_labels_follow_the_sounds_and_split_diphthongs() -> None:
    said = named()
    assert said[:10] == ["sil"] * 10
    assert said[12:14] == ["PP", "PP"]
    assert said[16] == "aa"
    assert said[28] == "ih"
    assert said[-10:] == ["sil"] * 10


def test_another_map_gives_other_classes() -> None:
    other = CLASS_OF | {"p": CLASSES.index("FF")}
    assert CLASSES[readback.labels(PHONES, 50, other)[12]] == "FF"


def test_windows_see_both_sides() -> None:
    curves = np.arange(20, dtype=np.float32)[:, None]
    seen = readback.windows(curves)
    reach = readback.REACH_STEPS
    assert seen.shape == (20, 2 * reach + 1)
    assert seen[10].tolist() == list(range(10 - reach, 11 + reach))
    assert seen[0, 0] == 0.0


def test_loudness_does_not_depend_on_the_level() -> None:
    sound = np.random.default_rng(0).standard_normal(9600).astype(np.float32) * 0.1
    assert readback.loudness(sound).max() == 0.0
    assert readback.loudness(0.5 * sound) == pytest.approx(readback.loudness(sound), abs=1e-3)


def test_accuracy_counts_steps() -> None:
    said = [np.array([1, 1, 2]), np.array([3])]
    assert readback.accuracy([np.array([1, 0, 2]), np.array([3])], said) == 0.75


def test_a_decoder_learns_what_is_there_and_survives_its_file(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    rng = np.random.default_rng(0)
    said = [rng.integers(0, 3, 400).repeat(4) for _ in range(4)]
    seen = [np.eye(3, dtype=np.float32)[s] for s in said]
    fitted = readback.fit(seen[:3], said[:3])
    assert readback.accuracy([fitted.read(seen[3])], [said[3]]) > 0.95
    readback.save(Decoders(fitted, fitted), tmp_path / "some.npz")
    again = readback.load(tmp_path / "some.npz").energy
    assert readback.accuracy([again.read(seen[3])], [fitted.read(seen[3])]) > 0.99


def test_a_missing_decoder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(readback.ReadbackError, match=r"python -m engine\.train\.readback"):
        readback.load(tmp_path / "none.npz")


def test_the_decoder_that_ships_is_small_and_fits_the_curves() -> None:
    from engine.motion.lips import SPEECH

    assert readback.DECODER.stat().st_size < 300_000
    width = 2 * readback.REACH_STEPS + 1
    decoders = readback.load()
    assert isinstance(decoders.mouth, Decoder)
    assert decoders.mouth.hidden.shape[0] == width * len(SPEECH)
    assert decoders.energy.hidden.shape[0] == width

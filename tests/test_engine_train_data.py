import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.mel import MelEncoder, decimate
from engine.motion.layout import LOOKAHEAD_STEPS, PAIR_BANDS, SILENT_HOP
from engine.motion.lips import SPEECH, opening
from engine.train.corpus import Utterance
from engine.train.data import (
    CROP_STEPS,
    SILENT_LABEL,
    Examples,
    mel_pairs,
    other_voice,
    pairs_of,
    take_of,
    total_s,
)
from engine.train.teacher import Phone
from engine.train.visemes import NAMES
from tests.motion_utils import silence, speech_like


def utterance() -> Utterance:
    sound = np.concatenate([speech_like()] * 2)
    phones = tuple(Phone("am"[i % 2], 0.5 + 0.155 * i, 0.655 + 0.155 * i) for i in range(12))
    return Utterance(sound, phones, "me", "en")


def test_pairs_line_up_with_the_live_path() -> None:
    hops = MelEncoder().push(speech_like())
    pairs = pairs_of(hops)
    assert (pairs[0, : PAIR_BANDS // 2] == SILENT_HOP).all()
    assert np.array_equal(pairs[0, PAIR_BANDS // 2 :], hops[0])
    assert np.array_equal(pairs[5], hops[9:11].reshape(-1))
    heard = mel_pairs(decimate(speech_like()), 60)
    assert np.abs(heard[:50] - pairs[:50]).max() < 1e-5


def test_every_step_has_its_lookahead() -> None:
    assert mel_pairs(silence(1.0)[::3], 50).shape == (50 + LOOKAHEAD_STEPS, PAIR_BANDS)


def test_a_take_has_curves_and_labels_on_one_grid() -> None:
    take = take_of(utterance())
    assert take.curves.shape == (len(take.labels), len(SPEECH))
    assert take.weights.shape == take.labels.shape
    assert NAMES[take.labels[57]] == "a"
    assert NAMES[take.labels[73]] == "pbm"
    assert take.labels[10] == SILENT_LABEL


def test_examples_hold_speech_and_sounds_that_are_no_speech() -> None:
    source = Examples([take_of(utterance())], seed=1)
    examples = [source.draw() for _ in range(40)]
    for example in examples:
        assert example.pairs.shape == (CROP_STEPS + LOOKAHEAD_STEPS, PAIR_BANDS)
        assert example.targets.shape == (CROP_STEPS, len(SPEECH))
        assert example.labels.shape == example.weights.shape == (CROP_STEPS,)
        assert np.isfinite(example.pairs).all()
        assert example.pairs.min() >= SILENT_HOP - 1e-5
    moving = [float(opening(example.targets).max()) > 0.2 for example in examples]
    assert any(moving)
    assert not all(moving)
    still = examples[moving.index(False)]
    assert (still.labels == SILENT_LABEL).all()


def test_targets_are_where_the_sound_is() -> None:
    """Over many crops at many speeds the mouth is open where it is loud."""
    source = Examples([take_of(utterance())], seed=3)
    quiet, loud = [], []
    for _ in range(20):
        example = source.of(source._takes[0])
        level = example.pairs[LOOKAHEAD_STEPS:].mean(axis=1)
        gap = opening(example.targets)
        quiet.append(gap[level <= np.quantile(level, 0.2)].mean())
        loud.append(gap[level >= np.quantile(level, 0.8)].mean())
    assert np.mean(loud) > 3 * np.mean(quiet)


def test_examples_repeat_with_the_seed_only() -> None:
    first, again, other = (Examples([take_of(utterance())], seed).draw() for seed in (1, 1, 2))
    assert np.array_equal(first.pairs, again.pairs)
    assert not np.array_equal(first.pairs, other.pairs)


def test_another_voice_keeps_silence_silent() -> None:
    pairs = np.full((4, PAIR_BANDS), SILENT_HOP, np.float32)
    assert np.array_equal(other_voice(np.random.default_rng(0), pairs), pairs)


def test_total() -> None:
    assert total_s([take_of(utterance())] * 2) == pytest.approx(
        4 * len(speech_like()) / 48_000, abs=0.01
    )

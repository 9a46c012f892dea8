import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.mel import MelEncoder
from engine.motion.layout import LOOKAHEAD_STEPS, PAIR_BANDS, SILENT_HOP
from engine.motion.lips import SPEECH, opening
from engine.train.corpus import Utterance
from engine.train.data import CROP_STEPS, Examples, mel_pairs, pairs_of, total_s
from engine.train.teacher import Phone
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


def test_every_step_has_its_lookahead() -> None:
    assert mel_pairs(silence(1.0), 50).shape == (50 + LOOKAHEAD_STEPS, PAIR_BANDS)


def test_a_round_holds_whole_examples_and_sounds_that_are_no_speech() -> None:
    examples = Examples([utterance()] * 20, seed=1).round()
    assert len(examples) >= 20
    for example in examples:
        assert example.pairs.shape == (CROP_STEPS + LOOKAHEAD_STEPS, PAIR_BANDS)
        assert example.targets.shape == (CROP_STEPS, len(SPEECH))
        assert np.isfinite(example.pairs).all()
        assert example.pairs.min() >= SILENT_HOP - 1e-5
    moving = [float(opening(example.targets).max()) > 0.2 for example in examples]
    assert any(moving)
    assert not all(moving)


def test_rounds_repeat_with_the_seed_only() -> None:
    first, again, other = (Examples([utterance()] * 2, seed).round() for seed in (1, 1, 2))
    assert all(np.array_equal(a.pairs, b.pairs) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].pairs, other[0].pairs)


def test_total() -> None:
    assert total_s([utterance()] * 2) == pytest.approx(4 * len(speech_like()) / 48_000)

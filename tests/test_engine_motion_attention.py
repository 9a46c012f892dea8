"""The listening face: there in time, calm, nodding, silent, and without a jump."""

import numpy as np
import pytest

from engine.media import FloatArray
from engine.motion.attention import (
    ATTEND_S,
    NOD_CELL_S,
    NOD_DEG,
    NOT_LISTENING,
    SECOND_NOD,
    Attention,
    nod_shape,
)
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.motion.life import Life
from engine.motion.noise import Noise
from engine.motion.settings import MotionSettings
from tests.test_engine_motion_life import CONVERSATION, FASTEST_COEFFICIENT, POSE, QUIET

FASTEST_POSE = (12.0, 25.0, 20.0, 0.03, 0.06, 0.1, 1.4)
"""In one second, while the face turns to a visitor and back: a head tilts, and comes nearer."""

FASTEST = {**FASTEST_COEFFICIENT, "eyeBlink": 25.0}


def face(seed: int, listening: bool) -> Life:
    """A face that has listened for long, or has not."""
    of = Life(MotionSettings(seed=seed))
    of.attention.go(listening, 0.0)
    of.attention.settle()
    return of


def moved(of: Life, seconds: float) -> FloatArray:
    """Head at 25 Hz: (pitch, roll in degrees, scale)."""
    poses = [of.pose(i / 25, QUIET) for i in range(int(25 * seconds))]
    return np.array([(p.pitch_deg, p.roll_deg, p.scale) for p in poses], np.float32)


def blinks_per_min(of: Life, minutes: int) -> float:
    lids = np.array([of.blink(i / 25, QUIET) for i in range(minutes * 1500)]) > 0.5
    return float(np.count_nonzero(~lids[:-1] & lids[1:])) / minutes


def test_it_is_all_ears_in_time_and_back() -> None:
    attention = Attention(Noise(0))
    assert attention.at(5.0) == NOT_LISTENING
    attention.go(True, 5.0)
    assert attention.at(5.0).part == 0.0
    assert attention.at(5.0 + ATTEND_S / 2).part == pytest.approx(0.5)
    assert attention.at(5.0 + ATTEND_S).part == 1.0
    attention.go(False, 9.0)
    assert attention.at(9.0 + ATTEND_S) == NOT_LISTENING


@pytest.mark.parametrize("seed", range(3))
def test_the_face_leans_in_tilts_and_raises_its_brows_a_touch(seed: int) -> None:
    idle, listening = (moved(face(seed, on), 120).mean(axis=0) for on in (False, True))
    assert 0.01 < listening[2] - idle[2] < 0.03
    assert 1.5 < abs(listening[1]) < 4.0
    at_rest, raised = (
        face(seed, on).coefficients(1.0, QUIET, face(seed, on).pose(1.0, QUIET))
        for on in (False, True)
    )
    for brow in ("browInnerUp_L", "browOuterUp_R"):
        assert 0.05 < raised[INDEX[brow]] - at_rest[INDEX[brow]] < 0.25
    speech = [i for i, name in enumerate(COEFFICIENTS) if name.startswith(("jaw", "mouth"))]
    assert np.array_equal(at_rest[speech], raised[speech]), "a listener's lips stay closed"


@pytest.mark.parametrize("seed", range(3))
def test_its_eyes_stay_with_the_visitor_and_blink_less_but_do_blink(seed: int) -> None:
    of = face(seed, True)
    looks = np.array([of.gaze(i / 25, p.pause) for i, p in enumerate(CONVERSATION)])
    assert np.abs(looks).max() < 1.0
    assert np.ptp(looks[:, 0]) > 0.5, "fixed eyes would stare"
    assert 6.0 < blinks_per_min(of, 5) < 0.75 * blinks_per_min(face(seed, False), 5)


def test_it_nods_now_and_then_slowly() -> None:
    attention = Attention(Noise(0))
    assert attention.at(3.0).nod_deg == 0.0
    attention.go(True, -9.0)
    nods = np.array([attention.at(i / 25).nod_deg for i in range(25 * 600)])
    begun = int(np.count_nonzero((nods[:-1] == 0.0) & (nods[1:] > 0.0)))
    assert 0.5 * 600 / NOD_CELL_S < begun < 0.9 * 600 / NOD_CELL_S
    assert 0.6 * NOD_DEG < nods.max() <= NOD_DEG
    assert np.abs(np.diff(nods)).max() * 25 < 12.0
    assert nods.min() == 0.0


def test_a_nod_is_two_dips() -> None:
    since_s = np.arange(0.0, 3.0, 0.01)
    shape = np.array([nod_shape(s) for s in since_s])
    tops = np.flatnonzero((shape[1:-1] > shape[:-2]) & (shape[1:-1] >= shape[2:])) + 1
    assert shape[tops] == pytest.approx([1.0, SECOND_NOD], abs=0.01)
    assert shape[0] == 0.0 and not shape[since_s > 2.0].any()


@pytest.mark.parametrize("seed", range(4))
def test_nothing_jumps_whenever_it_turns_to_a_visitor_and_back(seed: int) -> None:
    of, rng = Life(MotionSettings(seed=seed)), np.random.default_rng(seed)
    coefficients, poses = [], []
    listening, turn_at = False, 0
    for i, prosody in enumerate(CONVERSATION):
        if i >= turn_at:
            listening = not listening
            of.attention.go(listening, i / 25)
            turn_at = i + int(rng.uniform(0.2, 8.0) * 25)
        pose = of.pose(i / 25, prosody)
        poses.append([getattr(pose, name) for name in POSE])
        coefficients.append(of.coefficients(i / 25, prosody, pose))
    speed = np.abs(np.diff(np.array(poses), axis=0)).max(axis=0) * 25
    assert (speed < FASTEST_POSE).all(), speed
    speed = np.abs(np.diff(np.array(coefficients), axis=0)).max(axis=0) * 25
    for name, fastest in zip(COEFFICIENTS, speed, strict=True):
        allowed = next((v for k, v in FASTEST.items() if name.startswith(k)), 0.0)
        assert fastest <= allowed, name

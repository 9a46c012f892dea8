import itertools

import numpy as np
import pytest

from engine.media import FloatArray, Pose
from engine.motion.coefficients import INDEX
from engine.motion.life import BLINK_CLOSING_S, BLINK_OPENING_S, Life, blink_shape
from engine.motion.prosody import Prosody
from engine.motion.settings import MotionSettings

QUIET = Prosody()
TALKING = Prosody(speaking=1.0, nod=0.3, brow=0.4)


def life(seed: int = 0, **changes: float) -> Life:
    return Life(MotionSettings(seed=seed, **changes))


LIFE = life()


def poses(of: Life, seconds: float, prosody: Prosody = QUIET) -> list[Pose]:
    return [of.pose(i / 25, prosody) for i in range(int(25 * seconds))]


def angles(of: Life, seconds: float, prosody: Prosody = QUIET) -> FloatArray:
    return np.array([(p.yaw_deg, p.pitch_deg, p.roll_deg) for p in poses(of, seconds, prosody)])


def blinks(of: Life, seconds: float, rate_hz: int = 25) -> list[tuple[float, float]]:
    """(start, duration) of every closure beyond half."""
    shut = [of.blink(i / rate_hz) > 0.5 for i in range(int(rate_hz * seconds))]
    runs, at = [], 0.0
    for closed, group in itertools.groupby(shut):
        length = len(list(group)) / rate_hz
        if closed:
            runs.append((at, length))
        at += length
    return runs


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_blink_rate(seed: int) -> None:
    per_minute = len(blinks(life(seed), 900)) / 15
    assert 15 <= per_minute <= 20


def test_blink_durations() -> None:
    lengths = [length for _, length in blinks(life(), 120, 100)]
    assert 0.1 <= float(np.median(lengths)) <= 0.25
    assert max(lengths) < 0.6


def test_blinks_are_irregular() -> None:
    gaps = np.diff([start for start, _ in blinks(life(), 600)])
    assert gaps.std() > 0.3 * gaps.mean()


def test_blink_closes_faster_than_it_opens() -> None:
    shape = [blink_shape(t / 1000) for t in range(500)]
    peak = int(np.argmax(shape))
    assert shape[peak] == pytest.approx(1.0)
    assert peak / 1000 <= BLINK_CLOSING_S + 0.001 < BLINK_OPENING_S
    assert np.abs(np.diff(shape)).max() < 0.05
    assert shape[0] == shape[-1] == 0.0


def test_no_blinks_when_switched_off() -> None:
    of = life(blinks_per_min=0.0)
    assert max(of.blink(i / 50) for i in range(3000)) == 0.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_head_stays_in_its_range_and_never_freezes(seed: int) -> None:
    idle = angles(life(seed), 200)
    assert 1.5 < np.abs(idle[:, 0]).max() < 4.0
    assert np.abs(idle[:, 1:]).max() < 3.5
    for start in range(0, len(idle) - 100, 100):  # every 4 s
        assert np.ptp(idle[start : start + 100], axis=0).max() > 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_head_is_livelier_in_speech(seed: int) -> None:
    idle, talking = angles(life(seed), 120), angles(life(seed), 120, TALKING)
    assert np.abs(np.diff(talking, axis=0)).mean() > 1.3 * np.abs(np.diff(idle, axis=0)).mean()
    assert np.abs(talking).max() < 6.0


@pytest.mark.parametrize("prosody", [QUIET, TALKING])
def test_head_never_jumps(prosody: Prosody) -> None:
    moved = np.abs(np.diff(angles(life(), 120, prosody), axis=0))
    assert moved.max() < 0.8  # degrees in one picture at 25 fps


def test_stress_nods_the_head_down() -> None:
    level = life().pose(3.0, QUIET).pitch_deg
    assert life().pose(3.0, Prosody(nod=0.5)).pitch_deg < level - 0.5


def test_eyes_rest_on_the_visitor_most_of_the_time() -> None:
    yaw = np.array([LIFE.gaze(i / 25)[0] for i in range(25 * 300)])
    assert np.mean(np.abs(yaw) < 2.0) > 0.7
    assert np.abs(yaw).max() > 5.0


def test_saccades_are_quick() -> None:
    yaw = np.array([LIFE.gaze(i / 1000)[0] for i in range(20_000)])
    moving = np.abs(np.diff(yaw)) > 0.02  # 20 degrees a second
    assert moving.mean() < 0.05


def test_eyes_turn_against_the_head() -> None:
    still, turned = (life().coefficients(1.0, QUIET, Pose(yaw_deg=yaw)) for yaw in (0.0, 5.0))
    assert turned[INDEX["eyeLookOut_R"]] > still[INDEX["eyeLookOut_R"]]  # to the viewer's left
    assert np.array_equal(
        turned[[INDEX["eyeLookOut_R"], INDEX["eyeLookOut_L"]]],
        turned[[INDEX["eyeLookIn_L"], INDEX["eyeLookIn_R"]]],
    )


def test_breath_rate_and_range() -> None:
    breath = np.array([LIFE.breath(i / 25) for i in range(25 * 240)])
    middle = np.diff((breath > 0.5).astype(int))
    inward = np.flatnonzero(middle == 1) / 25
    rates = 1 / np.diff(inward)
    assert rates.min() > 0.18
    assert rates.max() < 0.30
    assert breath.min() < 0.02 < 0.98 < breath.max()
    assert np.abs(np.diff(breath)).max() < 0.08


def test_same_seed_same_life() -> None:
    for time_s in (0.0, 1.23, 4000.5):
        assert life(3).pose(time_s, TALKING) == life(3).pose(time_s, TALKING)
        assert life(3).pose(time_s, TALKING) != life(4).pose(time_s, TALKING)


def test_motion_scale_scales_the_head() -> None:
    plain, wide = (angles(life(motion_scale=scale), 60) for scale in (1.0, 1.1))
    assert np.abs(wide).mean() == pytest.approx(1.1 * np.abs(plain).mean(), rel=0.02)

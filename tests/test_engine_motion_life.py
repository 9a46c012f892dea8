import numpy as np
import pytest

from engine.media import FloatArray, Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.motion.life import Life, settling
from engine.motion.pause import PHRASE_END_S, PHRASE_MIN_S, Pause
from engine.motion.prosody import Prosody
from engine.motion.settings import MotionSettings

QUIET = Prosody()
TALKING = Prosody(speaking=1.0, lively=1.0, nod=0.3, brow=0.4)


def life(seed: int = 0, **changes: float) -> Life:
    return Life(MotionSettings(seed=seed, **changes))


LIFE = life()


def conversation(seconds: float) -> list[Prosody]:
    """At 25 Hz: phrases of one to four seconds of syllables, pauses of 0.1 to 5 s."""
    rng, state = np.random.default_rng(0), Prosody()
    out: list[Prosody] = []
    while len(out) < 50 * seconds:
        for loud, lasts_s in ((True, rng.uniform(1, 4)), (False, rng.uniform(0.1, 2.2) ** 2)):
            for i in range(int(50 * lasts_s)):
                beat = 0.2 * np.sin(i / 2.0) + 0.1 * np.sin(i / 11.0)
                level, opening = (-0.2 + beat, 0.4 + beat) if loud else (-1.0, 0.0)
                state = state.next(float(level), float(max(opening, 0.0)))
                out.append(state)
    return out[::2]


CONVERSATION = conversation(120)


def shown(seed: int) -> tuple[FloatArray, FloatArray]:
    """(coefficients, pose) of the conversation at 25 Hz."""
    of = life(seed)
    coefficients, moved = [], []
    for i, prosody in enumerate(CONVERSATION):
        pose = of.pose(i / 25, prosody)
        coefficients.append(of.coefficients(i / 25, prosody, pose))
        moved.append([getattr(pose, name) for name in POSE])
    return np.array(coefficients), np.array(moved, np.float32)


POSE = ("yaw_deg", "pitch_deg", "roll_deg", "x", "y", "scale", "breath")

FASTEST_POSE = (12.0, 25.0, 8.0, 0.03, 0.06, 0.02, 1.4)
"""In one second: about one and a half times what ten minutes of five seeds reach."""

FASTEST_COEFFICIENT = {"eyeBlink": 20.0, "eyeLook": 20.0, "brow": 1.5, "mouth": 0.0, "cheek": 0.0}
"""In one second. Lids shut in 90 ms; eyes turn by up to 600 degrees a second."""


def poses(of: Life, seconds: float, prosody: Prosody = QUIET) -> list[Pose]:
    return [of.pose(i / 25, prosody) for i in range(int(25 * seconds))]


def angles(of: Life, seconds: float, prosody: Prosody = QUIET) -> FloatArray:
    return np.array([(p.yaw_deg, p.pitch_deg, p.roll_deg) for p in poses(of, seconds, prosody)])


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


def test_eyes_turn_against_the_head() -> None:
    still, turned = (life().coefficients(1.0, QUIET, Pose(yaw_deg=yaw)) for yaw in (0.0, 5.0))
    assert turned[INDEX["eyeLookOut_R"]] > still[INDEX["eyeLookOut_R"]]  # to the viewer's left
    assert np.array_equal(
        turned[[INDEX["eyeLookOut_R"], INDEX["eyeLookOut_L"]]],
        turned[[INDEX["eyeLookIn_L"], INDEX["eyeLookIn_R"]]],
    )


@pytest.mark.parametrize("seed", range(4))
def test_nothing_twitches_in_silence_in_speech_and_between(seed: int) -> None:
    coefficients, pose = shown(seed)
    for name, fastest, moved in zip(POSE, FASTEST_POSE, pose.T, strict=True):
        assert np.abs(np.diff(moved)).max() * 25 < fastest, name
    assert np.abs(np.diff(pose[:, :3], 2, axis=0)).max() * 25**2 < 250.0  # degrees a second²
    for name, values in zip(COEFFICIENTS, coefficients.T, strict=True):
        fastest = next((v for k, v in FASTEST_COEFFICIENT.items() if name.startswith(k)), 0.0)
        assert np.abs(np.diff(values)).max() * 25 <= fastest, name
    assert 0.0 <= coefficients.min() <= coefficients.max() <= 1.0


@pytest.mark.parametrize("seed", range(4))
def test_nothing_freezes(seed: int) -> None:
    _, pose = shown(seed)
    moved = np.abs(np.diff(pose, axis=0))
    still = (moved[:, :3].max(axis=1) < 0.01) & (moved[:, 6] < 0.002)
    runs = np.diff(np.flatnonzero(np.concatenate(([True], ~still, [True]))))
    assert runs.max() <= 0.6 * 25


@pytest.mark.parametrize("seed", range(4))
def test_blinks_keep_their_rate_in_conversation_and_gather_at_its_breaks(seed: int) -> None:
    lids = shown(seed)[0][:, INDEX["eyeBlink_L"]] > 0.5
    starts = np.flatnonzero(~lids[:-1] & lids[1:])
    assert 13 <= len(starts) / 2 <= 22  # two minutes: chance is coarse
    at_break = np.array([p.pause.since_s < 0.9 for p in CONVERSATION])
    assert at_break[starts].mean() > 1.3 * at_break.mean()


def test_eyes_are_back_when_speech_sets_in() -> None:
    away = back = 0
    for seed in range(4):
        of = life(seed)
        for i in range(1, len(CONVERSATION)):
            before, here = CONVERSATION[i - 1].pause, CONVERSATION[i].pause
            thinks = before.waiting * np.abs(of.gaze(i / 25, before)[0]) > 3.0
            away += bool(thinks)
            if before.still_s > PHRASE_END_S and here.still_s == 0.0:
                later = CONVERSATION[i + 1].pause
                assert later.waiting == 0.0
                back += bool(thinks)
    assert away > 100 and back > 3


def test_the_head_settles_at_the_end_of_a_phrase() -> None:
    def down(since_s: float, weight: float = 1.0) -> float:
        nods = Prosody(pause=Pause(since_s=since_s, weight=weight, phrases=1))
        return LIFE.pose(3.0, QUIET).pitch_deg - LIFE.pose(3.0, nods).pitch_deg

    assert down(0.65) > 1.0
    assert 0.1 < down(0.65, 0.3) < 0.5 * down(0.65)
    assert down(PHRASE_END_S) == down(PHRASE_MIN_S) == 0.0
    assert settling(Pause()) == 0.0


def test_stress_raises_the_brows() -> None:
    calm, stressed = (
        LIFE.coefficients(1.0, Prosody(brow=brow), Pose())[INDEX["browInnerUp_L"]]
        for brow in (0.0, 0.6)
    )
    assert stressed > calm + 0.15


def test_breath_rate_and_range() -> None:
    for seed in range(3):
        breath = np.array([life(seed).breath(i / 25) for i in range(25 * 240)])
        inward = np.flatnonzero(np.diff((breath > 0.4).astype(int)) == 1) / 25
        per_min = 60 / np.diff(inward)
        assert 11.5 < per_min.min() < per_min.max() < 18.0
        assert breath.min() < 0.02
        assert 0.85 < breath.max() <= 1.0
        assert np.abs(np.diff(breath)).max() < 0.06


def test_same_seed_same_life() -> None:
    for time_s in (0.0, 1.23, 4000.5):
        assert life(3).pose(time_s, TALKING) == life(3).pose(time_s, TALKING)
        assert life(3).pose(time_s, TALKING) != life(4).pose(time_s, TALKING)


def test_motion_scale_scales_head_and_body() -> None:
    plain, wide = (life(motion_scale=scale) for scale in (1.0, 1.1))
    a, b = (
        np.array([[getattr(p, name) for name in POSE] for p in poses(of, 60, TALKING)])
        for of in (plain, wide)
    )
    rest = np.array([0, 0, 0, 0, 0, 1.0, 0])
    grown = np.abs(b - rest).mean(axis=0) / np.abs(a - rest).mean(axis=0)
    assert grown == pytest.approx(1.1, rel=0.04)
    assert b[:, 6].max() <= 1.0

import numpy as np

from engine.motion.layout import PAIR_BANDS
from engine.motion.prosody import Prosody, level_of


def after(levels: list[float], openings: list[float]) -> list[Prosody]:
    out, state = [], Prosody()
    for level, opening in zip(levels, openings, strict=True):
        state = state.next(level, opening)
        out.append(state)
    return out


def test_silence_stays_at_rest() -> None:
    last = after([-1.0] * 100, [0.0] * 100)[-1]
    assert last == Prosody()


def test_noise_without_lips_does_not_nod() -> None:
    rng = np.random.default_rng(0)
    states = after(list(rng.uniform(-0.5, 0.2, 300)), [0.0] * 300)
    assert max(s.nod for s in states) == 0.0


def test_speech_rises_and_falls_without_jumps() -> None:
    levels = [-1.0] * 20 + [0.0, 0.1, -0.2, 0.0, 0.15] * 30 + [-1.0] * 200
    openings = [0.0] * 20 + [0.5, 0.6, 0.1, 0.0, 0.7] * 30 + [0.0] * 200
    states = after(levels, openings)
    assert states[150].speaking > 0.6
    assert states[-1].speaking < 0.05
    for name in ("speaking", "lively", "nod", "brow"):
        values = np.array([getattr(s, name) for s in states])
        assert values.min() >= 0.0
        assert values.max() <= 1.0
        assert np.abs(np.diff(values)).max() < 0.12, name


def test_stress_is_heard_whatever_the_level() -> None:
    rhythm = ([0.0] * 8 + [0.15] * 8) * 10
    for offset in (0.0, -0.5):
        states = after([x + offset for x in rhythm], [0.5] * len(rhythm))
        assert np.ptp([s.nod for s in states[80:]]) > 0.1


def test_a_phrase_that_begins_is_no_stress_of_itself() -> None:
    level_speech = after([-1.0] * 50 + [-0.2] * 100, [0.0] * 50 + [0.5] * 100)
    assert max(s.nod for s in level_speech) < 0.1
    assert max(s.brow for s in level_speech) > 0.2  # the brows greet it


def test_a_phrase_ends_and_waiting_ends_with_the_first_sound() -> None:
    states = after([-1.0] * 20 + [-0.2] * 100 + [-1.0] * 50, [0.0] * 20 + [0.5] * 100 + [0.0] * 50)
    assert states[-1].pause.phrases == 1
    assert states[-1].pause.waiting == 1.0
    heard = states[-1]
    for _ in range(3):
        heard = heard.next(-0.2, 0.0)  # the lips are still shut
    assert heard.pause.waiting == 0.0


def test_towards_interpolates() -> None:
    middle = Prosody().towards(Prosody(speaking=1.0, nod=0.5, brow=0.2), 0.5)
    assert (middle.speaking, middle.nod, middle.brow) == (0.5, 0.25, 0.1)


def test_level_is_the_mean_of_the_bands() -> None:
    assert np.allclose(level_of(np.full((3, PAIR_BANDS), -0.4, np.float32)), -0.4)

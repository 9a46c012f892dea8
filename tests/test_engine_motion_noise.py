import numpy as np

from engine.motion.noise import Noise, chance, ease

NOISE = Noise(0)


def test_chance_is_uniform_and_repeatable() -> None:
    drawn = np.array([chance(1, 2, i) for i in range(5000)])
    assert abs(drawn.mean() - 0.5) < 0.02
    assert abs(drawn.std() - 12**-0.5) < 0.02
    assert chance(1, 2, 77) == chance(1, 2, 77) != chance(1, 3, 77)
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.05


def test_ease_runs_from_0_to_1_without_corners() -> None:
    assert [ease(u) for u in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_noise_is_bounded_smooth_and_centred() -> None:
    for values in (
        np.array([NOISE.smooth(1, i / 100) for i in range(50_000)]),
        np.array([NOISE.drift(1, i / 100, 2.0) for i in range(50_000)]),
    ):
        assert np.abs(values).max() <= 1.0
        assert abs(values.mean()) < 0.1
        assert np.abs(np.diff(values)).max() < 0.05


def test_steps_rest_between_moves() -> None:
    values = np.array([NOISE.steps(1, i / 100, 2.0, 0.2) for i in range(20_000)])
    still = np.diff(values) == 0.0
    assert still.mean() > 0.85
    assert np.abs(np.diff(values)).max() < 0.2


def test_asked_in_any_order_the_answer_is_the_same() -> None:
    """What is kept of the last cell changes the cost alone."""
    times = np.random.default_rng(0).uniform(-50, 50, 300)
    forward = [(NOISE.drift(3, t, 1.7), NOISE.steps(3, t, 2.0, 0.5)) for t in np.sort(times)]
    for t, expected in zip(np.sort(times), forward, strict=True):
        assert (Noise(0).drift(3, t, 1.7), Noise(0).steps(3, t, 2.0, 0.5)) == expected
    shuffled = dict(zip(np.sort(times), forward, strict=True))
    assert all(NOISE.drift(3, t, 1.7) == shuffled[t][0] for t in times)

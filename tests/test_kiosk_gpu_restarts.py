"""When the GPU's process is started again, in virtual time."""

from kiosk.gpu_restarts import (
    BACKOFF_MAX_S,
    BACKOFF_MIN_S,
    LONG_S,
    LOSSES_MOST,
    LOSSES_S,
    STARTS_MOST,
    STEADY_S,
    Restarts,
)


class Clock:
    """Says what it is told."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def lose(restarts: Restarts, clock: Clock, after_s: float, backend: str = "tensorrt") -> float:
    """A start that succeeds, and an end *after_s* later."""
    restarts.ready(backend)
    clock.now_s += after_s
    return restarts.ended()


def test_losses_soon_after_another_make_it_wait_longer_and_longer() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    pauses = [lose(restarts, clock, 1.0) for _ in range(9)]
    assert pauses[:4] == [BACKOFF_MIN_S * 2**k for k in range(4)]
    assert pauses[-1] == BACKOFF_MAX_S


def test_only_time_that_it_was_ready_counts_as_steady() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    lose(restarts, clock, 1.0)
    clock.now_s += 10 * STEADY_S  # a slow start
    assert lose(restarts, clock, 1.0) == 2 * BACKOFF_MIN_S
    assert lose(restarts, clock, STEADY_S + 1) == BACKOFF_MIN_S


def test_starts_that_fail_again_and_again_become_rare_until_one_succeeds() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    pauses = [restarts.ended() for _ in range(STARTS_MOST + 1)]
    assert max(pauses[:-2]) < BACKOFF_MAX_S
    assert pauses[-2:] == [LONG_S, LONG_S]
    assert lose(restarts, clock, STEADY_S + 1) == BACKOFF_MIN_S
    assert restarts.ended() < BACKOFF_MAX_S


def test_a_backend_that_is_lost_often_is_left_alone() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    for _ in range(LOSSES_MOST - 1):
        lose(restarts, clock, 1.0)
    assert restarts.without == frozenset()
    lose(restarts, clock, 1.0)
    assert restarts.without == {"tensorrt"}
    for _ in range(LOSSES_MOST):
        lose(restarts, clock, LOSSES_S, "torch")
    assert restarts.without == {"tensorrt"}, "not often enough"

"""The reserve: what it is taken for, and when it is to change."""

from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.listen.reserve import FORGIVES_S, LOOK_BACK_S, WANTED_SHARE, Reserve

PACKET = 960
WANTED_SAMPLES = round(WANTED_SHARE * PACKET)


def observe(reserve: Reserve, held_samples: int, duration_s: float) -> None:
    for _ in range(round(duration_s * SAMPLE_RATE_HZ / PACKET)):
        reserve.observe(held_samples, PACKET)


def looks_back_s(reserve: Reserve) -> float:
    """How long much has to be held before it is called too much."""
    for number in range(10_000):
        reserve.observe(samples(0.3), PACKET)
        if reserve.surplus_samples:
            return number * PACKET / SAMPLE_RATE_HZ
    raise AssertionError("never")


def test_too_little_is_told_at_once_and_too_much_when_it_was_never_needed() -> None:
    reserve = Reserve()
    assert reserve.surplus_samples == 0
    reserve.observe(0, PACKET)
    assert reserve.surplus_samples == -WANTED_SAMPLES
    reserve = Reserve()
    observe(reserve, samples(0.3), LOOK_BACK_S / 2 - 0.1)
    assert reserve.surplus_samples == 0
    observe(reserve, samples(0.3), 0.2)
    assert reserve.surplus_samples == samples(0.3) - WANTED_SAMPLES
    reserve.observe(samples(0.1), PACKET)
    assert reserve.surplus_samples == samples(0.1) - WANTED_SAMPLES, "the least counts"


def test_what_was_moved_is_reckoned_with_and_it_ends_when_it_is_close() -> None:
    reserve = Reserve()
    observe(reserve, samples(0.05), LOOK_BACK_S)
    surplus = reserve.surplus_samples
    reserve.moved(surplus - samples(0.003))
    assert reserve.surplus_samples == samples(0.003), "once begun, it goes on"
    reserve.moved(samples(0.003))
    assert reserve.surplus_samples == 0
    reserve.moved(-samples(0.003))
    assert reserve.surplus_samples == 0, "and does not begin for so little"


def test_it_looks_back_longer_after_misses_and_forgives_them() -> None:
    calm = looks_back_s(Reserve())
    shaken = Reserve()
    for _ in range(3):
        shaken.missed(late=True)
    assert looks_back_s(shaken) > 6 * calm
    observe(shaken, WANTED_SAMPLES, 3 * FORGIVES_S + 60.0)
    assert looks_back_s(shaken) < 2 * LOOK_BACK_S
    paused = Reserve()
    paused.missed(late=False)
    assert looks_back_s(paused) == calm

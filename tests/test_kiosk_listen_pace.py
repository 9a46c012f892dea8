"""Who speaks now, and who sends a recording."""

from kiosk.listen.pace import CREDIT_S, RECORDED_S, Pace


class Clock:
    def __init__(self) -> None:
        self.now_s = 5.0

    def __call__(self) -> float:
        return self.now_s


def push(pace: Pace, clock: Clock, duration_s: float, rate: float) -> None:
    for _ in range(round(duration_s * rate / 0.02)):
        clock.now_s += 0.02 / rate
        pace.push(0.02)


def test_somebody_who_speaks_is_not_recorded_for_hours_and_clocks() -> None:
    for rate in (0.999, 1.0, 1.001):
        clock = Clock()
        pace = Pace(clock)
        push(pace, clock, 7_200.0, rate)
        assert not pace.recorded


def test_a_flood_is_recorded_and_known_soon() -> None:
    clock = Clock()
    pace = Pace(clock)
    push(pace, clock, RECORDED_S / 9 * 1.1, 10.0)
    assert pace.recorded and RECORDED_S < pace.ahead_s < 1.2 * RECORDED_S


def test_what_a_network_held_up_is_not_recorded_but_more_is() -> None:
    clock = Clock()
    pace = Pace(clock)
    push(pace, clock, 10.0, 1.0)
    clock.now_s += CREDIT_S - 0.1
    pace.push(CREDIT_S - 0.1)
    assert not pace.recorded
    pace.push(2 * RECORDED_S)
    assert pace.recorded


def test_a_lead_is_forgotten_slowly() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.push(RECORDED_S + 0.5)
    push(pace, clock, 20.0, 1.0)
    assert pace.recorded
    push(pace, clock, 10.0, 1.0)
    assert not pace.recorded

"""Who speaks now, and who sends a recording."""

from kiosk.listen.pace import CREDIT_S, MOST_AHEAD_S, PROVEN_S, RECORDED_S, Pace


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
        push(pace, clock, PROVEN_S - 0.1, rate)
        assert not pace.live
        push(pace, clock, 7_200.0, rate)
        assert not pace.recorded and pace.live


def test_a_flood_is_recorded_and_known_soon() -> None:
    clock = Clock()
    pace = Pace(clock)
    push(pace, clock, RECORDED_S / 9 * 1.2, 10.0)
    assert pace.recorded and not pace.live and RECORDED_S < pace.ahead_s < 1.3 * RECORDED_S


def test_who_sends_faster_by_a_tenth_is_never_taken_for_live() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(60):
        push(pace, clock, 1.0, 1.15)
        assert not pace.live
    assert pace.recorded


def test_being_held_back_is_no_slowness() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(200):
        push(pace, clock, 0.1, 10.0)
        clock.now_s += 0.9
        pace.held_back(0.9)
    assert pace.recorded
    pace.held_back(1e9)
    clock.now_s += 1.0
    assert pace.ahead_s < MOST_AHEAD_S


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
    push(pace, clock, 20.0, 1.0)
    assert not pace.recorded

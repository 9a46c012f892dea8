"""The ladder: down at once under load, back with patience, never at the sound's expense."""

from itertools import pairwise

from kiosk.ladder import UP_AFTER_MAX_S, Ladder, build

SLOT_S = 0.04


class Load:
    """Feeds a ladder with pictures of a given cost."""

    def __init__(self, details: tuple[str, ...] = ()) -> None:
        self.ladder = Ladder(build(details, 25))
        self.now_s = 0.0
        self.moves: list[tuple[float, str]] = []

    def run(self, seconds: float, cost_s: float, late_every: int = 0) -> None:
        for slot in range(round(seconds / SLOT_S)):
            self.now_s += SLOT_S
            late = bool(late_every) and slot % late_every == 0
            if self.ladder.observe(self.now_s, cost_s, SLOT_S, late):
                self.moves.append((self.now_s, self.ladder.rung.name))


def test_the_rungs_are_in_the_order_of_what_is_missed_least() -> None:
    names = [rung.name for rung in build(("1 step", "no refiner", "small face"), 25)]
    assert names == ["full", "1 step", "no refiner", "small face", "20 Hz", "hold"]
    assert [rung.detail for rung in build(("a", "b"), 25)] == [0, 1, 2, 2, 2]
    assert [rung.name for rung in build((), 20)] == ["full", "hold"]


def test_a_dearer_look_goes_on_from_the_rung_of_the_same_name_but_not_from_the_last() -> None:
    ladder = Ladder(build(("no refiner", "slow body"), 25))
    names = ("full", "no refiner", "slow body", "20 Hz", "20 Hz")
    for details in (("no refiner", "slow body"), ("1 step", "no refiner", "slow body")):
        for position, name in enumerate(names):
            ladder.renew(build(("no refiner", "slow body"), 25))
            ladder.position = position
            ladder.renew(build(details, 25))
            assert ladder.rung.name == name
    assert ladder.steps_down == 0


def test_a_cheaper_look_begins_on_its_best_rung_whatever_the_last_one_cost() -> None:
    load = Load(("4 steps", "1 step", "no refiner", "slow body"))
    load.run(20.0, 0.4)
    assert load.ladder.rung.hold
    load.ladder.renew(build(("slow body",), 25))
    assert load.ladder.rung.name == "full"
    moves = len(load.moves)
    load.run(60.0, 0.02)
    assert len(load.moves) == moves


def test_a_rung_is_not_left_for_pictures_that_were_begun_on_another() -> None:
    """Four seconds are spent on a picture of many steps: what fewer would cost is not known."""
    ladder, now_s = Ladder(build(("4 steps", "1 step", "no refiner", "slow body"), 25)), 0.0
    for slot in range(100):
        now_s += SLOT_S
        ladder.observe(now_s, None, SLOT_S, late=True, begun=ladder.position == 0)
        assert ladder.position == (slot > 0)
    for _ in range(50):
        now_s += SLOT_S
        ladder.observe(now_s, 0.01, SLOT_S, late=False)
    assert (ladder.rung.name, ladder.steps_down) == ("4 steps", 1)


def test_the_first_picture_of_a_rung_tells_its_load() -> None:
    load = Load(("1 step",))
    load.run(SLOT_S, 0.4)
    assert load.ladder.load == 4.0 and load.ladder.position == 1
    load.run(SLOT_S, 0.01)
    assert load.ladder.load == 0.25


def test_enough_time_changes_nothing() -> None:
    load = Load()
    load.run(60.0, 0.020)
    assert load.moves == []


def test_too_little_time_steps_down_within_a_second() -> None:
    load = Load()
    load.run(1.0, 0.060)
    assert load.moves[0][1] == "20 Hz"
    assert load.moves[0][0] < 1.0


def test_late_pictures_alone_step_down_too() -> None:
    load = Load()
    load.run(3.0, 0.010, late_every=2)
    assert load.ladder.steps_down >= 1


def test_it_climbs_back_when_it_is_calm_and_not_before() -> None:
    load = Load()
    load.run(4.0, 0.160)
    assert load.ladder.rung.hold
    begun_s = load.now_s
    load.run(20.0, 0.010)
    climbs = [(at_s - begun_s, name) for at_s, name in load.moves if at_s > begun_s]
    assert [name for _, name in climbs] == ["20 Hz", "full"]
    assert climbs[0][0] > 4.0
    assert (load.ladder.steps_down, load.ladder.steps_up) == (2, 2)


def test_it_holds_only_when_it_is_hopeless() -> None:
    load = Load()
    load.run(20.0, 0.060)
    assert [name for _, name in load.moves] == ["20 Hz"]


def test_between_busy_and_calm_it_stays() -> None:
    load = Load()
    load.run(1.5, 0.060)
    stood = load.ladder.position
    load.run(30.0, 0.028)
    assert load.ladder.position == stood


def test_climbing_too_early_makes_it_patient() -> None:
    load = Load()
    for _ in range(1000):
        load.run(0.2, 0.060 if load.ladder.position == 0 else 0.010)
    ups = [at_s for at_s, name in load.moves if name == "full"]
    waits = [b - a for a, b in pairwise(ups)]
    assert all(b > 1.5 * a or b > UP_AFTER_MAX_S for a, b in pairwise(waits))
    assert max(waits) < UP_AFTER_MAX_S + 5.0


def test_one_picture_alone_moves_it_only_where_that_is_hopeless() -> None:
    ladder = Ladder(build(("1 step",), 25))
    for slot in range(10):  # of one picture, which had something to make ready
        assert not ladder.observe(slot * SLOT_S, 0.06, SLOT_S, late=False, sure=False)
    assert not ladder.observe(11 * SLOT_S, 0.01, SLOT_S, late=False)
    assert (ladder.position, ladder.load) == (0, 0.25), "nothing stays of the first"
    ladder.renew(build(("1 step",), 25))
    assert ladder.observe(12 * SLOT_S, 0.08, SLOT_S, late=False, sure=False)
    assert ladder.observe(60.0, 0.06, SLOT_S, late=False), "two are enough"

"""What is done next: nearest deadlines first, batches that overtake nothing, nobody starved."""

from dataclasses import dataclass, field

import pytest

from engine.runtime.runner import BATCH_MOST
from kiosk.agenda import TICK_S, Agenda


def agenda(*jobs: tuple[float, str, object]) -> Agenda[str]:
    """Deadline, name and what it joins; all asked for at time 0."""
    made = Agenda[str]()
    for deadline_s, name, joins in jobs:
        made.put(0.0, deadline_s, name, joins)
    return made


def taken(made: Agenda[str]) -> list[list[str]]:
    out = []
    while made:
        out.append(made.take())
    return out


def test_the_nearest_deadline_is_next() -> None:
    assert taken(agenda((3, "c", None), (1, "a", None), (2, "b", None))) == [["a"], ["b"], ["c"]]


def test_pictures_due_in_the_same_tick_are_one_batch() -> None:
    late = TICK_S + 0.001
    made = agenda((0.0, "a", "g"), (TICK_S, "b", "g"), (0.01, "c", "g"), (late, "d", "g"))
    assert taken(made) == [["a", "c", "b"], ["d"]]


def test_those_that_join_nobody_are_taken_alone() -> None:
    assert taken(agenda((1, "a", None), (1, "b", None))) == [["a"], ["b"]]
    assert taken(agenda((1, "a", "g"), (1, "b", "h"), (1, "c", None))) == [["a"], ["b"], ["c"]]


def test_a_batch_has_a_most() -> None:
    made = agenda(*((1.0, f"{i}", "g") for i in range(BATCH_MOST + 3)))
    assert [len(batch) for batch in taken(made)] == [BATCH_MOST, 3]


def test_a_batch_does_not_overtake_sound_that_is_wanted_earlier() -> None:
    made = agenda((0.100, "a", "g"), (0.101, "sound", None), (0.102, "b", "g"))
    assert taken(made) == [["a"], ["sound"], ["b"]]


def test_late_jobs_take_turns() -> None:
    made = Agenda[str]()
    made.put(5.0, 2.0, "first", None)
    made.put(5.1, 0.0, "second, though wanted earlier", None)
    assert [made.take(), made.take()] == [["first"], ["second, though wanted earlier"]]


def test_nothing_to_take_and_nothing_kept() -> None:
    made = agenda((1, "a", None))
    made.clear()
    assert len(made) == 0
    with pytest.raises(IndexError):
        made.take()


@dataclass
class Player:
    """A stage: asks for the next job as soon as the last is done."""

    name: str
    cost_s: float
    ahead_s: float
    """How far ahead its deadlines are; negative: it is always late."""
    joins: object = None
    asked_s: float = 0.0
    waits_s: list[float] = field(default_factory=list)


def play(players: list[Player], duration_s: float) -> None:
    """One thread works for *players*, in virtual time; a batch costs its jobs' costs."""
    now_s, made = 0.0, Agenda[Player]()
    for player in players:
        made.put(now_s, now_s + player.ahead_s, player, player.joins)
    while now_s < duration_s:
        batch = made.take()
        for player in batch:
            player.waits_s.append(now_s - player.asked_s)
        now_s += sum(player.cost_s for player in batch)
        for player in batch:
            player.asked_s = now_s
            made.put(now_s, now_s + player.ahead_s, player, player.joins)


@pytest.mark.parametrize("joins", [None, "g"])
def test_a_slow_stage_that_is_always_late_starves_nobody(joins: object) -> None:
    slow = Player("slow", 0.2, -100.0, joins)
    quick = [Player(f"quick {i}", 0.005, 0.1, joins) for i in range(3)]
    sound = Player("sound", 0.001, 0.15)
    play([slow, *quick, sound], 60.0)
    for player in (*quick, sound):
        # Its own deadline, and a pass of the slow one that had begun.
        assert max(player.waits_s) <= player.ahead_s + 0.2 + 0.02, player.name
        assert len(player.waits_s) >= 60.0 / 0.35
    assert len(slow.waits_s) > 60.0 / 0.35


def test_sound_waits_for_one_batch_at_most() -> None:
    pictures = [Player(f"{i}", 0.01, 0.0, "g") for i in range(BATCH_MOST)]
    sound = Player("sound", 0.001, -0.01)
    play([*pictures, sound], 20.0)
    assert max(sound.waits_s) <= BATCH_MOST * 0.01 + 1e-6

"""Which portraits are held out."""

from engine.train.refiner.split import held_out, learnt

NAMES = [f"face_{k:03d}" for k in range(600)]


def test_about_a_sixth_is_held_out() -> None:
    assert 80 <= len(held_out(NAMES)) <= 120


def test_the_two_halves_are_everything_and_share_nothing() -> None:
    assert sorted(held_out(NAMES) + learnt(NAMES)) == NAMES
    assert not set(held_out(NAMES)) & set(learnt(NAMES))


def test_who_judges_does_not_depend_on_who_else_is_there() -> None:
    few = NAMES[::7]
    assert held_out(few) == [name for name in held_out(NAMES) if name in few]

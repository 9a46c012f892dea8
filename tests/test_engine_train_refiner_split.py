"""Which portraits are held out."""

from engine.train.refiner.split import held_out, learnt


def test_every_sixth_name_is_held_out_and_no_other() -> None:
    names = [f"face_{k:03d}" for k in range(120)]
    judges = held_out(reversed(names))
    assert judges == names[5::6] and len(judges) == 20


def test_the_two_halves_are_everything_and_share_nothing() -> None:
    names = ["b", "a", "d", "c", "f", "e", "g"]
    assert held_out(names) == ["f"]
    assert learnt(names) == ["a", "b", "c", "d", "e", "g"]

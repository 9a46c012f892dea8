"""How it is said which backend runs the networks."""

from kiosk.standing import said


def test_reasons_that_differ_are_told_each() -> None:
    assert said("cpu", ["tensorrt: no plan: build it", "torch: no torch"]) == (
        "cpu runs the networks; not tensorrt: no plan: build it; not torch: no torch"
    )

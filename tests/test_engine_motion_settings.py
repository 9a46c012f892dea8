import pytest

from engine.motion.settings import ALLOWED, MotionSettings


def make(name: str, value: float) -> MotionSettings:
    return MotionSettings(**{name: value})  # type: ignore[arg-type]  # seed is not among them


@pytest.mark.parametrize("name", ALLOWED)
def test_out_of_range_names_the_key_and_what_is_allowed(name: str) -> None:
    low, high = ALLOWED[name]
    for value in (low - 0.1, high + 0.1, float("nan")):
        with pytest.raises(ValueError, match=f"motion.{name} = .* allowed are"):
            make(name, value)
    for value in (low, high):
        make(name, value)


def test_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"motion\.seed"):
        MotionSettings(seed=-1)

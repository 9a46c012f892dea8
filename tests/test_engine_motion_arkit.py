import numpy as np
import pytest

from engine.motion.arkit import ARKIT, sources, to_arkit
from engine.motion.coefficients import COEFFICIENTS, INDEX


def test_all_52_are_there_once() -> None:
    assert len(ARKIT) == len(set(ARKIT)) == 52
    assert not [name for name in ARKIT if "_" in name]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("eyeBlinkLeft", ("eyeBlink_L",)),
        ("mouthSmileRight", ("mouthSmile_R",)),
        ("jawOpen", ("jawOpen",)),
        ("jawLeft", ("jawLeft",)),
        ("mouthRight", ("mouthRight",)),
        ("browInnerUp", ("browInnerUp_L", "browInnerUp_R")),
        ("cheekPuff", ("cheekPuff_L", "cheekPuff_R")),
        ("tongueOut", ()),
    ],
)
def test_names_are_translated(name: str, ours: tuple[str, ...]) -> None:
    assert sources(name) == ours


def test_nothing_of_ours_is_lost_or_taken_twice() -> None:
    taken = [ours for name in ARKIT for ours in sources(name)]
    assert len(taken) == len(set(taken))
    assert set(COEFFICIENTS) - set(taken) == {"cheekRaiser_L", "cheekRaiser_R"}


def test_values_are_carried_over() -> None:
    coefficients = np.zeros(len(COEFFICIENTS), np.float32)
    coefficients[INDEX["jawOpen"]], coefficients[INDEX["eyeBlink_R"]] = 0.5, 0.25
    coefficients[INDEX["browInnerUp_L"]] = coefficients[INDEX["browInnerUp_R"]] = 0.75
    named = dict(zip(ARKIT, to_arkit(coefficients).tolist(), strict=True))
    assert named.pop("jawOpen") == 0.5
    assert named.pop("eyeBlinkRight") == 0.25
    assert named.pop("browInnerUp") == 0.75
    assert set(named.values()) == {0.0}
    assert to_arkit(np.ones((3, len(COEFFICIENTS)), np.float32)).max() == 1.0

"""The order of coefficients, and their other sides."""

from engine.motion.coefficients import COEFFICIENTS, INDEX, MIRROR, mirrored


def test_every_side_has_its_other_and_back() -> None:
    assert [MIRROR[MIRROR[i]] for i in range(len(COEFFICIENTS))] == list(range(len(COEFFICIENTS)))
    for name, index in INDEX.items():
        has_side = name.endswith(("_L", "_R", "Left", "Right"))
        assert (MIRROR[index] != index) == has_side


def test_sides_are_told_by_the_ends_of_names() -> None:
    names = ("mouthSmile_L", "mouthSmile_R", "jawLeft", "mouthRight", "jawOpen")
    assert [mirrored(name) for name in names] == [
        "mouthSmile_R", "mouthSmile_L", "jawRight", "mouthLeft", "jawOpen",
    ]  # fmt: skip

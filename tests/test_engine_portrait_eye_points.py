"""The tables of landmarks about the eyes."""

from engine.portrait.eye_points import CORNERS, EYES
from engine.portrait.eyes import LOWER, UPPER


def test_each_eye_has_its_own_landmarks() -> None:
    for side in (0, 1):
        assert len(EYES[side]) == len(set(EYES[side])) == 71
        assert max(EYES[side]) < 468
        assert {*CORNERS[side], *UPPER[side][1:-1], *LOWER[side]} - {*EYES[side]} == set()
    assert not set(EYES[0]) & set(EYES[1])

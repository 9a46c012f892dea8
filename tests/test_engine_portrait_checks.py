"""Each check refuses what it is for, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from engine.portrait import checks
from engine.portrait.checks import Finding, RefusedError
from engine.portrait.crop import frame
from engine.portrait.landmarks import Face, Mesh
from engine.portrait.measures import Measures
from tests.portrait_utils import landmarks

GOOD = Measures(
    eye_distance_px=200, yaw_deg=0, pitch_deg=0, roll_deg=0, lips_apart=0.01, teeth=0.0,
    eyes_open=0.3, eye_contrast=0.8, seam_contrast=0.3, light=130, uneven=0.3, sharpness=0.1,
)  # fmt: skip


def codes(found: object) -> list[str]:
    return [finding.code for finding in found]  # type: ignore[attr-defined]


def test_a_good_face_passes() -> None:
    assert codes(checks.face(GOOD)) == codes(checks.light(GOOD)) == []
    assert codes(checks.size(512, 2000)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"yaw_deg": -25.0}, "face_turned"),
        ({"pitch_deg": 20.0}, "face_tilted"),
        ({"roll_deg": 16.0}, "face_leaning"),
        ({"eye_contrast": 0.05}, "eyes_hidden"),
        ({"eyes_open": 0.1, "eye_contrast": 0.05}, "eyes_closed"),
        ({"seam_contrast": 0.02}, "mouth_hidden"),
        ({"teeth": 0.2}, "teeth_shown"),
        ({"lips_apart": 0.3}, "mouth_open"),
    ],
)
def test_faults_of_the_face(change: dict[str, float], code: str) -> None:
    assert codes(checks.face(replace(GOOD, **change))) == [code]


def test_teeth_alone_are_a_warning() -> None:
    (shown,) = checks.face(replace(GOOD, teeth=0.2))
    (parted,) = checks.face(replace(GOOD, teeth=0.2, lips_apart=0.3))
    assert not shown.refuses
    assert parted.refuses


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"light": 20.0}, "too_dark"),
        ({"light": 240.0}, "too_bright"),
        ({"uneven": 3.5}, "light_uneven"),
        ({"sharpness": 0.005}, "blurred"),
    ],
)
def test_faults_of_the_light(change: dict[str, float], code: str) -> None:
    assert codes(checks.light(replace(GOOD, **change))) == [code]


def test_a_small_photo() -> None:
    assert codes(checks.size(2000, 511)) == ["photo_small"]


def test_a_second_face_counts_unless_it_is_tiny() -> None:
    def mesh(side: float) -> Mesh:
        face = Face((0.0, 0.0, side, side), 0.9, np.zeros((6, 2)))
        return Mesh(face, np.zeros((478, 3)), 1.0)

    assert codes(checks.faces([mesh(200), mesh(100)])) == ["several_faces"]
    assert codes(checks.faces([mesh(200), mesh(20)])) == []


@pytest.mark.parametrize(
    ("shift", "size", "min_px", "code"),
    [
        ((500, 500), (2200, 2200), 512, []),
        ((500, 500), (2200, 2200), 1100, ["face_small"]),
        ((-380, 0), (1024, 1024), 512, ["face_cut"]),
        ((-310, -240), (400, 480), 512, ["face_close"]),
    ],
)
def test_where_the_face_is(
    shift: tuple[int, int], size: tuple[int, int], min_px: float, code: list[str]
) -> None:
    at = landmarks()[:, :2] + shift
    crop = frame(at, *size, 0.18)
    assert codes(checks.place(at, *size, crop, min_px)) == code


def test_a_refusal_is_one_line_that_names_the_rest() -> None:
    findings = (Finding("a", "it is so", "do this"), Finding("b", "and so", "do that"))
    assert str(RefusedError(findings)) == (
        "a: it is so: do this (1 more: b); --force goes on nevertheless"
    )
    assert "--force" not in str(RefusedError((checks.NO_FACE,), forcible=False))

"""From a photo to a rig, with everything that can be wrong with a photo."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.media import ByteArray
from engine.portrait.checks import RefusedError
from engine.portrait.onboard import Onboarding, Wishes, read_landmarks
from engine.portrait.photo import PhotoError
from engine.portrait.selfie import Segmenter
from tests.portrait_utils import (
    landmarks,
    needs_faces,
    portrait,
    smiley,
    with_mask,
    with_sunglasses,
    with_teeth,
)

PORTRAITS = Path(__file__).resolve().parents[2] / "shared" / "data" / "portraits"


@pytest.fixture(scope="module")
def onboarding() -> Onboarding:
    return Onboarding()


def saved(tmp_path: Path, photo: ByteArray) -> Path:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), photo)
    return path


@needs_faces
def test_a_photo_becomes_a_rig(onboarding: Onboarding, tmp_path: Path) -> None:
    wide = cv2.copyMakeBorder(portrait(), 0, 0, 400, 200, cv2.BORDER_REPLICATE)
    candidate = onboarding.examine(saved(tmp_path, np.asarray(wide, np.uint8)))
    assert candidate.findings == ()
    assert candidate.portrait.shape == (1024, 1024, 3)
    off = candidate.photo_landmarks_px[:, :2] - landmarks()[:, :2] - [400, 0]
    assert np.abs(off).mean() < 8
    rig, sheet = onboarding.bake(candidate, "guest")
    assert rig.name == "guest"
    assert sheet.shape == (512 * 3, 512 * 6, 3)
    assert 150 < rig.eye_distance_px < 260


class Halves(Segmenter):
    """Says that the right half is person, of whatever photo."""

    def __init__(self) -> None:
        """Without any file."""

    def mask(self, portrait: ByteArray) -> ByteArray:
        return np.repeat(np.array([[0, 255]], np.uint8), 2, 0)


@needs_faces
def test_the_mask_is_kept_in_the_rig(onboarding: Onboarding, tmp_path: Path) -> None:
    candidate = onboarding.examine(saved(tmp_path, portrait()))
    rig, _ = Onboarding(Halves()).bake(candidate, "guest")
    assert rig.mask is not None
    assert rig.mask.tolist() == [[0, 255], [0, 255]]
    assert onboarding.bake(candidate, "guest")[0].mask is None


def two() -> ByteArray:
    return np.hstack([portrait(), portrait()])


def blurred() -> ByteArray:
    return np.asarray(cv2.GaussianBlur(portrait(), (0, 0), 6), np.uint8)


def small() -> ByteArray:
    return np.asarray(cv2.resize(portrait(), (400, 400), interpolation=cv2.INTER_AREA), np.uint8)


def upside_down() -> ByteArray:
    return np.ascontiguousarray(np.rot90(portrait(), 2))


def on_its_side() -> ByteArray:
    return np.ascontiguousarray(np.rot90(portrait()))


def half() -> ByteArray:
    return np.ascontiguousarray(portrait()[:, :520])


@needs_faces
@pytest.mark.parametrize(
    ("make", "code"),
    [(two, "several_faces"), (blurred, "blurred"), (small, "photo_small"),
     (with_sunglasses, "eyes_hidden"), (with_mask, "mouth_hidden")],
)  # fmt: skip
def test_an_unsuitable_photo_is_refused_and_can_be_forced(
    onboarding: Onboarding, tmp_path: Path, make: Callable[[], ByteArray], code: str
) -> None:
    path = saved(tmp_path, make())
    with pytest.raises(RefusedError) as refusal:
        onboarding.examine(path)
    assert code in [finding.code for finding in refusal.value.findings]
    assert refusal.value.forcible
    forced = onboarding.examine(path, Wishes(force=True))
    assert code in [finding.code for finding in forced.findings]


@needs_faces
@pytest.mark.parametrize("make", [upside_down, on_its_side])
def test_a_photo_that_is_not_upright_is_never_baked(
    onboarding: Onboarding, tmp_path: Path, make: Callable[[], ByteArray]
) -> None:
    with pytest.raises(RefusedError, match="on its head or lies on its side") as refusal:
        onboarding.examine(saved(tmp_path, make()), Wishes(force=True))
    assert [finding.code for finding in refusal.value.findings].count("photo_turned") == 1
    assert not refusal.value.forcible


@needs_faces
def test_parted_lips_are_a_warning_without_force(onboarding: Onboarding, tmp_path: Path) -> None:
    candidate = onboarding.examine(saved(tmp_path, with_teeth()))
    assert [finding.code for finding in candidate.findings] == ["teeth_shown"]


@needs_faces
def test_without_a_face_nothing_can_be_forced(onboarding: Onboarding, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no_face") as refusal:
        onboarding.examine(saved(tmp_path, smiley()), Wishes(force=True))
    assert not refusal.value.forcible


@needs_faces
@pytest.mark.parametrize("make", [half, small])
def test_what_is_forced_is_baked_or_refused(
    onboarding: Onboarding, tmp_path: Path, make: Callable[[], ByteArray]
) -> None:
    candidate = onboarding.examine(saved(tmp_path, make()), Wishes(force=True))
    try:
        rig, _ = onboarding.bake(candidate, "x")
    except RefusedError as refusal:
        assert refusal.findings[0].code == "not_bakeable"
    else:
        assert np.isfinite(rig.lower_flow).all()


@needs_faces
def test_given_landmarks_are_taken(onboarding: Onboarding, tmp_path: Path) -> None:
    given = landmarks() + np.array([3.0, 0.0, 0.0])
    candidate = onboarding.examine(saved(tmp_path, portrait()), landmarks_px=given)
    assert np.allclose(candidate.photo_landmarks_px, given)


@needs_faces
def test_landmarks_that_make_no_face_are_refused(onboarding: Onboarding, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(200, 800, (478, 2))
    with pytest.raises(RefusedError):
        candidate = onboarding.examine(saved(tmp_path, portrait()), landmarks_px=noise)
        onboarding.bake(candidate, "x")


def test_landmarks_are_read_from_text_and_arrays(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.csv", landmarks(), delimiter=",", fmt="%.2f")
    np.save(tmp_path / "a.npy", landmarks()[:, :2])
    assert np.abs(read_landmarks(tmp_path / "a.csv") - landmarks()).max() < 0.01
    assert read_landmarks(tmp_path / "a.npy").shape == (478, 2)


@pytest.mark.parametrize("text", ["", "hello", "1,2\n3,4\n", "1,2\n" * 478, "nan,2\n" * 478])
def test_other_files_are_no_landmarks(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(PhotoError, match=r"^bad_landmarks: a\.csv [a-z0-9× ]+: give 478 lines"):
        read_landmarks(tmp_path / "a.csv")
    with pytest.raises(PhotoError, match="No such file"):
        read_landmarks(tmp_path / "b.csv")


@needs_faces
@pytest.mark.skipif(not PORTRAITS.is_dir(), reason="the shared portraits are not on this machine")
@pytest.mark.parametrize(
    ("name", "codes"),
    [("male_12", []), ("female_05", []), ("female_08", ["face_turned"]),
     ("female_40", ["teeth_shown"]), ("male_38", ["face_small"])],
)  # fmt: skip
def test_portraits_are_judged_as_people_judge_them(
    onboarding: Onboarding, name: str, codes: list[str]
) -> None:
    forced = onboarding.examine(PORTRAITS / f"{name}.jpg", Wishes(force=True))
    assert [finding.code for finding in forced.findings] == codes

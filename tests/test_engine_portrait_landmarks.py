"""Landmarks, held against those that the shipped personas were baked with."""

import cv2
import numpy as np
import pytest

from engine.media import ByteArray
from engine.portrait.landmarks import Landmarker
from tests.portrait_utils import landmarks, needs_faces, portrait, smiley

pytestmark = needs_faces


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    return Landmarker()


def off_in_eye_distances(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    eyes = np.linalg.norm(known[33, :2] - known[263, :2])
    return np.asarray(np.linalg.norm(found[:, :2] - known[:, :2], axis=1) / eyes)


def test_adas_landmarks_are_found(landmarker: Landmarker) -> None:
    (mesh,) = landmarker.find(portrait())
    assert mesh.points_px.shape == (478, 3)
    off = off_in_eye_distances(mesh.points_px, landmarks())
    assert off.mean() < 0.035
    assert off[468:].mean() < 0.02, "the irises"
    left, top, right, bottom = mesh.face.box_px
    assert left < landmarks()[33, 0] < landmarks()[263, 0] < right
    assert top < landmarks()[13, 1] < bottom


def test_they_move_with_the_photo(landmarker: Landmarker) -> None:
    (mesh,) = landmarker.find(portrait())
    grown = np.asarray(cv2.resize(portrait(), (2048, 2048)), np.uint8)
    moved = cv2.copyMakeBorder(grown, 100, 0, 300, 0, cv2.BORDER_REPLICATE)
    (other,) = landmarker.find(np.asarray(moved, np.uint8))
    off = off_in_eye_distances((other.points_px - [300, 100, 0]) / 2, mesh.points_px)
    assert off.mean() < 0.02


def test_a_mirrored_photo_has_mirrored_irises(landmarker: Landmarker) -> None:
    flipped = np.ascontiguousarray(portrait()[:, ::-1])
    (mesh,) = landmarker.find(flipped)
    for centre, right, top, left, bottom in ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477)):
        at = mesh.points_px[:, :2]
        assert at[left, 0] < at[centre, 0] < at[right, 0]
        assert at[top, 1] < at[centre, 1] < at[bottom, 1]


def test_every_face_is_found_largest_first(landmarker: Landmarker) -> None:
    both = portrait()
    small = cv2.resize(both, (300, 300), interpolation=cv2.INTER_AREA)
    both[:300, 724:] = small
    found = landmarker.find(both)
    assert len(found) == 2
    assert found[0].face.area_px > 3 * found[1].face.area_px


@pytest.mark.parametrize("photo", [np.full((600, 500, 3), 128, np.uint8), smiley()])
def test_where_there_is_no_face_none_is_found(landmarker: Landmarker, photo: ByteArray) -> None:
    assert landmarker.find(photo) == []


def test_a_close_up_is_one_face(landmarker: Landmarker) -> None:
    close = np.ascontiguousarray(portrait()[290:680, 320:710])
    assert len(landmarker.find(close)) == 1


def test_a_photo_on_its_head_is_noticed(landmarker: Landmarker) -> None:
    assert not landmarker.upside_down(portrait())
    assert landmarker.upside_down(np.ascontiguousarray(np.rot90(portrait(), 2)))

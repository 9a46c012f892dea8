"""Measures of the shipped portrait, and of what was done to it."""

import cv2
import numpy as np
import pytest

from engine.media import ByteArray
from engine.portrait.checks import MAX_UNEVEN_STOPS
from engine.portrait.measures import Measures, angles_deg, measure
from engine.portrait.prior import load_prior
from tests.portrait_utils import landmarks, portrait, with_mask, with_sunglasses


def of(photo: ByteArray) -> Measures:
    return measure(photo, landmarks(), load_prior())


@pytest.fixture(scope="module")
def plain() -> Measures:
    return of(portrait())


def test_ada_looks_straight_ahead_with_closed_lips(plain: Measures) -> None:
    assert abs(plain.yaw_deg) < 4
    assert abs(plain.pitch_deg) < 8
    assert abs(plain.roll_deg) < 3
    assert plain.lips_apart < 0.05
    assert plain.teeth < 0.01
    assert plain.eyes_open > 0.25
    assert plain.uneven < 0.5


def test_size_does_not_matter(plain: Measures) -> None:
    large = np.asarray(cv2.resize(portrait(), None, fx=3, fy=3), np.uint8)
    other = measure(large, landmarks() * 3, load_prior())
    assert other.eye_distance_px == pytest.approx(3 * plain.eye_distance_px)
    for name in ("yaw_deg", "eyes_open", "eye_contrast", "seam_contrast", "light", "sharpness"):
        assert getattr(other, name) == pytest.approx(getattr(plain, name), rel=0.25, abs=0.1), name


def test_a_turned_photo_leans() -> None:
    angle = np.deg2rad(20)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    _, _, roll = angles_deg((landmarks()[:, :2] - 512) @ turn.T + 512, load_prior())
    assert roll == pytest.approx(20, abs=2)


def test_a_squeezed_half_is_turned_aside() -> None:
    at = landmarks()[:, :2].copy()
    middle = at[1, 0]
    left = at[:, 0] < middle
    at[left, 0] = middle + (at[left, 0] - middle) * 0.6
    yaw, _, _ = angles_deg(at, load_prior())
    assert abs(yaw) > 12


def test_what_is_hidden_has_no_contrast(plain: Measures) -> None:
    assert of(with_sunglasses()).eye_contrast < 0.1 < plain.eye_contrast
    assert of(with_mask()).seam_contrast < 0.05 < plain.seam_contrast


def test_blur_and_light_are_seen(plain: Measures) -> None:
    blurred = np.asarray(cv2.GaussianBlur(portrait(), (0, 0), 4), np.uint8)
    assert of(blurred).sharpness < plain.sharpness / 5
    dark = (portrait() * 0.2).astype(np.uint8)
    assert of(dark).light == pytest.approx(0.2 * plain.light, rel=0.1)
    shade = np.where(np.arange(1024) < 512, 0.3, 1.0)[None, :, None]
    assert of((portrait() * shade).astype(np.uint8)).uneven > MAX_UNEVEN_STOPS


def test_bright_teeth_are_seen(plain: Measures) -> None:
    smiling = portrait()
    at = landmarks()[[78, 308, 13], :2].astype(int)
    smiling[at[2, 1] - 4 : at[2, 1] + 6, at[0, 0] + 8 : at[1, 0] - 8] = (215, 225, 225)
    assert of(smiling).teeth > 0.1 > plain.teeth

"""Drawing the inside of the mouth."""

import cv2
import numpy as np
import pytest

from engine.motion.coefficients import INDEX
from engine.portrait import lips, mouth
from engine.portrait.prior import fit
from tests.portrait_utils import ada, landmarks, portrait, synthetic_fit, synthetic_prior


def interior(exposure: float = 1.0) -> mouth.Interior:
    return mouth.draw(synthetic_fit(), lips.find(portrait(), landmarks()), exposure)


def brightest(image: np.ndarray) -> float:
    solid = image[image[..., 3] > 200][:, :3]
    return float(np.quantile(solid.mean(1), 0.98))


def test_lower_teeth_are_dimmer_than_upper() -> None:
    drawn = interior()
    assert brightest(drawn.lower) < 0.8 * brightest(drawn.upper)


def test_light_follows_the_photo() -> None:
    assert brightest(interior(0.6).upper) < 0.75 * brightest(interior(1.0).upper)


def test_teeth_fade_toward_the_corners() -> None:
    image = ada().upper_teeth.astype(float)
    weight = image[..., 3]
    columns = (image[..., :3].mean(-1) * weight).sum(0) / np.maximum(weight.sum(0), 1)
    middle = len(columns) // 2
    assert columns[middle - 5 : middle + 5].mean() > 1.3 * columns[22:32].mean()


def test_only_the_lower_row_rides_on_the_jaw() -> None:
    motion = interior().jaw_motion
    assert motion[INDEX["jawOpen"], 1] > 10
    assert np.abs(motion[INDEX["eyeBlink_L"]]).max() < 0.5


def test_the_cavity_is_opaque_and_dark() -> None:
    cavity = interior().cavity
    assert (cavity[..., 3] == 255).all()
    assert cavity[..., :3].max() < 60


@pytest.mark.parametrize("lean_deg", [0.0, 14.0, -14.0])
def test_teeth_lean_with_the_head(lean_deg: float) -> None:
    points = landmarks()
    turning = cv2.getRotationMatrix2D((512.0, 554.0), -lean_deg, 1.0)
    leaning = points[:, :2] @ turning[:, :2].T + turning[:, 2]
    drawn = mouth.draw(fit(synthetic_prior(), leaning), lips.find(portrait(), points), 1.0)
    for row in (drawn.upper, drawn.lower):
        enamel = (row[..., 3] > 200) & (row[..., :3].min(-1) > 0.75 * brightest(row))
        ys, xs = np.nonzero(enamel)
        assert np.rad2deg(np.arctan(np.polyfit(xs, ys, 1)[0])) == pytest.approx(lean_deg, abs=4)

"""A body over a background that stays."""

import numpy as np

from engine.media import Pose
from engine.synthesis.cutout import Cutout
from engine.synthesis.framing import frame
from engine.synthesis.warp import turn
from tests.portrait_utils import ada

FRAMING = frame((1024, 1024), ada().pivot_px[0], 256, 256)


def drawn(breath: float) -> tuple[np.ndarray, np.ndarray]:
    body = np.full((256, 256, 4), 30, np.uint8)
    body[..., 3] = 0
    body[190:, 60:200, 3] = 255
    still = np.full((256, 256, 3), 220, np.uint8)
    still[:, ::8] = 90
    alpha = np.zeros((256, 256), np.uint8)
    plate = Cutout(ada(), FRAMING, body, still, alpha)
    luma, chroma = np.empty((256, 256), np.uint8), np.empty((2, 128, 128), np.uint8)
    plate.draw(luma, chroma, breath, turn(Pose(breath=breath), 50.0))
    return luma.astype(int), alpha.astype(int)


def test_the_body_breathes_and_what_is_behind_it_does_not() -> None:
    (rest, still_alpha), (full, alpha) = drawn(0.0), drawn(1.0)
    beside = np.s_[:, :56]
    assert np.array_equal(rest[beside], full[beside])
    assert rest[:, 3].std() == 0 and rest[10].std() > 10
    assert (still_alpha[220, 100], still_alpha[100, 100]) == (255, 0)
    assert alpha[:, 70].sum() > still_alpha[:, 70].sum()  # shoulders rise


def test_alpha_says_where_the_body_is() -> None:
    luma, alpha = drawn(0.5)
    body = alpha == 255
    assert abs(luma[body] - luma[body][0]).max() <= 2
    assert luma[alpha == 0].mean() > luma[body].mean() + 100

"""The eyes' parts."""

import numpy as np

from engine.motion.coefficients import INDEX
from engine.portrait.eyes import LOWER, UPPER, draw
from tests.portrait_utils import ada, landmarks, portrait, synthetic_fit


def test_the_ball_is_the_photo_where_it_is_seen() -> None:
    rig = ada()
    for side in (0, 1):
        x0, y0, x1, y1 = rig.eye_boxes[side]
        patch = portrait()[y0:y1, x0:x1].astype(int)
        x, y, _ = rig.irises[side].astype(int)
        off = np.abs(rig.eyes[side][..., :3].astype(int) - patch)
        assert off[y - y0 - 2 : y - y0 + 4, x - x0 - 6 : x - x0 + 6].max() <= 2


def test_closed_lids_show_no_white_and_a_line_of_lashes() -> None:
    rig = ada()
    for side in (0, 1):
        _, upper, lower = rig.lid_curves[side]
        column = int(np.argmax(lower - upper))
        lid = rig.lids[side][..., :3].astype(float).mean(-1)
        top, bottom = int(upper[column]), int(lower[column])
        skin = lid[top - 2 : top + 6, column].mean()
        assert lid[bottom - 5 : bottom + 2, column].min() < 0.62 * skin
        assert np.ptp(lid[top - 4 : bottom - 8, column]) < 40


def test_narrow_eyes_shut_with_skin() -> None:
    at = landmarks().copy()
    for upper, lower in zip(UPPER, LOWER, strict=True):
        for a, b in zip(upper[1:-1], lower[1:-1], strict=True):
            middle = (at[a] + at[b]) / 2
            at[a], at[b] = (middle + (at[k] - middle) * 0.4 for k in (a, b))
    lids = draw(portrait(), at, synthetic_fit()).closed
    seen = lids[..., :3][lids[..., 3] > 200]
    assert np.quantile(seen.mean(-1), 0.1) > 60, "no black patch"


def test_closed_lids_are_as_grainy_as_the_skin() -> None:
    rough = portrait().astype(np.int16)
    rough += np.random.default_rng(0).normal(0, 12, rough.shape).astype(np.int16)
    detail = []
    for photo in (portrait(), rough.clip(0, 255).astype(np.uint8)):
        lid = draw(photo, landmarks(), synthetic_fit()).closed[0, 14:24, 40:80, :3].mean(-1)
        detail.append(np.abs(np.diff(lid)).mean())
    assert detail[1] > 1.5 * detail[0]


def test_curves_are_in_order() -> None:
    crease, upper, lower = ada().lid_curves.transpose(1, 0, 2)
    assert (crease < upper).all()
    assert (upper <= lower).all()


def test_blinks_close_their_own_eye() -> None:
    motion = ada().lid_motion
    assert motion[0, 0, INDEX["eyeBlink_R"]] > 0.9
    assert abs(motion[0, 0, INDEX["eyeBlink_L"]]) < 0.05
    assert motion[1, 0, INDEX["eyeBlink_L"]] > 0.9
    assert motion[0, 0, INDEX["eyeWide_R"]] < 0


def test_gaze_goes_the_way_its_name_says() -> None:
    gaze = ada().gaze_motion
    # Viewer's left eye is the subject's right: outward is to the viewer's left.
    assert gaze[0, INDEX["eyeLookOut_R"], 0] < -5
    assert gaze[1, INDEX["eyeLookOut_L"], 0] > 5
    assert gaze[0, INDEX["eyeLookUp_R"], 1] < -3
    assert gaze[0, INDEX["eyeLookDown_R"], 1] > 3


def test_irises_lie_on_their_landmarks() -> None:
    for side, point in ((0, 468), (1, 473)):
        assert np.allclose(ada().irises[side, :2], landmarks()[point, :2], atol=0.01)

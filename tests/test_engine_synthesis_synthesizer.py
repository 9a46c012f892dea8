"""Whole pictures."""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from engine.media import MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.synthesis.framing import frame
from engine.synthesis.look import Look, Mark
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.graph_utils import persona
from tests.portrait_utils import ada, bgr, motion, portrait


@pytest.fixture(scope="module")
def square() -> Synthesizer:
    return Synthesizer(ada(), OutputFormat(512, 512))


def mouth(picture: np.ndarray) -> np.ndarray:
    x0, y0, x1, y1 = (v // 2 for v in ada().mouth_px)
    return picture[y0 : y1 + 12, x0:x1]


def column_of_chin(picture: np.ndarray) -> np.ndarray:
    x = int(ada().chin_px[0] / 2)
    return np.asarray(picture[290:, x - 4 : x + 5].mean((1, 2)))


@pytest.mark.parametrize("size", [(512, 512), (720, 1280), (256, 256), (1280, 720), (362, 640)])
def test_any_allowed_size_is_drawn(size: tuple[int, int]) -> None:
    planes = Synthesizer(ada(), OutputFormat(*size)).render(motion(jawOpen=0.5, eyeBlink=0.5))
    assert planes.shape == (size[1] * 3 // 2, size[0])
    assert planes.dtype == np.uint8
    luma = planes[: size[1]]
    assert luma.min() >= 12
    assert luma.max() <= 240
    assert luma.std() > 20


@pytest.mark.parametrize("size", [(255, 512), (513, 512), (512, 200), (512, 1282)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"even and within 256\.\.1280"):
        OutputFormat(*size)


def test_rest_is_the_portrait() -> None:
    side = 1024
    drawn = bgr(Synthesizer(ada(), OutputFormat(side, side)).render(motion()))
    off = np.abs(drawn - portrait()).mean(-1)
    assert off.mean() < 2.0
    assert np.quantile(off, 0.99) < 12


def test_closed_lips_show_no_slit(square: Synthesizer) -> None:
    rest = mouth(bgr(square.render(motion()))).mean(-1).min()
    for values in (
        {"mouthPress": 0.4, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
        {"mouthClose": 0.3, "jawOpen": 0.25},
        {"mouthPress": 1.0},
        {"jawOpen": 0.03},
    ):
        darkest = mouth(bgr(square.render(motion(None, **values)))).mean(-1).min()
        assert darkest > rest - 30, values


def test_the_open_mouth_is_dark_inside(square: Synthesizer) -> None:
    rest = mouth(bgr(square.render(motion()))).mean(-1)
    wide = mouth(bgr(square.render(motion(jawOpen=0.7)))).mean(-1)
    assert (wide < 45).sum() > 250
    assert (rest < 45).sum() == 0


def test_the_chin_comes_down_and_the_nose_stays(square: Synthesizer) -> None:
    rest, wide = bgr(square.render(motion())), bgr(square.render(motion(jawOpen=0.8)))

    def edge(picture: np.ndarray) -> int:
        return int(np.argmin(np.diff(column_of_chin(picture)[:70], n=1)[15:])) + 15

    assert edge(wide) - edge(rest) > 8
    assert np.abs(rest[150:235, 200:310] - wide[150:235, 200:310]).mean() < 2.0


def test_shoulders_and_corners_stay_when_the_head_turns(square: Synthesizer) -> None:
    rest = bgr(square.render(motion()))
    turned = bgr(square.render(motion(Pose(yaw_deg=8, pitch_deg=4, roll_deg=4))))
    assert np.abs(rest[430:] - turned[430:]).max() <= 6
    assert np.abs(rest[:40, :60] - turned[:40, :60]).max() <= 3
    assert np.abs(rest[150:300, 150:350] - turned[150:300, 150:350]).mean() > 5


def test_breath_moves_the_shoulders(square: Synthesizer) -> None:
    still, full = (bgr(square.render(motion(Pose(breath=b)))) for b in (0.0, 1.0))
    shoulders = (slice(340, 440), slice(40, 200))
    assert np.abs(still[shoulders] - full[shoulders]).mean() > 0.3
    assert np.abs(still[:50] - full[:50]).max() <= 2


def test_a_blink_hides_the_iris(square: Synthesizer) -> None:
    x, y, _ = (int(v / 2) for v in ada().irises[0])
    window = (slice(y - 3, y + 2), slice(x - 4, x + 5))
    rest, shut = (bgr(square.render(motion(None, eyeBlink=b)))[window].mean() for b in (0.0, 1.0))
    assert shut > rest + 25


def test_one_blinks_alone(square: Synthesizer) -> None:
    rest, wink = bgr(square.render(motion())), bgr(square.render(motion(eyeBlink_L=1.0)))
    off = np.abs(rest - wink).sum(-1)
    assert off[:, :255].max() <= 6
    assert off[:, 257:].max() > 60


def test_gaze_moves_the_iris(square: Synthesizer) -> None:
    x, y, r = (v / 2 for v in ada().irises[0])
    row = slice(int(y) - 2, int(y) + 3)
    window = slice(int(x - 2 * r), int(x + 2 * r))
    centres = []
    for values in ({}, {"eyeLookOut_R": 0.8}):
        dark = 160 - bgr(square.render(motion(None, **values)))[row, window].mean((0, 2))
        dark = np.clip(dark, 0, None)
        centres.append((dark * np.arange(len(dark))).sum() / dark.sum())
    assert centres[1] < centres[0] - 1.0


def test_drawing_is_deterministic_and_keeps_no_state(square: Synthesizer) -> None:
    first = square.render(motion(jawOpen=0.3, mouthSmile=0.4))
    kept = first.copy()
    square.render(motion(Pose(yaw_deg=-9, x=0.2), jawOpen=0.9, eyeBlink=1.0, eyeLookUp=1.0))
    again = square.render(motion(jawOpen=0.3, mouthSmile=0.4))
    assert np.array_equal(first, kept)
    assert np.array_equal(first, again)
    assert not np.shares_memory(first, again)


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_it_knows_a_cheaper_way(preset: Any) -> None:  # noqa: ANN401
    drawer = Synthesizer(ada(), OutputFormat(512, 512), Look(preset))
    full = drawer.render(motion(jawOpen=0.4))
    drawer.simplify(len(drawer.details))
    simple = drawer.render(motion(jawOpen=0.4))
    assert np.abs(simple.astype(int) - full).mean() < 1.0, "nearly the same picture"
    with pytest.raises(ValueError, match="level 9: allowed are 0 to"):
        drawer.simplify(9)


@pytest.mark.parametrize("values", [{"jawOpen": 0.7}, {"mouthSmile": 0.8, "jawOpen": 0.2}])
def test_finely_sampled_it_is_sharper_and_no_other_colour(values: dict[str, float]) -> None:
    """Colours that overshoot at the lips' edges are a magenta line about them."""
    plain, fine = (
        Synthesizer(ada(), OutputFormat(512, 512), Look(preset, 0, mark=Mark(on=False)))
        for preset in ("fast", "balanced")
    )
    soft, sharp = (each.render(motion(None, **values)) for each in (plain, fine))
    assert np.abs(soft[512:].astype(int) - sharp[512:]).max() <= 1
    slopes = [np.abs(np.diff(mouth(each[:512]).astype(int))).mean() for each in (soft, sharp)]
    assert slopes[1] > 1.02 * slopes[0]


def test_a_slow_body_is_drawn_in_every_fourth_picture_and_the_face_in_each() -> None:
    drawer = Synthesizer(ada(), OutputFormat(512, 512))
    drawer.simplify(1)
    frames = [
        MotionFrame(i, motion(jawOpen=i / 8).coefficients, Pose(breath=i / 8)) for i in range(9)
    ]
    drawn = [bgr(drawer.render(each)) for each in frames]
    body = [bool(np.any(a[-40:] != b[-40:])) for a, b in pairwise(drawn)]
    assert body == [False, False, False, True, False, False, False, True]
    assert all(np.any(mouth(a) != mouth(b)) for a, b in pairwise(drawn))
    drawer.simplify(0)
    fresh = Synthesizer(ada(), OutputFormat(512, 512))
    assert np.array_equal(bgr(drawer.render(frames[2])), bgr(fresh.render(frames[2])))


def test_out_is_drawn_into_and_wrong_ones_are_refused(square: Synthesizer) -> None:
    out = np.zeros((768, 512), np.uint8)
    assert square.render(motion(jawOpen=0.2), out) is out
    assert np.array_equal(out, square.render(motion(jawOpen=0.2)))
    wrong: list[Any] = [
        np.zeros((512, 512), np.uint8),
        np.zeros((768, 512), np.float32),
        np.zeros((768, 1024), np.uint8)[:, ::2],
    ]
    for bad in wrong:
        with pytest.raises(ValueError, match="give contiguous"):
            square.render(motion(), bad)


def test_bad_motion_is_survived(square: Synthesizer) -> None:
    wild = np.full(len(COEFFICIENTS), np.nan, np.float32)
    assert np.array_equal(square.render(MotionFrame(0, wild)), square.render(motion()))
    everything = np.full(len(COEFFICIENTS), 9.0, np.float32)
    pose = Pose(yaw_deg=60, pitch_deg=-60, roll_deg=90, x=9, y=-9, scale=3.0, breath=7)
    assert square.render(MotionFrame(0, everything, pose)).shape == (768, 512)
    nowhere = Pose(yaw_deg=float("nan"), x=float("inf"))
    assert square.render(MotionFrame(0, wild, nowhere)).shape == (768, 512)
    with pytest.raises(ValueError, match="55"):
        square.render(MotionFrame(0, np.zeros(3, np.float32)))


def test_no_frame_jumps_where_motion_is_smooth(square: Synthesizer) -> None:
    pictures = []
    for t in np.linspace(0, 1, 21):
        frame_now = motion(Pose(yaw_deg=3 * t), jawOpen=0.3 * t, mouthFunnel=0.3 * t)
        pictures.append(bgr(square.render(frame_now)))
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(pictures)]
    assert max(steps) < 2.5 * float(np.median(steps))


def test_the_plain_frame_of_the_portrait_is_centred() -> None:
    framing = frame((1024, 1024), ada().pivot_px[0], 720, 1280)
    assert framing.to_output(*ada().pivot_px)[0] == pytest.approx(360, abs=2)


@pytest.mark.parametrize(
    ("name", "yaw_deg", "pitch_deg", "jaw"),
    [("lin", 15, 0, 0.8), ("lin", 20, -8, 0.8), ("lin", 20, 0, 1.0), ("ada", -20, 0, 0.6)],
)
def test_a_wide_jaw_leaves_no_islands_in_the_mouth_and_no_holes_in_the_lip(
    name: str, yaw_deg: float, pitch_deg: float, jaw: float
) -> None:
    """The flow tears at the lips there; its inverse must come out on the right side."""
    drawer = Synthesizer(persona(name), OutputFormat(512, 512))
    weights = motion(jawOpen=jaw, mouthFunnel=0.6, mouthPucker=0.4).coefficients
    drawer.render(MotionFrame(0, weights, Pose(yaw_deg=yaw_deg, pitch_deg=pitch_deg)))
    assert drawer._seen is not None
    inside = np.pad(drawer._seen > 40, 1).astype(np.uint8)
    for mask, neighbours in ((inside, 8), (1 - inside, 4)):
        assert cv2.connectedComponents(mask, connectivity=neighbours)[0] == 2

"""What lies behind the head."""

import functools

import cv2
import numpy as np
import pytest

from engine.media import ByteArray, Pose
from engine.synthesis.framing import frame
from engine.synthesis.look import Background, Look
from engine.synthesis.matte import Person, person
from engine.synthesis.scenery import read_image, scene
from engine.synthesis.synthesizer import PLAIN, OutputFormat, Synthesizer
from tests.portrait_utils import ada, bgr, motion


@functools.cache
def cut() -> Person:
    return person(ada())


@functools.cache
def lines() -> bytes:
    image = np.full((300, 300, 3), 200, np.uint8)
    image[:, ::20] = image[:, 1::20] = image[:, 2::20] = 40
    return bytes(cv2.imencode(".png", image)[1])


def made(background: Background, width: int = 512, height: int = 512) -> Synthesizer:
    return Synthesizer(ada(), OutputFormat(width, height), plain(background), cut())


def plain(background: Background) -> Look:
    return Look(background=background, mark=PLAIN.mark)


def test_a_colour_fills_all_but_the_person() -> None:
    drawn = bgr(made(Background("colour", "#20a040")).render(motion()))
    for corner in ((5, 5), (5, 506), (200, 20), (200, 490)):
        assert np.abs(drawn[corner] - [0x40, 0xA0, 0x20]).max() <= 4
    photo = bgr(Synthesizer(ada(), OutputFormat()).render(motion()))
    face = (slice(130, 300), slice(200, 310))
    assert np.abs(drawn[face] - photo[face]).mean() < 1.0


@pytest.mark.parametrize("colour", ["#ffffff", "#101010", "#20a040"])
def test_hair_has_no_halo_when_the_head_turns(colour: str) -> None:
    """Between hair and background there is nothing brighter or darker than both."""
    background = Background("colour", colour)
    drawn = bgr(made(background).render(motion(Pose(yaw_deg=7, roll_deg=2)))).mean(-1)
    behind, hair = float(np.mean(background.bgr)), 45.0
    low, high = min(behind, hair) - 25, max(behind, hair) + 45
    for row in (120, 150, 180):
        for part in (drawn[row, 60:200], drawn[row, 459:319:-1]):  # from outside in
            edge = int(np.flatnonzero(np.abs(part - behind) > 25)[0])
            near = part[max(0, edge - 6) : edge + 7]
            assert near.min() >= low and near.max() <= high


def test_an_image_fills_the_picture_and_stays_straight_while_she_breathes() -> None:
    drawn = made(Background("image", image=lines()))
    rest = bgr(drawn.render(motion()))
    moved = bgr(drawn.render(motion(Pose(breath=1.0, yaw_deg=6, x=0.1))))
    assert rest[20].std() > 40
    # Right above the shoulders and beside the neck, where the photo's own background swells.
    for area in ((slice(280, 330), slice(20, 90)), (slice(280, 330), slice(430, 500))):
        assert np.abs(rest[area] - moved[area]).max() <= 1
    assert np.abs(rest[380:440] - moved[380:440]).max() > 10


def test_a_blurred_background_is_smooth_and_free_of_the_person() -> None:
    seen = scene(ada(), cut(), Background("blurred"),
                 frame((1024, 1024), ada().pivot_px[0], 512, 512), (512, 512))  # fmt: skip
    assert seen.still is None and seen.plate.shape == (512, 512, 3)
    around = seen.plate[40:200, 20:100].astype(int)
    assert np.abs(np.diff(around, axis=1)).max() <= 2
    assert around.mean() > 120  # the wall, not the hair


def test_transparent_pictures_have_an_alpha_that_follows_the_head() -> None:
    drawn = made(Background("transparent"))
    drawn.render(motion())
    assert drawn.alpha is not None
    rest = drawn.alpha.copy()
    assert rest[5, 5] == 0 and rest[250, 256] == 255 and rest[505, 256] == 255
    drawn.render(motion(Pose(x=0.3)))
    row = 150
    first = [int(np.flatnonzero(a[row] > 128)[0]) for a in (rest, drawn.alpha)]
    assert first[1] - first[0] > 8
    assert Synthesizer(ada(), OutputFormat()).alpha is None


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (256, 1280)])
@pytest.mark.parametrize("kind", ["photo", "blurred", "image", "transparent"])
def test_every_background_fills_every_size(size: tuple[int, int], kind: str) -> None:
    background = Background(kind, image=lines())  # type: ignore[arg-type]
    planes = made(background, *size).render(motion(jawOpen=0.4))
    assert planes.shape == (size[1] * 3 // 2, size[0])
    assert planes[: size[1]].std() > 15


def test_a_landscape_shows_the_whole_head_and_more_of_it() -> None:
    framing = frame((1024, 1024), ada().pivot_px[0], 1280, 720)
    assert framing.scale > 720 / 1024 * 1.2
    crown, chin = framing.to_output(512, 130)[1], framing.to_output(*ada().chin_px)[1]
    assert 40 < crown < 130 and 430 < chin < 600
    assert framing.to_output(*ada().pivot_px)[0] == pytest.approx(640, abs=2)


def test_pictures_that_cannot_be_read_are_named() -> None:
    for data in (b"no picture", lines()[:60]):
        with pytest.raises(ValueError, match=r"background\.image cannot be read.*PNG, JPEG"):
            read_image(data)


def test_a_hole_in_a_picture_of_another_mode_is_opaque() -> None:
    grey: ByteArray = np.full((10, 12), 77, np.uint8)
    assert read_image(bytes(cv2.imencode(".png", grey)[1])).tolist() == [[[77] * 3] * 12] * 10

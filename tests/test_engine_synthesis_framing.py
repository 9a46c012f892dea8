"""From the portrait to the output."""

import cv2
import numpy as np
import pytest

from engine.synthesis.framing import Framing, frame, layer, opaque


def test_a_square_output_shows_the_whole_portrait() -> None:
    framing = frame((1024, 1024), 512.0, 512, 512)
    assert framing.scale == 0.5
    assert framing.to_output(-0.5, -0.5) == (-0.5, -0.5)
    assert framing.to_output(1023.5, 1023.5) == (511.5, 511.5)


def test_a_tall_output_fills_its_height_around_the_face() -> None:
    framing = frame((1024, 1024), 500.0, 720, 1280)
    assert framing.scale == pytest.approx(1.25)
    assert framing.to_output(500, 0)[0] == pytest.approx(360, abs=1)
    assert framing.to_output(0, 1023.5)[1] == pytest.approx(1279.5)


def test_a_very_narrow_output_still_shows_the_head() -> None:
    framing = frame((1024, 1024), 512.0, 256, 1280)
    assert 256 / framing.scale >= 560


def test_rectangles_are_even_whole_cells_inside_the_picture() -> None:
    for cell in (2, 4, 6, 8):
        x0, y0, x1, y1 = Framing(0.61, 10.0, 20.0).rect((200, 60, 835, 760), 400, 400, even=cell)
        assert x0 % 2 == y0 % 2 == 0
        assert (x1 - x0) % cell == (y1 - y0) % cell == 0
        assert 0 <= x0 < x1 <= 400
        assert 0 <= y0 < y1 <= 400


def test_placing_keeps_a_point_where_it_belongs() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    cv2.circle(image, (30, 20), 4, (255, 255, 255), -1)
    framing = Framing(1.25, 5.0, 7.0)
    placed = framing.place(image, (100, 100, 160, 160), (100, 100, 220, 220))
    ys, xs = np.nonzero(placed[..., 0] > 128)
    x, y = framing.to_output(130, 120)
    assert xs.mean() + 100 == pytest.approx(x, abs=0.3)
    assert ys.mean() + 100 == pytest.approx(y, abs=0.3)


def test_layers_are_premultiplied_and_holes_cut() -> None:
    image = np.full((8, 8, 4), 200, np.uint8)
    image[..., 3] = 128
    hole = np.zeros((8, 8), np.uint8)
    hole[:4] = 255
    planes = layer(image, hole)
    luma, _ = opaque(np.ascontiguousarray(image[..., :3]))
    assert (planes.luma[:4, :, :2] == 0).all()
    assert (planes.luma[:4, :, 2] == 255).all()
    assert abs(int(planes.luma[6, 6, 0]) - int(luma[6, 6]) * 128 / 255) <= 1
    assert planes.chroma[3, 3, 2] == 128

"""Baking a rig from a photo."""

from pathlib import Path

import numpy as np
import pytest

from engine.portrait import bake as baking
from engine.portrait import eyes
from engine.portrait.plane import polygon
from engine.portrait.rig import RigError, load, save
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.portrait_utils import (
    ada,
    bgr,
    landmarks,
    motion,
    portrait,
    synthetic_prior,
    synthetic_rig,
)


def test_a_baked_rig_can_be_kept_and_drawn(tmp_path: Path) -> None:
    save(synthetic_rig(), tmp_path / "sketch.rig")
    rig = load(tmp_path / "sketch.rig")
    drawn = bgr(Synthesizer(rig, OutputFormat(512, 512)).render(motion()))
    assert drawn.shape == (512, 512, 3)
    assert rig.name == "sketch"


def test_a_sheet_shows_the_key_shapes() -> None:
    drawn = baking.key_shapes(ada())
    assert drawn.shape == (512 * 3, 512 * 6, 3)
    assert np.abs(drawn[:512, :512].astype(int) - drawn[:512, 1024:1536]).max() > 60


def test_a_face_in_dim_light_is_told_from_a_dark_one() -> None:
    lit = baking.exposure(portrait(), landmarks())
    assert 0.8 < lit <= baking.EXPOSURE[1]
    dim = baking.exposure((portrait() * 0.5).astype(np.uint8), landmarks())
    assert dim < 0.7 * lit
    assert baking.exposure(np.zeros_like(portrait()), landmarks()) == baking.EXPOSURE[0]
    # Dark skin: eyes as white as before.
    dark = (portrait() * 0.5).astype(np.uint8)
    for outline in zip(eyes.UPPER, eyes.LOWER, strict=True):
        points = landmarks()[[*outline[0], *outline[1][::-1]]]
        inside = polygon((1024, 1024), points)
        dark[inside] = portrait()[inside]
    assert baking.exposure(dark, landmarks()) > dim + 0.1


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(RigError, match="1024"):
        baking.bake(portrait()[:512], landmarks(), synthetic_prior(), "x")
    with pytest.raises(RigError, match="478"):
        baking.bake(portrait(), landmarks()[:468], synthetic_prior(), "x")


def test_the_head_box_is_of_whole_cells_inside_the_photo() -> None:
    x0, y0, x1, y1 = baking.head_box(landmarks(), 1024, 1024)
    assert (x1 - x0) % 5 == (y1 - y0) % 5 == 0
    assert 0 <= x0 < x1 <= 1024
    assert 0 <= y0 < y1 <= 1024


def test_the_command_line_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photo.png").write_bytes(b"no picture")
    np.savez(tmp_path / "landmarks.npz", persona_x=landmarks())
    arguments = ["--prior", str(tmp_path / "none.npz"), "--name", "x"]
    arguments += ["--landmarks", str(tmp_path / "landmarks.npz")]
    code = baking.main([*arguments, str(tmp_path / "photo.png"), str(tmp_path / "out.rig")])
    assert code == 1
    assert "not a picture" in capsys.readouterr().err
    assert not (tmp_path / "out.rig").exists()

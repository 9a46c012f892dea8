"""Which backend is chosen, on pretended machines: with and without a GPU, plans, libraries."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.runtime import backends, plan_build, plans, tensorrt
from engine.runtime.backends import Backends, choose, order
from engine.runtime.cuda import NoDeviceError
from engine.runtime.onnx import OnnxRunner
from engine.runtime.plans import Precision
from engine.runtime.runner import RunnerError
from engine.runtime.tape import FLOAT16, FLOAT32, Tape
from engine.runtime.tensorrt_library import Flavour, PlanError
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import expected, fake_library, plan_bytes, tensors


class Piece:
    """The network that the pretended TensorRT computes, as ONNX."""

    name = "piece"
    ranges: Mapping[str, tuple[int, int, int]] = {"n": (1, 2, 8)}

    def model(self, precision: Precision) -> bytes:
        tape = Tape()
        twice = tape.input("a", ["n", 4], FLOAT16).to(FLOAT32) * 2.0
        tape.output("b", twice + tape.input("c", ["n", 4]), ["n", 4], FLOAT32)
        return bytes(tape.model("piece", {}).SerializeToString())

    def identity(self, precision: Precision) -> str:
        return f"identity-{precision}"

    def metadata(self, precision: Precision) -> Mapping[str, str]:
        return {"side_px": "128"}

    runnable = model


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    """A machine with a GPU and TensorRT for RTX, without PyTorch."""
    device = FakeDevice()
    machine(monkeypatch, device)
    return device


def machine(
    monkeypatch: pytest.MonkeyPatch, device: FakeDevice, flavour: Flavour = "tensorrt_rtx"
) -> None:
    loaded = fake_library(device, flavour)
    for room in (backends, plan_build):
        monkeypatch.setattr(room, "library", lambda: loaded)
        monkeypatch.setattr(room, "CudaDevice", lambda: device)
    monkeypatch.setattr(backends, "device_files", lambda: ["nvidia0"])

    def build(*_: object) -> bytes:
        return plan_bytes()

    def no_torch(*_: object) -> None:
        raise RunnerError("PyTorch cannot be loaded: pip install torch")

    monkeypatch.setattr(tensorrt, "build", build)
    monkeypatch.setattr(backends, "TorchRunner", no_torch)


def test_without_a_gpu_the_cpu_runs_and_nothing_large_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("loaded for nothing")

    monkeypatch.setattr(backends, "device_files", list)
    monkeypatch.setattr(backends, "library", loaded)
    monkeypatch.setattr(backends, "TorchRunner", loaded)
    choice = choose(Backends(tmp_path).candidates(Piece()))
    assert choice.name == "cpu"
    assert [reason.partition(":")[0] for reason in choice.reasons] == ["tensorrt", "torch"]
    assert "no NVIDIA GPU" in choice.reasons[0]
    given = tensors()
    assert np.array_equal(choice.runner.run(given)["b"], expected(given))


@pytest.mark.usefixtures("device")
def test_a_missing_plan_is_built_told_and_found_the_next_time(tmp_path: Path) -> None:
    said: list[str] = []
    choice = choose(Backends(tmp_path).candidates(Piece(), said.append))
    assert (choice.name, choice.reasons) == ("tensorrt", ())
    assert "no plan of piece" in said[0]
    assert "built in" in said[-1]
    given = tensors()
    assert np.array_equal(choice.runner.run(given)["b"], expected(given))
    assert choice.runner.metadata == {"side_px": "128"}
    said.clear()
    assert choose(Backends(tmp_path).candidates(Piece(), said.append)).name == "tensorrt"
    assert said == []


@pytest.mark.usefixtures("device")
def test_where_nothing_is_to_be_built_the_next_backend_serves(tmp_path: Path) -> None:
    choice = choose(Backends(tmp_path, build=False).candidates(Piece()))
    assert choice.name == "cpu"
    assert "build it: kiosk plan build --sm 86 --precision fp16" in choice.reasons[0]
    assert "pip install torch" in choice.reasons[1]


def test_the_full_tensorrt_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, FakeDevice(), "tensorrt")
    choice = choose(Backends(tmp_path).candidates(Piece()))
    assert choice.name == "cpu"
    assert "no plan of piece" in choice.reasons[0]


def test_a_card_that_tensorrt_for_rtx_does_not_know_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, FakeDevice(capability="9.0"))
    assert "--sm 90" in choose(Backends(tmp_path).candidates(Piece())).reasons[0]


@pytest.mark.usefixtures("device")
def test_a_network_that_cannot_be_built_or_kept_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise PlanError("TensorRT cannot read the network: Bernoulli")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plan_build, "keep", full)
    lost = choose(Backends(tmp_path).candidates(Piece()))
    assert "No space left on device: make the folder writable" in lost.reasons[0]
    monkeypatch.setattr(tensorrt, "build", refuse)
    assert "Bernoulli" in choose(Backends(tmp_path).candidates(Piece())).reasons[0]


@pytest.mark.usefixtures("device")
def test_nothing_is_built_for_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[object] = []

    def build(*_: object) -> bytes:
        built.append(1)
        return plan_bytes()

    monkeypatch.setattr(tensorrt, "build", build)
    (tmp_path / "file").write_bytes(b"")
    choice = choose(Backends(tmp_path / "file" / "plans").candidates(Piece()))
    assert choice.name == "cpu" and built == []
    assert "make the folder writable, or set engine.plans_dir" in choice.reasons[0]


def test_a_missing_driver_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def undriven() -> None:
        raise NoDeviceError("no NVIDIA driver on this machine: install one")

    machine(monkeypatch, FakeDevice())
    monkeypatch.setattr(backends, "CudaDevice", undriven)
    assert "no NVIDIA driver" in choose(Backends(tmp_path).candidates(Piece())).reasons[0]


def test_what_is_wished_is_tried_and_the_cpu_is_the_last_resort() -> None:
    assert order("auto") == ("tensorrt", "torch", "cpu")
    assert order("tensorrt") == ("tensorrt", "cpu")
    assert order("torch") == ("torch", "cpu")
    assert order("cpu") == ("cpu",)


def test_a_damaged_manifest_leaves_the_cpu(
    tmp_path: Path, device: FakeDevice
) -> None:  # fmt: skip
    (tmp_path / plans.MANIFEST_NAME).write_text("{")
    choice = choose(Backends(tmp_path).candidates(Piece()))
    assert choice.name == "cpu"
    assert "is damaged" in choice.reasons[0]
    assert device.live == {}


def test_it_can_be_sent_to_another_process(tmp_path: Path) -> None:
    sent = pickle.loads(pickle.dumps(Backends(tmp_path, "cpu", threads=2)))
    choice = choose(sent.candidates(Piece()))
    assert isinstance(choice.runner, OnnxRunner)


def test_where_it_stands_is_told_without_loading_anything(
    tmp_path: Path, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece, ready = Piece(), Backends(tmp_path)
    assert ready.standing(piece) == ("tensorrt", ())  # it would be built
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(backends, "check_torch", lambda: None)
    name, reasons = Backends(tmp_path, build=False).standing(piece)
    assert name == "torch"
    assert "no plan of piece" in reasons[0]
    assert Backends(tmp_path, "cpu").standing(piece) == ("cpu", ())
    monkeypatch.setattr(backends, "device_files", list)
    assert ready.standing(piece)[0] == "torch"
    assert device.live == {}

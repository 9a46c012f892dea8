"""The graph as files."""

from pathlib import Path

import onnx
import pytest

from engine.runtime import tensorrt
from engine.runtime.onnx import OnnxRunner
from engine.synthesis.graph_export import main
from tests.fake_refiner import install, uninstall


def test_a_network_is_written_and_can_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    assert main([str(folder), "--size", "360x640", "--precision", "fp32"]) == 0
    path = folder / "synthesis-360x640-fp32.onnx"
    said = {"width": "360", "height": "640", "precision": "fp32", "sampling": "linear"}
    assert OnnxRunner(path).metadata == said
    assert f"{path}: {path.stat().st_size} bytes" in capsys.readouterr().out


@pytest.mark.parametrize(("precision", "half"), [("fp32", False), ("fp16", True)])
def test_the_refiner_is_part_of_it_if_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str, half: bool
) -> None:
    install(tmp_path / "weights", monkeypatch)
    flags = ["--size", "256x256", "--precision", precision, "--refiner", "large", "--steps", "2"]
    flags.append("--fine")
    assert main([str(tmp_path), *flags]) == 0
    path = tmp_path / f"synthesis-256x256-{precision}-fine-large-2.onnx"
    said = OnnxRunner(path).metadata
    assert said["sampling"] == "cubic"
    assert (said["refiner_side_px"], said["refiner_steps"]) == ("256", "2")
    model = onnx.load(path)
    weights = {each.name: each.data_type for each in model.graph.initializer}
    kernels = [weights[n.input[1]] for n in model.graph.node if n.op_type == "Conv"]
    kind = onnx.TensorProto.FLOAT16 if half else onnx.TensorProto.FLOAT
    assert kernels == [kind] * 2


def test_without_weights_and_with_too_many_steps_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uninstall(tmp_path / "none", monkeypatch)
    assert main([str(tmp_path), "--refiner", "small"]) == 1
    assert "no refiner at" in capsys.readouterr().err
    install(tmp_path / "weights", monkeypatch)
    assert main([str(tmp_path), "--refiner", "small", "--steps", "5"]) == 1
    assert "1 to 4" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.onnx"))


@pytest.mark.parametrize(("size", "said"), [("big", "such as 512x512"), ("100x100", "256..1280")])
def test_other_sizes_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: str, said: str
) -> None:
    assert main([str(tmp_path), "--size", size]) == 1
    assert said in capsys.readouterr().err


def test_plans_are_written_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[bytes, str]] = []

    def build(network: bytes, ranges: tensorrt.Ranges, capability: str) -> bytes:
        assert ranges["batch"] == (1, 1, 8)
        given.append((network, capability))
        return b"plan"

    monkeypatch.setattr(tensorrt, "build", build)
    monkeypatch.setattr(tensorrt, "version", lambda: "1.7")
    assert main([str(tmp_path), "--plan", "8.6", "--plan", "12.0"]) == 0
    network = (tmp_path / "synthesis-512x512-fp16.onnx").read_bytes()
    assert given == [(network, "8.6"), (network, "12.0")]
    assert (tmp_path / "synthesis-512x512-fp16-12.0-1.7.plan").read_bytes() == b"plan"

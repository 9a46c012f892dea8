"""The graph as files."""

from pathlib import Path

import pytest

from engine.runtime import tensorrt
from engine.runtime.onnx import OnnxRunner
from engine.synthesis.graph_export import main


def test_a_network_is_written_and_can_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    assert main([str(folder), "--size", "360x640", "--precision", "fp32"]) == 0
    path = folder / "synthesis-360x640-fp32.onnx"
    assert OnnxRunner(path).metadata == {"width": "360", "height": "640", "precision": "fp32"}
    assert f"{path}: {path.stat().st_size} bytes" in capsys.readouterr().out


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

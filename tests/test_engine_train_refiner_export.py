"""The refiner as ONNX: equal to torch, in full and half floats, and readable by TensorRT."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

import onnx
import torch

from engine.runtime import tensorrt
from engine.runtime.half import halved
from engine.runtime.onnx import OnnxRunner
from engine.train.refiner import export
from engine.train.refiner.network import SHAPES, Conditions, Refiner, Shape
from engine.train.refiner.train import Trainer
from tests.refiner_onnx_utils import refiner, refiner_tensors
from tests.refiner_training_utils import FINE, TINY, conditions, stirred

TOLERANCE = {"fp32": 1e-4, "fp16": 1e-3}
"""Half floats err by a thirtieth of a grey level at most."""


def both(network: Refiner, precision: str, batch: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Of torch and of ONNX Runtime, at different times."""
    given, times = conditions(network.shape, batch), torch.linspace(0, 1, batch)[:, None]
    state = torch.randn(given.picture.shape, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        wanted = network(state, times, given).numpy()
    path.write_bytes(export.build(network, 0.3, precision).SerializeToString())
    inputs = {"state": state, "time": times} | dict(zip(Conditions._fields, given, strict=True))
    made = OnnxRunner(path).run({name: each.numpy() for name, each in inputs.items()})["clean"]
    return wanted, made


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("shape", [TINY, FINE])
def test_onnx_equals_torch(shape: Shape, precision: str, batch: int, tmp_path: Path) -> None:
    wanted, made = both(stirred(shape), precision, batch, tmp_path / "refiner.onnx")
    assert made.dtype == np.float32 and np.abs(wanted).mean() > 0.01
    assert np.abs(made - wanted).max() < TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("size", list(SHAPES))
def test_those_of_full_size_do_too(size: str, precision: str, tmp_path: Path) -> None:
    wanted, made = both(stirred(SHAPES[size]), precision, 1, tmp_path / "refiner.onnx")
    assert np.abs(made - wanted).max() < TOLERANCE[precision]


def test_metadata_say_how_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "refiner.onnx"
    path.write_bytes(export.build(stirred(TINY), 0.25).SerializeToString())
    assert OnnxRunner(path).metadata == {"side_px": "32", "residual_grey": "32", "noise": "0.2500"}


def test_half_floats_are_half_the_size_and_strongly_typed() -> None:
    full, half = (export.build(stirred(TINY), 0.3, kind) for kind in ("fp32", "fp16"))
    assert half.ByteSize() < 0.7 * full.ByteSize()
    onnx.checker.check_model(half, full_check=True)
    weights = {each.name: each.data_type for each in half.graph.initializer}
    convolved = [weights[node.input[1]] for node in half.graph.node if node.op_type == "Conv"]
    told = 3  # what time and coefficients become
    assert convolved.count(onnx.TensorProto.FLOAT) == told
    assert convolved.count(onnx.TensorProto.FLOAT16) == len(convolved) - told


@pytest.mark.parametrize("halve", [False, True])
@pytest.mark.parametrize("fine", [False, True])
def test_the_tests_own_network_has_the_same_operators(fine: bool, halve: bool) -> None:
    """What is proved on it, of halving and building say, holds for one that is trained."""
    trained = export.build(stirred(FINE if fine else TINY), 0.3).SerializeToString()
    operators = [
        {node.op_type for node in onnx.load_from_string(halved(made) if halve else made).graph.node}
        for made in (trained, refiner(fine=fine))
    ]
    assert operators[0] == operators[1]


@pytest.mark.parametrize("shape", [TINY, FINE])
def test_halved_it_equals_what_is_exported_in_half_floats(shape: Shape) -> None:
    """Above all what a time and coefficients become is in full floats in both."""
    network, given = stirred(shape), refiner_tensors(side=shape.grid)
    content = export.build(network, 0.3).SerializeToString()
    graph = onnx.load_from_string(halved(content)).graph
    weights = {each.name: each.data_type for each in graph.initializer}
    convolved = [weights[node.input[1]] for node in graph.node if node.op_type == "Conv"]
    assert convolved.count(onnx.TensorProto.FLOAT) == 3
    own = export.build(network, 0.3, "fp16").SerializeToString()
    made, wanted = (OnnxRunner(each).run(given)["clean"] for each in (halved(content), own))
    assert np.abs(made - wanted).max() < TOLERANCE["fp16"]


def test_of_a_checkpoint_the_mean_is_exported(tmp_path: Path) -> None:
    trainer = Trainer("small", 1e-3, 0.2, 1)
    torch.nn.init.ones_(trainer.mean.outlet.bias)
    trainer.save(tmp_path / "last.pt")
    network, noise = export.load(tmp_path / "last.pt")
    assert noise == 0.2 and torch.equal(network.outlet.bias, torch.ones(6))


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("size", list(SHAPES))
def test_tensorrt_builds_it(size: str, precision: str) -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    model = export.build(stirred(SHAPES[size]), 0.3, precision).SerializeToString()
    assert len(tensorrt.build(model, {"batch": (1, 1, 8)}, "8.6")) > 1_000_000

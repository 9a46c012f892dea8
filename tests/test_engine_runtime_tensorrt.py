"""Plans, where TensorRT is installed; and what is said where it is not."""

import sys

import pytest

from engine.runtime import tensorrt
from engine.runtime.tape import FLOAT16, FLOAT32, UINT8, Tape
from engine.synthesis.networks import RefinerNetwork
from engine.synthesis.refiner import shipped

RANGES = {"n": (1, 2, 8)}


def network() -> bytes:
    tape = Tape()
    half = tape.input("a", ["n", 4], FLOAT16) * 2.0
    tape.output("b", half.to(FLOAT32) + tape.input("c", ["n", 4]), ["n", 4], UINT8)
    return bytes(tape.model("piece", {}).SerializeToString())


def test_without_it_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(tensorrt.PlanError, match=r"\.venv/bin/pip install -e '\.\[gpu\]'"):
        tensorrt.build(network(), RANGES, "8.6")
    with pytest.raises(tensorrt.PlanError, match="pip install"):
        tensorrt.version()


def test_an_unknown_capability_is_refused() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    with pytest.raises(
        tensorrt.PlanError, match=r"6\.1 \(61\): give one of 7\.5 \(75\), 8\.0 \(80\), 8\.6"
    ):
        tensorrt.build(network(), RANGES, "6.1")


def test_plans_of_half_floats_and_bytes_are_built_without_a_gpu() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    for capability in tensorrt.CAPABILITIES:
        assert len(tensorrt.build(network(), RANGES, capability)) > 1000


@pytest.mark.parametrize("name", [f"refiner-{size}" for size in shipped()])
@pytest.mark.parametrize("capability", ["8.6", "8.9", "12.0"])
def test_the_refiners_that_ship_are_built(name: str, capability: str) -> None:
    """For RTX 30, 40 and 50; the whole picture is built in the tests of the graph."""
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    network = RefinerNetwork(name)
    plan = tensorrt.build(network.model("fp16"), network.ranges, capability)
    assert len(plan) > 1_000_000


def test_faults_are_told() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT is not installed: the extra gpu")
    with pytest.raises(tensorrt.PlanError, match="cannot read the network"):
        tensorrt.build(b"nonsense", RANGES, "8.6")
    with pytest.raises(tensorrt.PlanError, match="'n' of the input a has any size"):
        tensorrt.build(network(), {}, "8.6")

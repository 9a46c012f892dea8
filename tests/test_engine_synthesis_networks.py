"""The networks by name, at every precision."""

from pathlib import Path

import onnx
import pytest

from engine.runtime import checksums
from engine.runtime.onnx import OnnxRunner
from engine.runtime.plans import sha256
from engine.runtime.runner import RunnerError
from engine.synthesis.networks import (
    REFINERS,
    WHOLE,
    RefinerNetwork,
    SynthesisNetwork,
    named,
    network,
    picture_size,
)
from tests.fake_refiner import network as network_bytes
from tests.refiner_onnx_utils import refiner


def test_the_synthesis_is_had_at_any_size_and_precision() -> None:
    synthesis = network("synthesis-360x640")
    assert synthesis.name == "synthesis-360x640"
    assert synthesis.ranges["batch"] == (1, 1, 8)
    assert synthesis.identity("fp16") == network("synthesis-360x640").identity("fp16")
    assert synthesis.identity("fp16") != synthesis.identity("fp32")
    kinds = [
        {i.type.tensor_type.elem_type for i in onnx.load_from_string(model).graph.input}
        for model in (synthesis.model("fp16"), synthesis.model("fp32"))
    ]
    assert kinds == [{1, 10}, {1}]
    assert synthesis.runnable("fp16") == synthesis.model("fp16")
    runner = OnnxRunner(synthesis.model("fp16"))
    assert runner.metadata == synthesis.metadata("fp16")


def test_a_refiner_is_halved_and_tells_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / REFINERS["refiner-small"]
    path.write_bytes(refiner())
    small = RefinerNetwork("refiner-small", tmp_path)
    assert small.model("fp32") == refiner()
    assert len(small.model("fp16")) < len(refiner())
    assert small.identity("fp32") == sha256(refiner())
    assert small.identity("fp16") == sha256(small.model("fp16"))  # as it was halved, too
    assert small.runnable("fp16") == path
    assert small.metadata("fp16") == {
        "side_px": "32", "residual_grey": "32", "noise": "0.5", "precision": "fp16",
    }  # fmt: skip


def test_a_refiner_that_is_not_there_is_told(tmp_path: Path) -> None:
    lost = RefinerNetwork("refiner-large", tmp_path)
    for ask in (lost.model, lost.identity, lost.metadata):
        with pytest.raises(
            RunnerError, match=r"no refiner_large\.onnx in .*install the project again"
        ):
            ask("fp32")


def test_a_refiner_that_is_damaged_gives_no_network(tmp_path: Path) -> None:
    path = tmp_path / "refiner_small.onnx"
    path.write_bytes(network_bytes())
    checksums.write(tmp_path)
    whole = RefinerNetwork("refiner-small", tmp_path)
    assert whole.model("fp32") == network_bytes()
    path.write_bytes(network_bytes(seed=1))
    with pytest.raises(RunnerError, match=r"damaged.*install the project again"):
        whole.model("fp16")


def test_a_refined_synthesis_has_the_refiner_in_it(tmp_path: Path) -> None:
    (tmp_path / REFINERS["refiner-small"]).write_bytes(network_bytes(128))
    small = RefinerNetwork("refiner-small", tmp_path)
    refined = SynthesisNetwork(picture_size("256x256"), small)
    assert refined.name == "refined-256x256"
    runner = OnnxRunner(refined.model("fp32"))
    assert runner.metadata == refined.metadata("fp32")
    assert {"region", "neutral", "noise"} <= set(runner.inputs)
    lost = SynthesisNetwork(
        picture_size("256x256"), RefinerNetwork("refiner-small", tmp_path / "no")
    )
    with pytest.raises(RunnerError, match="install the project again"):
        lost.model("fp32")


def test_all_are_all() -> None:
    names = [each.name for each in named("all", ["512x512", "720x1280"])]
    whole = [f"{kind}-{size}" for kind in WHOLE for size in ("512x512", "720x1280")]
    assert names == [*whole, *REFINERS]
    assert [each.name for each in named("refiner-small", ["512x512"])] == ["refiner-small"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("motion", "no network 'motion': give one of refiner-small"),
        ("synthesis-big", "such as 512x512"),
        ("synthesis-100x100", r"256\.\.1280"),
    ],
)
def test_other_names_and_sizes_are_refused(name: str, words: str) -> None:
    with pytest.raises(RunnerError, match=words):
        network(name)


def test_a_size_is_width_and_height() -> None:
    size = picture_size("720x1280")
    assert (size.width, size.height) == (720, 1280)

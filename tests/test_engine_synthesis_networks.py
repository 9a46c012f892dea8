"""The networks by name, at every precision."""

from pathlib import Path

import onnx
import pytest

from engine.runtime import checksums
from engine.runtime.onnx import OnnxRunner
from engine.runtime.plans import sha256
from engine.runtime.runner import RunnerError
from engine.synthesis.look import PRESET, Background, Look, Preset
from engine.synthesis.networks import (
    REFINERS,
    RefinerNetwork,
    SynthesisNetwork,
    named,
    network,
    picture_size,
    whole,
)
from tests.fake_refiner import network as network_bytes
from tests.refiner_onnx_utils import refiner


def test_whole_pictures_are_had_at_any_size_and_precision() -> None:
    fast = network("fast-360x640")
    assert fast.name == "fast-360x640"
    assert fast.ranges["batch"] == (1, 1, 8)
    assert fast.identity("fp16") == network("fast-360x640").identity("fp16")
    assert fast.identity("fp16") != fast.identity("fp32")
    kinds = [
        {i.type.tensor_type.elem_type for i in onnx.load_from_string(model).graph.input}
        for model in (fast.model("fp16"), fast.model("fp32"))
    ]
    assert kinds == [{1, 10}, {1}]
    assert fast.runnable("fp16") == fast.model("fp16")
    runner = OnnxRunner(fast.model("fp16"))
    assert runner.metadata == fast.metadata("fp16")
    assert runner.metadata["sampling"] == "linear" and "refiner_steps" not in runner.metadata


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


def test_a_preset_with_steps_has_its_refiner_in_it_and_samples_finely(tmp_path: Path) -> None:
    (tmp_path / REFINERS["refiner-small"]).write_bytes(network_bytes(128))
    balanced = SynthesisNetwork(picture_size("256x256"), "balanced", tmp_path)
    assert balanced.name == "balanced-256x256"
    runner = OnnxRunner(balanced.model("fp32"))
    said = runner.metadata
    assert said == balanced.metadata("fp32")
    assert (said["sampling"], said["refiner_side_px"], said["refiner_steps"]) == (
        "cubic", "128", "1",
    )  # fmt: skip
    assert {"region", "neutral", "noise"} <= set(runner.inputs)
    lost = SynthesisNetwork(picture_size("256x256"), "balanced", tmp_path / "no")
    with pytest.raises(RunnerError, match="install the project again"):
        lost.model("fp32")


def test_the_refiner_and_its_steps_are_the_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESET, "quality", Preset(4, "large", 2.0, fine=True))
    quality = SynthesisNetwork(picture_size("256x256"), "quality")
    assert quality.refiner is not None
    assert (quality.refiner.name, quality.steps) == ("refiner-large", 4)
    monkeypatch.setitem(PRESET, "quality", Preset(5, "small", 2.0, fine=True))
    with pytest.raises(RunnerError, match=r"5 steps are more than the 4 .* build the refiner"):
        quality.model("fp32")
    assert whole(Look("quality"), quality.output) is None


def test_a_look_has_a_whole_picture_where_it_is_its_presets() -> None:
    size = picture_size("1024x1024")
    found = whole(Look("quality"), size)
    assert found is not None and found.name == "quality-1024x1024"
    plain = whole(Look(background=Background("colour")), size)
    assert plain is not None and plain.name == "fast-1024x1024"
    assert whole(Look("quality", inference_steps=0), size) is None
    assert whole(Look("fast", inference_steps=1), size) is None
    assert whole(Look(background=Background("transparent")), size) is None


def test_without_its_refiner_a_preset_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REFINERS, "refiner-small", str(tmp_path / "none.onnx"))
    assert whole(Look("balanced"), picture_size("512x512")) is None
    assert whole(Look("fast"), picture_size("512x512")) is not None


def test_all_are_all_as_large_as_they_are_drawn() -> None:
    names = [each.name for each in named("all", ["512x512", "720x1280"])]
    assert names == [
        "fast-512x512", "fast-720x1280", "balanced-512x512", "balanced-720x1280",
        "quality-1024x1024", "quality-720x1280", *REFINERS,
    ]  # fmt: skip
    assert [each.name for each in named("refiner-small", ["512x512"])] == ["refiner-small"]
    assert [each.name for each in named("quality-512x512", ["720x1280"])] == ["quality-512x512"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("motion", "no network 'motion': give one of fast, balanced, quality, refiner-small"),
        ("fast-big", "such as 512x512"),
        ("fast-100x100", r"256\.\.1280"),
    ],
)
def test_other_names_and_sizes_are_refused(name: str, words: str) -> None:
    with pytest.raises(RunnerError, match=words):
        network(name)


def test_a_size_is_width_and_height() -> None:
    size = picture_size("720x1280")
    assert (size.width, size.height) == (720, 1280)

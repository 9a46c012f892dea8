"""Parity and time of a runner, tried with ONNX Runtime in the place of a plan."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import RunnerError, Tensors
from engine.synthesis.networks import (
    REFINERS,
    RefinerNetwork,
    SynthesisNetwork,
    network,
    picture_size,
)
from kiosk import plan_verify
from kiosk.plan_verify import chance, parity, sample, verify
from tests.fake_refiner import network as network_bytes
from tests.refiner_onnx_utils import refiner


@pytest.fixture
def small(tmp_path: Path) -> RefinerNetwork:
    (tmp_path / REFINERS["refiner-small"]).write_bytes(refiner())
    return RefinerNetwork("refiner-small", tmp_path)


class Skewed(OnnxRunner):
    """Off by an eighth everywhere; a clock of its own."""

    last_ms = 1.25

    def run(self, tensors: Tensors) -> Tensors:
        return {name: value + 0.125 for name, value in super().run(tensors).items()}


def test_half_floats_pass_and_are_timed(small: RefinerNetwork) -> None:
    ticks = itertools.count()
    runner = OnnxRunner(small.model("fp16"))
    verdict = verify(small, "fp16", runner, lambda: next(ticks) * 0.002)
    assert verdict.output == "clean"
    assert 0 < verdict.off_grey <= verdict.limit_grey
    assert verdict.ok
    assert [each.batch for each in verdict.latencies] == [1, 2, 4, 8]
    assert {(each.median_ms, each.p95_ms) for each in verdict.latencies} == {(2.0, 2.0)}
    assert verdict.latencies[0].gpu_ms is None
    assert verdict.as_dict()["ok"] is True


def test_another_answer_fails_and_tells_by_how_much(small: RefinerNetwork) -> None:
    verdict = verify(small, "fp32", Skewed(refiner()))
    assert verdict.off_grey == pytest.approx(32 / 8, abs=1e-3)
    assert not verdict.ok
    assert verdict.latencies[3].gpu_ms == 1.25


class Blown(OnnxRunner):
    """Gives what is no number in its second answer."""

    runs = 0

    def run(self, tensors: Tensors) -> Tensors:
        self.runs += 1
        spoilt = np.float32("nan") if self.runs == 2 else np.float32(0)
        return {name: value + spoilt for name, value in super().run(tensors).items()}


def test_what_is_no_number_fails(small: RefinerNetwork) -> None:
    with pytest.raises(RunnerError, match=r"clean is not all numbers.*--precision fp32"):
        verify(small, "fp32", Blown(refiner()))


def test_a_refined_synthesis_is_held_to_real_pictures_too(tmp_path: Path) -> None:
    (tmp_path / REFINERS["refiner-small"]).write_bytes(network_bytes(128))
    refined = SynthesisNetwork(picture_size("256x256"), "balanced", tmp_path)
    name, off = parity(refined, "fp16", OnnxRunner(refined.model("fp16")))
    assert name == "picture"
    assert 0 < off <= plan_verify.LIMITS_GREY["picture", "fp16"]


def test_the_synthesis_is_held_to_real_pictures() -> None:
    synthesis = network("fast-256x256")
    name, off = parity(synthesis, "fp16", OnnxRunner(synthesis.model("fp16")))
    assert name == "picture"
    assert 0 < off <= plan_verify.LIMITS_GREY["picture", "fp16"]
    given = sample(synthesis, "fp16", 4, 0)
    assert {array.shape[0] for array in given.values()} == {4}
    assert given["head_luma"].dtype == np.float16


def test_chance_stays_within_the_inputs_bounds() -> None:
    shapes = OnnxRunner(refiner()).inputs
    given = chance(shapes, 3, np.random.default_rng(1))
    assert given.keys() == shapes.keys()
    assert given["picture"].min() < -0.5
    for name in ("mask", "time", "coefficients"):
        assert given[name].shape[0] == 3
        assert 0 <= given[name].min() <= given[name].max() <= 1

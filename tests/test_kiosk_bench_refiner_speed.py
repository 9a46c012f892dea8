"""What the refiner costs."""

from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest

from engine.runtime import tensorrt
from engine.runtime.half import halved
from engine.synthesis import refiner as runtime
from engine.synthesis.look import NO_REFINER
from kiosk.bench.operations import count
from kiosk.bench.refiner_speed import networks, pass_ms, plans, presets
from tests.fake_refiner import installed, network, refiner


def test_passes_are_timed_one_by_one() -> None:
    ticks = iter([0.0, 0.25, 1.0, 1.5])
    assert pass_ms(refiner(), 2, lambda: next(ticks)) == [250.0, 500.0]


def test_each_network_is_counted_and_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "WEIGHTS", installed(tmp_path))
    report = networks(passes=3)
    counted = count(onnx.load_from_string(network(128)), {"batch": 1})
    assert report["parameters"] == counted.parameters == report["parameters_large"]
    assert report["gflops"] == round(counted.operations / 1e9, 3)
    assert report["gflops_large"] == pytest.approx(4 * report["gflops"], rel=0.05)
    assert report["mb"] > 0
    for name in ("small", "large"):
        for threads in (1, 2):
            key = f"ms_pass_{name}_{threads}"
            assert 0 < report[key] <= report[f"{key}_p95"]


def test_networks_that_are_not_there_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "WEIGHTS", tmp_path)
    assert networks() == {}


def test_every_preset_is_timed() -> None:
    taken = [(1000, 1000, 1000), (1, 2, 3), (3, 4, 7)]  # ms, picture by picture; the first warms up
    ticks = iter([at for each in taken for ms in each for at in (0.5, 0.5 + ms / 1000)])
    report = presets(frames=2, clock=lambda: next(ticks))
    assert report == {
        "ms_fast": 2.0, "ms_fast_p95": 2.9, "ms_balanced": 3.0, "ms_balanced_p95": 3.9,
        "ms_quality": 5.0, "ms_quality_p95": 6.8,
    }  # fmt: skip
    assert next(ticks, None) is None


def test_a_plan_counts_only_where_all_networks_can_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def build(content: bytes, ranges: Mapping[str, tuple[int, int, int]], capability: str) -> bytes:
        assert ranges == {"batch": (1, 1, 8)}
        seen.append(content)
        if len(seen) == 2:  # the second network for the first card
            raise tensorrt.PlanError("too old")
        return content

    monkeypatch.setattr(tensorrt, "build", build)
    paths = sorted(installed(tmp_path).iterdir())
    built, reason = plans(paths)
    assert built == list(tensorrt.CAPABILITIES)[1:]
    assert reason == "too old"
    assert seen[:2] == [halved(path.read_bytes()) for path in paths]
    assert plans(paths[:1]) == (list(tensorrt.CAPABILITIES), "")
    assert plans([]) == ([], NO_REFINER)


def test_without_tensorrt_it_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object) -> bytes:
        raise tensorrt.PlanError("TensorRT cannot be loaded: .venv/bin/pip install -e '.[gpu]'")

    monkeypatch.setattr(tensorrt, "build", build)
    built, reason = plans(list(installed(tmp_path).iterdir()))
    assert (built, reason.count("pip install")) == ([], 1)


def test_a_network_that_cannot_be_halved_has_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "half.onnx"
    path.write_bytes(halved(network(32)))
    built, reason = plans([path])
    assert built == [] and reason

"""Networks opened for the kiosk, and what the log says of it."""

import logging
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.runtime import backends
from engine.runtime.runner import Runner, RunnerError, Tensors
from engine.synthesis import networks
from engine.synthesis.look import NO_REFINER
from engine.synthesis.refiner import Crop, Refiner, Shelf
from kiosk import engine_backend
from kiosk.engine_backend import Networks, log_standing, on_gpu, said
from kiosk.metrics import Metrics
from tests.fake_refiner import install
from tests.kiosk_client import settings
from tests.refiner_onnx_utils import refiner


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(backends, "device_files", list)
    (tmp_path / "refiner_small.onnx").write_bytes(refiner())
    small = networks.RefinerNetwork("refiner-small", tmp_path)
    monkeypatch.setattr(engine_backend, "network", lambda name: small)


def test_without_a_gpu_the_engine_opens_its_networks_itself() -> None:
    shelf = Shelf()
    networks_of = Networks(settings(), Metrics(), shelf)
    refined = shelf.take("small")
    assert isinstance(refined, Refiner) or refined == NO_REFINER
    networks_of.close()


def test_with_a_gpu_networks_run_there_and_the_cpu_stands_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed: list[str] = []

    class Broken:
        """A GPU's process that is not ready."""

        def __init__(self, make: partial[Runner], metrics: Metrics) -> None:
            assert make.func is on_gpu and make.args[1] == "refiner-small"

        def run(self, tensors: Tensors) -> Tensors:
            raise RunnerError("the GPU's process is still being started")

        def close(self) -> None:
            closed.append("process")

    monkeypatch.setattr(engine_backend, "GpuProcess", Broken)
    monkeypatch.setattr(engine_backend, "standing", lambda _: ("tensorrt", ()))
    install(tmp_path / "weights", monkeypatch)
    small = networks.RefinerNetwork("refiner-small", tmp_path / "weights")
    monkeypatch.setattr(engine_backend, "network", lambda name: small)
    shelf, metrics = Shelf(), Metrics()
    opened = Networks(settings(), metrics, shelf)
    refined = shelf.take("small")
    assert isinstance(refined, Refiner)
    assert metrics.gpu_fallbacks.labels("cpu")._value.get() == 0
    half = refined.side_px // 2
    picture = np.zeros((6, half, half), np.float32)
    crop = Crop(picture, picture[:2], picture, picture, np.zeros(55, np.float32), 1)
    assert np.isfinite(refined.run([crop])[0]).all()
    assert metrics.gpu_fallbacks.labels("cpu")._value.get() == 1
    opened.close()
    assert closed == ["process"]


def test_no_gpu_backend_tells_every_reason() -> None:
    with pytest.raises(RunnerError, match=r"tensorrt: no NVIDIA GPU.*torch: no NVIDIA GPU"):
        on_gpu(settings().engine.backends(), "refiner-small")


def test_at_start_the_log_says_where_networks_will_run(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_standing(settings())
    log_standing(settings(engine__backend="tensorrt"))
    log_standing(settings(engine__backend="cpu"))
    assert [r.levelname for r in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert "engine.backend = tensorrt: cpu runs the networks; not tensorrt: no NVIDIA GPU" in (
        caplog.records[1].getMessage()
    )
    assert caplog.records[2].getMessage() == "engine.backend = cpu: cpu runs the networks"


def test_reasons_that_differ_are_told_each() -> None:
    assert said("cpu", ["tensorrt: no plan: build it", "torch: no torch"]) == (
        "cpu runs the networks; not tensorrt: no plan: build it; not torch: no torch"
    )

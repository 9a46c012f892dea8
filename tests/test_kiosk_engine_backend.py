"""Networks opened for the kiosk, and what the log says of it."""

import logging
from pathlib import Path

import numpy as np
import pytest

from engine.runtime import backends, fallback
from engine.runtime.backends import Candidate
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import RunnerError, Tensors
from engine.synthesis import networks
from kiosk import engine_backend
from kiosk.engine_backend import log_standing, open_network, said
from tests.kiosk_client import settings
from tests.tiny_refiner import refiner, refiner_tensors


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(backends, "device_files", list)
    (tmp_path / "refiner_small.onnx").write_bytes(refiner())
    small = networks.RefinerNetwork("refiner-small", tmp_path)
    monkeypatch.setattr(engine_backend, "network", lambda name: small)


def test_the_log_says_which_backend_runs_and_why(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    runner = open_network(settings(), "refiner-small")
    assert runner.name == "cpu"
    assert runner.run(refiner_tensors())["clean"].shape == (2, 6, 16, 16)
    assert [record.getMessage() for record in caplog.records] == [
        "refiner-small: cpu runs the networks; not tensorrt, torch: no NVIDIA GPU on this machine, "
        "or no driver of one: the CPU runs the networks"
    ]


def test_the_log_says_once_that_a_backend_failed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(OnnxRunner):
        def run(self, tensors: Tensors) -> Tensors:
            raise RunnerError("the GPU's memory is used up")

    candidates = [
        Candidate("tensorrt", lambda: Failing(refiner())),
        Candidate("cpu", lambda: OnnxRunner(refiner())),
    ]
    monkeypatch.setattr(backends.Backends, "candidates", lambda *_: candidates)
    runner = open_network(settings(), "refiner-small")
    assert isinstance(runner, fallback.FallbackRunner)
    for _ in range(2):
        assert np.isfinite(runner.run(refiner_tensors())["clean"]).all()
    said_so = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert said_so == ["tensorrt failed: the GPU's memory is used up; cpu goes on"]


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

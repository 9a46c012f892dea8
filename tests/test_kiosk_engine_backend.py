"""Networks opened for the kiosk, and what the log says of it."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from engine.runtime import backends
from engine.runtime.backends import Backends, Candidate, Choice
from engine.runtime.kept import Kept
from engine.runtime.runner import RunnerError, Tensors
from engine.synthesis import networks
from engine.synthesis import wholes as room
from engine.synthesis.batch import LACK
from engine.synthesis.look import Look
from engine.synthesis.refiner import Crop, Refiner, Shelf
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.whole import WholeSynthesizer
from engine.synthesis.wholes import Wholes
from kiosk import engine_backend
from kiosk.engine_backend import Networks, log_standing, on_gpu
from kiosk.metrics import Metrics
from tests.fake_refiner import install
from tests.graph_utils import persona
from tests.kiosk_client import settings
from tests.portrait_utils import motion
from tests.refiner_onnx_utils import refiner


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(backends, "device_files", list)
    (tmp_path / "refiner_small.onnx").write_bytes(refiner())
    small = networks.RefinerNetwork("refiner-small", tmp_path)
    monkeypatch.setattr(engine_backend, "network", lambda name: small)


class Made:
    """A GPU's process that is not ready; keeps how it was made."""

    all: ClassVar[list["Made"]] = []

    def __init__(self, make: partial[Choice], metrics: Metrics, name: str) -> None:
        assert make.func is on_gpu and make.args[1] == name
        self.name = name
        self.nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.answers = self.closed = False
        self.waited = 0
        self.all.append(self)

    def expect(self, kept: Kept) -> None: ...

    def check(self) -> None:
        if not self.answers:
            raise RunnerError("the GPU's process is still being started")

    def run(self, tensors: Tensors) -> Tensors:
        self.check()
        return tensors

    def warmup(self) -> None:
        self.waited += 1
        raise RunnerError("the GPU's process could not start: run kiosk doctor")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a GPU and the small refiner; whoever touches the driver fails."""

    def touched() -> None:
        raise AssertionError("the kiosk's own process touched the GPU")

    monkeypatch.setattr(backends, "device_files", lambda: ["nvidia0"])
    monkeypatch.setattr(backends, "CudaDevice", touched)
    monkeypatch.setattr(backends, "library", touched)
    monkeypatch.setattr(Made, "all", [])
    monkeypatch.setattr(engine_backend, "GpuProcess", Made)
    install(tmp_path / "weights", monkeypatch)
    small = networks.RefinerNetwork("refiner-small", tmp_path / "weights")
    monkeypatch.setattr(engine_backend, "network", lambda name: small)


@pytest.fixture
def wholes() -> Wholes:
    return Wholes()


def crop(refined: Refiner) -> Crop:
    half = refined.side_px // 2
    picture = np.zeros((6, half, half), np.float32)
    return Crop(picture, picture[:2], picture, picture, np.zeros(55, np.float32), 1)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(("files", "wish"), [([], "auto"), (["nvidia0"], "cpu")])
def test_without_a_gpu_or_its_wish_the_engine_opens_its_networks_itself(
    monkeypatch: pytest.MonkeyPatch, files: list[str], wish: str
) -> None:
    monkeypatch.setattr(backends, "device_files", lambda: files)
    shelf = Shelf()
    opened = Networks(settings(engine__backend=wish), Metrics(), shelf)
    refined = shelf.take("small")
    assert isinstance(refined, Refiner) and not refined.batches
    assert Made.all == [] and not opened.answer
    opened.wait()
    opened.close()


@pytest.mark.usefixtures("gpu")
def test_with_a_gpu_networks_run_there_and_the_cpu_stands_in() -> None:
    shelf, metrics = Shelf(), Metrics()
    opened = Networks(settings(), metrics, shelf)
    refined = shelf.take("small")
    assert isinstance(refined, Refiner) and not refined.joins, "the CPU stands in"
    assert metrics.gpu_fallbacks.labels("cpu")._value.get() == 0
    assert np.isfinite(refined.run([crop(refined)])[0]).all()
    assert metrics.gpu_fallbacks.labels("cpu")._value.get() == 1
    (made,) = Made.all
    assert not opened.answer, "so nothing is drawn in one pass, nor measured so"
    made.answers = True
    assert opened.answer and refined.joins
    opened.wait()
    assert made.waited == 1
    opened.close()
    assert made.closed


@pytest.mark.usefixtures("gpu")
def test_whole_pictures_run_there_too_each_kind_in_a_process_that_ends_with_it(
    monkeypatch: pytest.MonkeyPatch, wholes: Wholes
) -> None:
    monkeypatch.setattr(room, "OPEN_MOST", 1)
    metrics = Metrics()
    opened = Networks(settings(), metrics, Shelf(), wholes=wholes)
    spare = Synthesizer(persona("ada"), OutputFormat(256, 256))
    drawer = wholes.given(spare, Look())
    assert isinstance(drawer, WholeSynthesizer)
    frame = motion(jawOpen=0.4)
    assert np.array_equal(drawer.render(frame), spare.render(frame)), "until it is ready"
    assert metrics.gpu_fallbacks.labels("cpu")._value.get() == 1
    (first,) = Made.all
    assert first.name == "fast-256x256"
    del drawer
    wholes.given(Synthesizer(persona("ada"), OutputFormat(256, 258)), Look())
    second = Made.all[1]
    assert (second.name, first.closed, second.closed) == ("fast-256x258", True, False)
    second.answers = True
    assert opened.answer, "what was closed is not asked any more"
    opened.close()
    assert second.closed
    assert wholes.given(spare, Look()) is spare


@pytest.mark.usefixtures("gpu")
def test_who_asks_for_it_with_a_low_priority_does_not_hand_it_down() -> None:
    shelf = Shelf()
    opened = Networks(settings(), Metrics(), shelf)
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def give_way() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15 if mine < 15 else 19)

    with ThreadPoolExecutor(1, initializer=give_way) as dress:
        assert isinstance(dress.submit(shelf.take, "small").result(), Refiner)
    assert [made.nice for made in Made.all] == [mine]
    opened.close()


def test_a_network_that_fails_is_counted_and_told_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics, now = Metrics(), [100.0]
    opened = Networks(settings(), metrics, Shelf(), lambda: now[0])
    opened.mend()
    for now[0] in (100.0, 101.0, 161.0):
        LACK.meet(RunnerError("out of memory"))
    opened.close()
    assert metrics.gpu_fallbacks.labels("warp")._value.get() == 3
    told = [r.getMessage() for r in caplog.records]
    assert told == ["pictures are shown without what the refiner adds: out of memory"] * 2
    with pytest.raises(RunnerError):
        LACK.meet(RunnerError("nobody is told any more"))


class Way:
    """A backend's runner."""

    def __init__(self, fails: bool) -> None:
        self._fails, self.closed = fails, False
        self.inputs, self.metadata = {"x": (None, 2)}, dict[str, str]()

    def run(self, tensors: Tensors) -> Tensors:
        if self._fails and len(tensors["x"]) == 8:
            raise RunnerError("memory is used up")
        return tensors

    def warmup(self) -> None: ...

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("fails", "without", "name"),
    [
        (False, frozenset[str](), "tensorrt"),
        (False, frozenset({"tensorrt"}), "torch"),
        (False, frozenset({"tensorrt", "torch"}), "tensorrt"),
        (True, frozenset[str](), "torch"),
    ],
)
def test_the_best_backend_that_was_not_lost_and_does_every_batch(
    monkeypatch: pytest.MonkeyPatch, fails: bool, without: frozenset[str], name: str
) -> None:
    ways = {"tensorrt": Way(fails), "torch": Way(False)}
    candidates = [
        Candidate("tensorrt", lambda: ways["tensorrt"]),
        Candidate("torch", lambda: ways["torch"]),
        Candidate("cpu", lambda: pytest.fail("the CPU is no GPU")),
    ]
    monkeypatch.setattr(Backends, "candidates", lambda *_: candidates)
    choice = on_gpu(settings().engine.backends(), "refiner-small", without)
    assert choice.name == name
    assert choice.reasons == (("tensorrt: memory is used up",) if fails else ())
    assert ways["tensorrt"].closed == fails


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


@pytest.mark.usefixtures("gpu")
def test_at_start_a_gpu_is_left_to_its_process(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_standing(settings())
    assert "there is a GPU: its process will say" in caplog.text

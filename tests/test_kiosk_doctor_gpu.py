"""The doctor on GPUs: machines with and without, their plans whole or not."""

from pathlib import Path

import pytest

from engine.runtime import backends, plan_build, plans
from engine.runtime.cuda import DeviceFacts, NoDeviceError
from engine.runtime.plan_build import build_plan
from engine.runtime.runner import RunnerError
from engine.runtime.tensorrt_library import PlanError
from engine.synthesis.networks import network
from kiosk import doctor_gpu
from kiosk.check import Check
from kiosk.config import Settings
from kiosk.doctor_gpu import CHECKS, driver
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import fake_library
from tests.kiosk_client import settings
from tests.test_engine_runtime_backends import machine

SIZES = {
    "video__width": 256, "video__height": 256,
    "video__portrait_width": 256, "video__portrait_height": 256,
}  # fmt: skip


def found(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in (each(settings) for each in CHECKS)}


@pytest.fixture
def mine(tmp_path: Path) -> Settings:
    return settings(engine__plans_dir=str(tmp_path), **SIZES)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    device = FakeDevice()
    machine(monkeypatch, device)
    monkeypatch.setattr(doctor_gpu, "device_files", lambda: ["nvidia0"])
    monkeypatch.setattr(doctor_gpu, "CudaDevice", lambda: device)
    monkeypatch.setattr(doctor_gpu, "library", lambda: fake_library(device, "tensorrt_rtx"))
    return device


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise PlanError("TensorRT cannot be loaded: .venv/bin/pip install -e '.[gpu]'")

    for room in (doctor_gpu, backends):
        monkeypatch.setattr(room, "device_files", list)
    monkeypatch.setattr(doctor_gpu, "library", missing)


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_nothing_is_wrong(mine: Settings) -> None:
    checks = found(mine)
    assert list(checks) == ["graphics", "tensorrt", "plans", "backend"]
    assert {check.state for check in checks.values()} == {"ok"}
    assert checks["graphics"].detail == "no GPU: none is needed"
    assert checks["backend"].detail.startswith("cpu runs the networks; not tensorrt, torch: no")


@pytest.mark.usefixtures("no_gpu")
def test_a_wish_that_cannot_be_had_fails(tmp_path: Path) -> None:
    asked = settings(engine__backend="tensorrt", engine__plans_dir=str(tmp_path), **SIZES)
    check = found(asked)["backend"]
    assert check.state == "fail"
    assert check.detail.startswith("engine.backend = tensorrt: no NVIDIA GPU")
    assert check.remedy


@pytest.mark.usefixtures("gpu")
def test_a_gpu_with_its_plans_is_fit(mine: Settings, tmp_path: Path) -> None:
    build_plan(tmp_path, network("fast-256x256"), "8.6", "fp16")
    checks = found(mine)
    assert {check.state for check in checks.values()} == {"ok"}, checks
    assert "Pretended, compute capability 8.6, 1.0 GiB" in checks["graphics"].detail
    assert checks["tensorrt"].detail == "tensorrt_rtx 1.7"
    assert checks["plans"].detail.startswith("fast-256x256")
    assert checks["backend"].detail == "tensorrt runs the networks"


@pytest.mark.usefixtures("gpu")
def test_plans_that_are_missing_cut_short_or_damaged_warn(mine: Settings, tmp_path: Path) -> None:
    check = found(mine)["plans"]
    assert (check.state, "no plan of fast-256x256" in check.detail) == ("warn", True)
    assert check.remedy == ("kiosk plan build --sm 86 --precision fp16 --network fast-256x256")
    entry = build_plan(tmp_path, network("fast-256x256"), "8.6", "fp16")
    (tmp_path / entry.file).write_bytes(b"")
    assert "has 0 of" in found(mine)["plans"].detail
    (tmp_path / plans.MANIFEST_NAME).write_text("{")
    damaged = found(mine)["plans"]
    assert (damaged.state, damaged.remedy) == ("warn", "kiosk plan build")


def test_a_card_or_version_that_changed_warns(
    mine: Settings, tmp_path: Path, gpu: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plan(tmp_path, network("fast-256x256"), "8.6", "fp16")
    other = FakeDevice(capability="8.9")
    monkeypatch.setattr(doctor_gpu, "CudaDevice", lambda: other)
    assert "is for cards of compute capability 8.6, this one has 8.9" in found(mine)["plans"].detail
    monkeypatch.setattr(doctor_gpu, "CudaDevice", lambda: gpu)
    newer = fake_library(gpu, "tensorrt_rtx")
    newer.module.__version__ = "1.8"
    monkeypatch.setattr(plan_build, "library", lambda: newer)
    assert "built by TensorRT 1.7, 1.8 is installed" in found(mine)["plans"].detail


@pytest.mark.usefixtures("gpu")
def test_a_gpu_without_a_driver_or_tensorrt_warns(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undriven() -> None:
        raise NoDeviceError("no NVIDIA driver on this machine: install one for CUDA 13.5")

    def missing() -> None:
        raise PlanError("TensorRT cannot be loaded: .venv/bin/pip install -e '.[gpu]'")

    for room in (doctor_gpu, backends):
        monkeypatch.setattr(room, "CudaDevice", undriven)
        monkeypatch.setattr(room, "library", missing)
    checks = found(mine)
    assert {name: check.state for name, check in checks.items()} == dict.fromkeys(checks, "warn")
    assert checks["graphics"].detail == "nvidia0: no NVIDIA driver on this machine"
    assert checks["graphics"].remedy == "install one for CUDA 13.5"
    assert checks["backend"].remedy == ".venv/bin/pip install -e '.[gpu]'"


@pytest.mark.usefixtures("no_gpu")
def test_plans_for_other_machines_are_whole_or_not(mine: Settings, tmp_path: Path) -> None:
    content = b"plan"
    entry = plans.PlanEntry(
        "a.plan", "fast-256x256", "0", "tensorrt_rtx", "1.7", "8.6", "fp16", {},
        len(content), plans.sha256(content), "2026-01-01T00:00:00+00:00", {},
    )  # fmt: skip
    path = plans.keep(tmp_path, content, entry)
    assert found(mine)["plans"].detail.startswith("1 for other machines")
    path.write_bytes(b"pla")
    check = found(mine)["plans"]
    assert (check.state, check.detail) == ("warn", "a.plan has 3 of 4 bytes")


def test_the_driver_tells_its_version_where_it_can(tmp_path: Path) -> None:
    facts = DeviceFacts("RTX 3060", "8.6", 12, "13.0")
    file = tmp_path / "version"
    assert driver(facts, file) == "driver for CUDA 13.0"
    file.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Release\nGCC\n")
    assert driver(facts, file) == "driver 580.65.06 for CUDA 13.0"
    file.write_text("")
    assert driver(facts, file) == "driver for CUDA 13.0"


def test_a_network_that_cannot_be_had_is_a_finding(
    mine: Settings, gpu: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise RunnerError("no such network: install the project again")

    monkeypatch.setattr(plan_build, "wanted", lost)
    assert found(mine)["plans"].remedy == "install the project again"
    assert gpu.live == {}


@pytest.mark.usefixtures("gpu")
def test_a_look_of_which_nothing_runs_on_a_gpu_is_told(tmp_path: Path) -> None:
    plain = settings(
        engine__plans_dir=str(tmp_path), look__preset="balanced", look__inference_steps=0, **SIZES
    )
    checks = found(plain)
    assert checks["backend"] == Check("backend", "ok", "cpu: nothing in this look runs on a GPU")
    assert checks["plans"].state == "ok"

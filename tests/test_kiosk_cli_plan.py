"""``kiosk plan``, on pretended machines."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.runtime import backends, cuda_device, plan_build, tensorrt, tensorrt_library
from engine.runtime.cuda import NoDeviceError
from engine.runtime.plans import read_manifest
from engine.runtime.tensorrt_library import PlanError
from kiosk import cli, plan_verify
from kiosk.plan_verify import Latency, Verdict
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import FakeEngine, fake_library, plan_bytes

Capture = pytest.CaptureFixture[str]
SIZE = ("--network", "fast", "--size", "256x256")
PLAN = "fast-256x256-fp16-sm86-tensorrt_rtx-1.7.plan"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Configured as the plans' folder, and empty; no GPU, but TensorRT for RTX."""
    (tmp_path / "kiosk.toml").write_text('[engine]\nplans_dir = "plans"\n')
    monkeypatch.setenv("KIOSK_CONFIG", str(tmp_path / "kiosk.toml"))
    monkeypatch.chdir(tmp_path)

    def undriven() -> None:
        raise NoDeviceError("no NVIDIA driver on this machine: install one")

    loaded = fake_library(FakeDevice(), "tensorrt_rtx")
    for room in (plan_build, tensorrt_library):
        monkeypatch.setattr(room, "library", lambda: loaded)
    monkeypatch.setattr(cuda_device, "CudaDevice", undriven)
    monkeypatch.setattr(backends, "device_files", list)
    monkeypatch.setattr(tensorrt, "build", lambda *_: plan_bytes())
    return tmp_path / "plans"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> FakeDevice:
    device = FakeDevice()
    loaded = fake_library(device, "tensorrt_rtx")
    monkeypatch.setattr(tensorrt_library, "library", lambda: loaded)
    monkeypatch.setattr(cuda_device, "CudaDevice", lambda: device)
    monkeypatch.setattr(backends, "device_files", lambda: ["nvidia0"])
    monkeypatch.setattr("engine.runtime.tensorrt_run.library", lambda: loaded)
    monkeypatch.setattr("engine.runtime.tensorrt_run.CudaDevice", lambda index: device)
    return device


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(["plan", *arguments])
    return int(caught.value.code or 0)


def test_plans_are_built_for_several_cards_and_listed(folder: Path, capsys: Capture) -> None:
    assert run("build", "--sm", "86", "--sm", "120", *SIZE) == 0
    assert "built in" in capsys.readouterr().err
    assert [entry.capability for entry in read_manifest(folder)] == ["12.0", "8.6"]
    assert run("list") == 0
    assert capsys.readouterr().out.count(" whole, for another machine\n") == 2
    (folder / PLAN).write_bytes(b"")
    assert run("list", "--json") == 0
    rows = {row["file"]: row["fault"] for row in json.loads(capsys.readouterr().out)}
    assert rows[PLAN] == f"{PLAN} has 0 of {len(plan_bytes())} bytes"


@pytest.mark.usefixtures("gpu")
def test_a_plan_for_the_card_that_is_here_is_fit(capsys: Capture) -> None:
    run("build", "--sm", "86", *SIZE)
    capsys.readouterr()
    assert run("list") == 0
    assert capsys.readouterr().out.endswith(" fit\n")


def test_networks_that_do_not_exist_are_skipped_with_a_line(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.synthesis.networks.REFINERS", {"refiner-small": "none.onnx"})
    folder.mkdir()
    (folder / "recipe.toml").write_text('networks = ["fast", "refiner-small"]\n')
    assert run("build", "--sm", "8.6", "--size", "256x256", "--precision", "fp32", "--json") == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert [entry["network"] for entry in told["built"]] == ["fast-256x256"]
    assert told["built"][0]["precision"] == "fp32"
    assert told["skipped"][0]["network"] == "refiner-small"
    assert "skipped: refiner-small: no none.onnx" in err
    assert run("build", "--sm", "86", "--network", "refiner-small") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "for which card? there is none here (no NVIDIA driver on this machine: install one)"),
        (("--sm", "rtx"), "'rtx' is no compute capability: give one such as 86"),
        (("--sm", "86", "--precision", "int8"), "--precision int8: give fp16 or fp32"),
        (("--sm", "86", "--network", "motion"), "no network 'motion'"),
        (("--sm", "86", "--size", "big"), "size 'big': give width and height"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(
    capsys: Capture, arguments: tuple[str, ...], words: str
) -> None:
    assert run("build", *arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("kiosk: ")
    assert words in told
    assert told.count("\n") == 1


def test_without_tensorrt_the_remedy_is_told(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise PlanError("TensorRT cannot be loaded: .venv/bin/pip install -e '.[gpu]'")

    monkeypatch.setattr(tensorrt_library, "library", missing)
    assert run("build", "--sm", "86") == 2
    assert ".venv/bin/pip install -e '.[gpu]'" in capsys.readouterr().err
    assert run("list") == 0
    assert "no plans in plans: kiosk plan build makes them" in capsys.readouterr().out


def test_a_damaged_manifest_is_told(folder: Path, capsys: Capture) -> None:
    folder.mkdir()
    (folder / "manifest.json").write_text("{")
    assert run("list") == 2
    assert "is damaged" in capsys.readouterr().err


@pytest.mark.usefixtures("gpu")
def test_the_card_that_is_here_is_built_for(folder: Path) -> None:
    assert run("build", *SIZE) == 0
    assert [entry.capability for entry in read_manifest(folder)] == ["8.6"]


def test_verifying_says_kindly_that_it_needs_a_gpu(capsys: Capture) -> None:
    assert run("verify") == 1
    assert "plans are verified on a machine with the GPU they are for" in capsys.readouterr().err
    assert run("verify", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert "no NVIDIA GPU on this machine" in told["reason"]


@pytest.mark.parametrize(("off", "code"), [(0.5, 0), (3.0, 1)])
def test_plans_for_this_card_are_verified(
    gpu: FakeDevice, capsys: Capture, monkeypatch: pytest.MonkeyPatch, off: float, code: int
) -> None:
    def verdict(*_: object) -> Verdict:
        return Verdict("picture", off, 2.0, (Latency(1, 5.5, 6.0, 4.0),))

    monkeypatch.setattr(plan_verify, "verify", verdict)
    assert run("verify") == 1
    assert "no plans for this card (8.6): kiosk plan build" in capsys.readouterr().err
    run("build", "--sm", "86", "--sm", "89", *SIZE)
    capsys.readouterr()
    assert run("verify") == code
    told = capsys.readouterr().out
    assert told.startswith(f"{PLAN}: {'fails' if code else 'ok'}: off by {off} of 2.0 grey levels")
    assert "1: 5.5 ms" in told
    assert gpu.live == {}
    assert run("verify", "--json") == code
    row = json.loads(capsys.readouterr().out)["plans"][0]
    assert row["latencies"] == [{"batch": 1, "median_ms": 5.5, "p95_ms": 6.0, "gpu_ms": 4.0}]


def test_a_plan_that_does_not_load_fails_the_verification(
    gpu: FakeDevice, folder: Path, capsys: Capture
) -> None:
    run("build", "--sm", "86", *SIZE)
    gpu.room_bytes = 10
    capsys.readouterr()
    assert run("verify") == 1
    assert "fails: the GPU's memory is used up" in capsys.readouterr().out
    (folder / PLAN).write_bytes(b"cut")
    assert run("verify") == 1
    assert "fails: " in capsys.readouterr().out


def test_a_plan_is_inspected(capsys: Capture) -> None:
    run("build", "--sm", "86", *SIZE)
    capsys.readouterr()
    assert run("inspect", PLAN) == 0
    out = capsys.readouterr().out
    assert "capability    8.6" in out
    assert "layers_reason no NVIDIA GPU on this machine" in out
    assert run("inspect", f"plans/{PLAN}", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["fault"], told["layers"]) == ("", None)
    (Path("plans") / PLAN).write_bytes(b"cut")
    assert run("inspect", PLAN) == 1
    assert f"{PLAN} has 3 of" in capsys.readouterr().out
    assert run("inspect", "other.plan") == 2
    assert "is not in the manifest of plans: see kiosk plan list" in capsys.readouterr().err


def test_its_layers_are_told_where_its_gpu_is(
    gpu: FakeDevice, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector = SimpleNamespace(
        get_engine_information=lambda form: json.dumps({"Layers": [{"Name": "conv"}, "silu"]})
    )
    monkeypatch.setattr(FakeEngine, "create_engine_inspector", lambda e: inspector, raising=False)
    module = tensorrt_library.library().module
    monkeypatch.setattr(module, "LayerInformationFormat", SimpleNamespace(JSON=1), raising=False)
    run("build", *SIZE)
    capsys.readouterr()
    assert run("inspect", PLAN, "--json") == 0
    assert json.loads(capsys.readouterr().out)["layers"] == [{"Name": "conv"}, {"Name": "silu"}]
    assert run("inspect", PLAN) == 0
    assert "layers        2" in capsys.readouterr().out
    assert gpu.live == {}

"""What the doctor says of networks that are damaged or missing."""

import shutil
from pathlib import Path

import pytest

from engine.runtime import checksums
from engine.synthesis import refiner
from engine.synthesis.refiner import file_name
from kiosk.check import Check
from kiosk.config import load
from kiosk.doctor_weights import CHECKS
from tests.fake_refiner import install, uninstall

REMEDY = "install the project again"


def found(preset: str = "fast") -> dict[str, Check]:
    settings = load(None, {"look.preset": preset}, {})
    return {check.name: check for check in (each(settings) for each in CHECKS)}


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what ships."""
    shutil.copytree(checksums.WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr(checksums.check_all, "__defaults__", (tmp_path / "weights",))
    monkeypatch.setattr(refiner, "WEIGHTS", tmp_path / "weights")
    return tmp_path / "weights"


def test_what_is_whole_is_well(weights: Path) -> None:
    checks = found("quality")
    assert {check.state for check in checks.values()} == {"ok"}
    assert checks["refiners"].detail == "large, small"


@pytest.mark.parametrize(("preset", "state"), [("fast", "warn"), ("balanced", "fail")])
def test_a_refiner_damaged_in_its_middle_is_told(weights: Path, preset: str, state: str) -> None:
    path = weights / file_name("small")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(content)
    checks = found(preset)
    assert checks["weights"].state == "fail"
    assert checks["weights"].detail.startswith(f"{path} is damaged")
    assert checks["weights"].remedy.startswith(REMEDY)
    assert (checks["refiners"].state, checks["refiners"].remedy) == (state, REMEDY)
    assert "refiner_small.onnx is damaged" in checks["refiners"].detail


@pytest.mark.parametrize(("preset", "state"), [("fast", "warn"), ("quality", "fail")])
def test_a_refiner_that_is_missing_is_told_and_fails_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preset: str, state: str
) -> None:
    uninstall(tmp_path, monkeypatch)
    check = found(preset)["refiners"]
    assert check.state == state
    assert check.detail == "large: no refiner installed; small: no refiner installed"
    assert check.remedy == REMEDY


def test_weights_without_sums_are_a_warning(weights: Path) -> None:
    (weights / checksums.NAME).unlink()
    check = found()["weights"]
    assert (check.state, check.remedy) == ("warn", REMEDY)


def test_refiners_of_ones_own_need_no_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    assert found("quality")["refiners"].state == "ok"

"""The recipe, and plans held against this machine."""

from pathlib import Path

import pytest

from engine.runtime import plans
from engine.runtime.runner import RunnerError
from engine.runtime.tensorrt_library import PlanError
from engine.synthesis.networks import REFINERS, network
from kiosk.packages import PROJECT_DIR
from kiosk.plan_list import RECIPE_NAME, Recipe, judged, read_recipe, shipped
from tests.fake_gpu import FakeDevice
from tests.fake_refiner import uninstall
from tests.fake_tensorrt import fake_library

NAME = "synthesis-256x256"
PLAN = b"plan"


def keep(folder: Path, **changes: str) -> Path:
    told = {
        "file": "a.plan", "network": NAME, "model_sha256": network(NAME).identity("fp16"),
        "flavour": "tensorrt_rtx", "version": "1.7", "capability": "8.6", "precision": "fp16",
        "built_at": "2026-01-01T00:00:00+00:00", "sha256": plans.sha256(PLAN),
    } | changes  # fmt: skip
    entry = plans.PlanEntry(ranges={}, size_bytes=len(PLAN), metadata={}, **told)
    return plans.keep(folder, PLAN, entry)


def test_the_recipe_that_ships_can_be_read() -> None:
    assert read_recipe(PROJECT_DIR / "trt_plans") == Recipe()


def test_a_recipe_says_what_all_is(tmp_path: Path) -> None:
    (tmp_path / RECIPE_NAME).write_text('networks = ["synthesis"]\nsizes = ["256x256"]\n')
    recipe = read_recipe(tmp_path)
    assert [each.name for each in recipe.chosen("all", ())] == [NAME]
    assert [e.name for e in recipe.chosen("all", ["360x640"])] == ["synthesis-360x640"]
    assert [e.name for e in recipe.chosen("refiner-small", ())] == ["refiner-small"]
    with pytest.raises(RunnerError, match="no network 'motion'"):
        recipe.chosen("motion", ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("precision = 'int8'", "precision: input should be 'fp16' or 'fp32': correct it"),
        ("sizes = []", "sizes: "),
        ("speed = 1", "speed: extra inputs"),
        ("sizes = [", "correct it, or put it away"),
        ("\x00", "correct it, or put it away"),
    ],
)
def test_a_damaged_recipe_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / RECIPE_NAME).write_text(text)
    with pytest.raises(PlanError, match=words):
        read_recipe(tmp_path)


def test_what_runs_live_are_the_refiners_that_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [each.name for each in Recipe().chosen("all", ())] == ["refiner-small"]
    uninstall(tmp_path, monkeypatch)
    assert shipped() == []
    (tmp_path / REFINERS["refiner-large"]).touch()
    assert [each.name for each in shipped()] == ["refiner-large"]


def test_plans_are_held_against_this_machine(tmp_path: Path) -> None:
    path = keep(tmp_path)
    keep(tmp_path, file="b.plan", capability="8.9")
    keep(tmp_path, file="c.plan", model_sha256="0")
    keep(tmp_path, file="d.plan", network="nothing")
    device = FakeDevice()
    facts, loaded = device.facts, fake_library(device, "tensorrt_rtx")
    faults = {row.entry.file: row.fault for row in judged(tmp_path, facts, loaded)}
    assert faults["a.plan"] == ""
    assert "8.9, this one has 8.6" in faults["b.plan"]
    assert "another network" in faults["c.plan"]
    assert "no network 'nothing'" in faults["d.plan"]
    path.write_bytes(b"pl")
    row = judged(tmp_path, facts, loaded)[0]
    assert row.as_dict()["fault"] == "a.plan has 2 of 4 bytes"


def test_without_a_gpu_they_are_held_against_their_own(tmp_path: Path) -> None:
    keep(tmp_path, capability="12.0", version="9.9")
    assert [row.fault for row in judged(tmp_path, None, None)] == [""]

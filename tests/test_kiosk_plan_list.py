"""The recipe, and plans held against this machine."""

from pathlib import Path

import pytest

from engine.runtime import plans
from engine.runtime.runner import RunnerError
from engine.runtime.tensorrt_library import PlanError
from engine.synthesis.networks import network
from kiosk.packages import PROJECT_DIR
from kiosk.plan_list import RECIPE_NAME, Recipe, judged, live, read_recipe
from tests.fake_gpu import FakeDevice
from tests.fake_tensorrt import fake_library
from tests.kiosk_client import settings

NAME = "fast-256x256"
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
    (tmp_path / RECIPE_NAME).write_text('networks = ["fast"]\nsizes = ["256x256"]\n')
    recipe = read_recipe(tmp_path)
    assert [each.name for each in recipe.chosen("all", ())] == [NAME]
    assert [e.name for e in recipe.chosen("all", ["360x640"])] == ["fast-360x640"]
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


def test_the_recipe_has_whole_pictures_as_large_as_they_are_drawn() -> None:
    names = {each.name for each in Recipe().chosen("all", ())}
    assert names == {
        "fast-512x512", "fast-720x1280", "balanced-512x512", "balanced-720x1280",
        "quality-1024x1024", "quality-720x1280", "refiner-small", "refiner-large",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["fast-256x256", "fast-720x1280"]),
        ({"look__preset": "quality"}, ["quality-512x512", "quality-720x1280", "refiner-large"]),
        ({"look__preset": "fast", "look__inference_steps": 2}, ["refiner-small"]),
        ({"look__preset": "balanced", "look__inference_steps": 0}, []),
    ],
)
def test_what_runs_live_is_what_the_look_asks(changes: dict[str, object], names: list[str]) -> None:
    assert [each.name for each in live(settings(**changes))] == names


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

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.synthesis.look import NO_REFINER, PRESETS, Background, Look, Mark, PresetName
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.fake_refiner import install, uninstall
from tests.graph_utils import persona


def wrong(value: str) -> Any:  # noqa: ANN401  # as an untyped caller gives it
    return value


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: Look(preset=wrong("best")), ("preset", "best", "balanced")),
        (lambda: Look(inference_steps=31), ("inference_steps", "31", "0 to 30")),
        (lambda: Look(inference_steps=-1), ("inference_steps", "-1", "0 to 30")),
        (lambda: Look(inference_steps=True), ("inference_steps", "True", "0 to 30")),
        (lambda: Background(wrong("sky")), ("background.kind", "sky", "transparent")),
        (lambda: Background("colour", "red"), ("background.colour", "red", "#rrggbb")),
        (lambda: Background("colour", "#12345"), ("background.colour", "#12345", "#rrggbb")),
        (lambda: Background("image"), ("background.image", "PNG")),
        (lambda: Mark(position=wrong("middle")), ("mark.position", "middle", "bottom-right")),
        (lambda: Mark(text=""), ("mark.text", "''", "1 to 40")),
        (lambda: Mark(text="a\nb"), ("mark.text", "one line")),
        (lambda: Mark(text="x" * 41), ("mark.text", "1 to 40")),
        (lambda: Mark(on=wrong("no")), ("mark.on", "no", "true and false")),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(
    make: Callable[[], object], names: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    for name in names:
        assert name in str(caught.value)


def test_the_mark_is_on_unless_turned_off() -> None:
    assert Look().mark.on


def test_steps_follow_the_preset_unless_given_and_run_where_the_refiner_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    looks = [Look(preset=preset) for preset in PRESETS]
    assert [(look.steps, look.steps_run) for look in looks] == [(0, 0), (1, 1), (1, 1)]
    assert [look.network for look in looks] == ["small", "small", "large"]
    many = Look(preset="quality", inference_steps=20)
    assert (many.steps, many.steps_run, many.steps_reason) == (20, 20, "")
    assert Look(inference_steps=3).steps_run == 3
    assert Look("quality", 0).steps_run == 0


def test_steps_in_a_cheaper_way_are_those_that_its_name_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    size, rig = OutputFormat(256, 256), persona("ada")
    for look in (Look("quality"), *(Look("balanced", steps) for steps in (0, 1, 3, 4, 20))):
        details = Synthesizer(rig, size, look).details
        told = [look.steps_at(level) for level in range(len(details) + 2)]
        words = {"small": "1", "no": "0", "slow": "0"}
        named = [int(words.get(n.split()[0], n.split()[0])) for n in details]
        assert told == [look.steps, *named, 0]


def test_none_is_claimed_to_run_where_there_is_no_refiner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(tmp_path, monkeypatch)
    look = Look(preset="quality", inference_steps=20)
    assert (look.steps, look.steps_run, look.steps_reason) == (20, 0, NO_REFINER)
    assert Look(inference_steps=0).steps_reason == ""


def test_a_look_that_asks_for_no_step_loads_no_runtime() -> None:
    code = (
        "import sys; from engine.synthesis.look import Look; assert Look().steps_run == 0; "
        "assert 'onnxruntime' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("preset", "asked", "shown"),
    [
        ("fast", (512, 512), (512, 512)),
        ("balanced", (512, 512), (512, 512)),
        ("quality", (512, 512), (1024, 1024)),
        ("quality", (720, 1280), (720, 1280)),
        ("quality", (640, 360), (1280, 720)),
        ("quality", (600, 600), (1024, 1024)),
        ("quality", (1280, 1280), (1280, 1280)),
    ],
)
def test_quality_enlarges_as_far_as_the_portrait_carries(
    preset: PresetName, asked: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert Look(preset=preset).size(*asked) == shown


def test_a_colour_is_read_as_red_green_blue() -> None:
    assert Background("colour", "#FF8001").bgr == (0x01, 0x80, 0xFF)

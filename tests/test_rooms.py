"""The rooms keep to themselves: the engine is pure, training stays out of run time."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
FORBIDDEN_IN_ENGINE = {"kiosk", "asyncio", "aiohttp", "aiortc", "sounddevice", "av", "socket"}
TRAINING_ONLY = {"torch", "scipy", "pocketsphinx", "pyworld"}
TOOLS = {"kiosk.speech.corpus", "kiosk.speech.corpus_espeak"}
"""Made for making: nothing that serves imports them."""
FALLBACK = {"engine.runtime.torch_cuda", "engine.runtime.torch_ops"}
"""PyTorch as a backend: loaded when a GPU is to run a network, and nothing better can."""
SET_UP_ONLY = {"onnx", "flatbuffers"}
"""Installed, and not to be waited for when the kiosk starts."""
LONGEST_FILE_LINES = 300


def sources(room: str) -> list[Path]:
    return sorted((PROJECT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules that a file imports, in full, what it takes from them, and their top levels."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names | {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", sources("engine"), ids=lambda p: str(p.relative_to(PROJECT)))
def test_the_engine_is_pure(path: Path) -> None:
    allowed = {"av"} if "train" in path.relative_to(PROJECT).parts else set()  # codecs, in memory
    assert not imported(path) & (FORBIDDEN_IN_ENGINE - allowed)


@pytest.mark.parametrize(
    "path", sources("engine") + sources("kiosk"), ids=lambda p: str(p.relative_to(PROJECT))
)
def test_nothing_at_run_time_needs_what_only_training_needs(path: Path) -> None:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    if {"train", "bench"} & set(parts) or ".".join(parts) in TOOLS:
        pytest.skip("a tool of training or measuring")
    modules = imported(path) - ({"torch", "torch.nn"} if ".".join(parts) in FALLBACK else set())
    assert not modules & (TRAINING_ONLY | TOOLS)
    assert not [name for name in modules if name.startswith("engine.train")]


def test_the_server_starts_without_what_only_set_up_needs() -> None:
    code = "import sys, kiosk.app, kiosk.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert not set(loaded.stdout.split()) & (SET_UP_ONLY | TRAINING_ONLY)


def written() -> list[Path]:
    """What we write by hand."""
    rooms = [PROJECT / room for room in ("engine", "examples", "kiosk", "tests", "static")]
    files = [path for room in rooms for path in sorted(room.rglob("*"))]
    return [path for path in files if path.suffix in (".py", ".js", ".css", ".html")]


@pytest.mark.parametrize("path", written(), ids=lambda p: str(p.relative_to(PROJECT)))
def test_files_say_one_thing(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE_LINES

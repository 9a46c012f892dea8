"""The rooms keep to themselves: the engine is pure, training stays out of run time."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
FORBIDDEN_IN_ENGINE = {"kiosk", "asyncio", "aiohttp", "aiortc", "sounddevice", "av", "socket"}
TRAINING_ONLY = {"torch", "scipy", "pocketsphinx", "pyworld"}
TOOLS = ("bake.py", "corpus.py", "corpus_espeak.py")
"""Made for making: nothing that serves imports them."""
LONGEST_FILE_LINES = 300


def sources(room: str) -> list[Path]:
    return sorted((PROJECT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level names of the modules that a file imports, and the engine's rooms in full."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names | {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", sources("engine"), ids=lambda p: str(p.relative_to(PROJECT)))
def test_the_engine_is_pure(path: Path) -> None:
    allowed = {"av"} if "train" in path.relative_to(PROJECT).parts else set()  # codecs, in memory
    assert not imported(path) & (FORBIDDEN_IN_ENGINE - allowed)


@pytest.mark.parametrize(
    "path", sources("engine") + sources("kiosk"), ids=lambda p: str(p.relative_to(PROJECT))
)
def test_nothing_at_run_time_needs_what_only_training_needs(path: Path) -> None:
    if {"train", "bench"} & set(path.relative_to(PROJECT).parts) or path.name in TOOLS:
        pytest.skip("a tool of training, baking or measuring")
    modules = imported(path)
    assert not modules & TRAINING_ONLY
    tools = [name for name in modules if name.startswith("engine.train") or f"{name}.py" in TOOLS]
    assert not tools


def written() -> list[Path]:
    """What we write by hand."""
    rooms = [PROJECT / room for room in ("engine", "kiosk", "tests", "static")]
    files = [path for room in rooms for path in sorted(room.rglob("*"))]
    return [path for path in files if path.suffix in (".py", ".js", ".css", ".html")]


@pytest.mark.parametrize("path", written(), ids=lambda p: str(p.relative_to(PROJECT)))
def test_files_say_one_thing(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE_LINES

"""No file of the engine, the server or the page refers to a host outside."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
ROOMS = ("engine", "kiosk", "static")
SUFFIXES = {".py", ".js", ".html", ".css", ".svg", ".json", ".toml"}
ADDRESS = re.compile(r"\b(?:https?|wss?|stuns?|turns?):(?://)?\[?([\w.-]+)", re.IGNORECASE)

LOCAL = {"localhost", "127.0.0.1", "::1"}
NAMES_NOT_ADDRESSES = {"www.w3.org"}
"""XML namespaces: compared, never fetched."""

DOCUMENTS = {"www.rfc-editor.org", "datatracker.ietf.org", "doi.org", "arxiv.org"}
"""Sources named in comments and docstrings; allowed in Python only, which a browser never reads."""

EXAMPLES = ("example", "example.com", "example.org")


def allowed(host: str, path: Path) -> bool:
    host = host.lower().rstrip(".")
    if host in LOCAL or host in NAMES_NOT_ADDRESSES:
        return True
    if any(host == name or host.endswith(f".{name}") for name in EXAMPLES):
        return True
    return host in DOCUMENTS and path.suffix == ".py"


def outside(text: str, path: Path) -> list[str]:
    return [host for host in ADDRESS.findall(text) if "." in host and not allowed(host, path)]


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_refers_to_an_outside_host(room: str) -> None:
    found = {
        str(path.relative_to(PROJECT)): hosts
        for path in sorted((PROJECT / room).rglob("*"))
        if path.suffix in SUFFIXES
        and "__pycache__" not in path.parts
        and (hosts := outside(path.read_text(encoding="utf-8"), path))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        'fetch("https://cdn.jsdelivr.net/npm/x")',
        "stun:stun.l.google.com:19302",
        "new WebSocket('wss://api.acme.io/v1')",
        "turn:relay.acme.io",
        "<script src='http://10.1.2.3/x.js'>",
    ],
)
def test_an_outside_host_would_be_found(text: str) -> None:
    assert outside(text, Path("page.js"))


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8080",
        "http://127.0.0.1:9000/whep",
        'xmlns="http://www.w3.org/2000/svg"',
        "https://hall.example/page",
        "iceServers: []",
        "the turn: nearest to the hint",
    ],
)
def test_what_is_local_or_a_name_is_allowed(text: str) -> None:
    assert not outside(text, Path("page.js"))

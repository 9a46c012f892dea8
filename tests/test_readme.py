"""The documents tell the truth: what they list is what the code has."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from pydantic import BaseModel

from kiosk.config import Settings
from kiosk.config_sources import SECRET_KEYS, allowed
from kiosk.openapi import document

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def part(name: str) -> str:
    """What stands between the marks of *name*."""
    return README.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0].strip()


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines)


def shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return (
        f'`"{value}"`'
        if isinstance(value, str)
        else f"`{list(value) if isinstance(value, tuple) else value}`"
    )


def configuration() -> str:
    rows = []
    for section, field in Settings.model_fields.items():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            continue
        for key, info in field.annotation.model_fields.items():
            rows.append(
                (
                    f"`{section}.{key}`",
                    shown(info.default),
                    allowed(info),
                    (info.description or "").replace("``", "`"),
                )
            )
    return table(("key", "default", "allowed", "meaning"), rows)


def test_the_configuration_table_is_the_settings() -> None:
    assert part("configuration") == configuration()


def test_every_setting_has_a_meaning() -> None:
    assert "|  |" not in configuration()
    assert "server.token" in SECRET_KEYS


def problems(files: Iterable[Path]) -> dict[str, set[str]]:
    """Codes in the source, with their statuses."""
    found: dict[str, set[str]] = {}
    for file in files:
        text = file.read_text(encoding="utf-8")
        for status, code in re.findall(r'ProblemError\(\s*(\d{3}),\s*"([a-z0-9_]+)"', text):
            found.setdefault(code, set()).add(status)
    return found


def test_every_code_of_a_problem_is_listed_with_its_status() -> None:
    listed = dict(re.findall(r"(?m)^\| `(\w+)` \| (\d{3}) \|", part("codes")))
    for code, statuses in problems((PROJECT / "kiosk").rglob("*.py")).items():
        assert listed.get(code) in statuses, f"add {code} ({statuses}) to the README"


def photo_codes() -> set[str]:
    """Codes by which a photo is refused."""
    found = set()
    for file in sorted((PROJECT / "engine" / "portrait").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:Finding|PhotoError)\(\s*"([a-z_]+)"', text))
    return found


def test_every_code_of_a_refused_photo_is_listed() -> None:
    for code in photo_codes():
        assert f"`{code}`" in README, code


def test_every_path_is_listed() -> None:
    for path in document()["paths"]:
        assert path.replace("/{session}", "") in README, path


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "THIRD_PARTY.md"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("https://"):
                assert (PROJECT / target).exists(), f"{name}: {target}"


def dependencies() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"].values()
    listed = [*project["dependencies"], *(name for extra in optional for name in extra)]
    return sorted({re.split(r"[\[<>=;~! ]", name)[0].lower() for name in listed})


@pytest.mark.parametrize("name", dependencies())
def test_every_dependency_is_in_the_bill_of_materials(name: str) -> None:
    listed = (PROJECT / "THIRD_PARTY.md").read_text(encoding="utf-8").lower()
    assert f"| {name} |" in listed

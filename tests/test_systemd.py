"""The systemd units hold what they must, and systemd understands them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent / "systemd"
ENGINE = UNITS / "sonic-kiosk.service"
SCREEN = UNITS / "sonic-kiosk-screen.service"
MAX_EXPOSURE = 20
"""Tenths: systemd calls up to 2.0 "OK"."""

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def settings(unit: Path) -> dict[str, list[str]]:
    """The unit's settings; a key may stand several times."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if match := re.match(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def stand_in(unit: Path, folder: Path) -> Path:
    """The unit with a program that exists everywhere, since ours is not installed here."""
    text = re.sub(r"(?m)^ExecStart=/\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"))
    copy = folder / unit.name
    copy.write_text(text, encoding="utf-8")
    return copy


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"}
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@needs_analyze
@pytest.mark.parametrize(("unit", "scope"), [(ENGINE, "--system"), (SCREEN, "--user")])
def test_systemd_understands_the_unit(tmp_path: Path, unit: Path, scope: str) -> None:
    done = analyze(tmp_path, scope, "verify", str(stand_in(unit, tmp_path)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_analyze
def test_the_engine_is_little_exposed(tmp_path: Path) -> None:
    unit = stand_in(ENGINE, tmp_path)
    done = analyze(tmp_path, "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}", str(unit))
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_the_engine_is_watched_and_comes_back() -> None:
    unit = settings(ENGINE)
    assert unit["Type"] == ["notify"]
    assert unit["WatchdogSec"] == ["10"]
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["IPAddressDeny"] == ["any"]


def test_a_gpu_is_reached_whatever_its_driver_calls_itself() -> None:
    allowed = settings(ENGINE)["DeviceAllow"]
    # /proc/devices: the first two since version 545, the third before, the last always.
    for name in ("nvidia", "nvidiactl", "nvidia-frontend", "nvidia-uvm"):
        assert f"char-{name} rw" in allowed


def test_the_engine_runs_this_program_from_where_the_readme_installs_it() -> None:
    unit = settings(ENGINE)
    readme = (UNITS.parent / "README.md").read_text(encoding="utf-8")
    assert unit["ExecStart"] == ["/opt/sonic-kiosk/.venv/bin/python -m kiosk serve"]
    for path in (unit["WorkingDirectory"][0], "/etc/sonic-kiosk/kiosk.toml"):
        assert path in readme


def test_the_screen_is_a_kiosk_that_plays_at_once_and_comes_back() -> None:
    unit = settings(SCREEN)
    (command,) = unit["ExecStart"]
    assert "--kiosk http://localhost:" in command
    for flag in (
        "--autoplay-policy=no-user-gesture-required",
        "--disable-session-crashed-bubble",
        "--noerrdialogs",
        "--no-first-run",
    ):
        assert flag in command.split()
    assert unit["Restart"] == ["always"]

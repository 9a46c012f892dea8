"""A viseme detector to compare with: npm's ``@met4citizen/headaudio`` (MIT), run in Node.

It is a worklet for browsers; ``headaudio.mjs`` beside this file feeds it.
"""

import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import MOTION_RATE_HZ, MOTION_STEP_SAMPLES, SAMPLE_RATE_HZ
from engine.train.readback import CLASS_OF, CLASSES, Labels, accuracy
from kiosk.bench.material import MissingError

PACKAGE: Final = "@met4citizen/headaudio@0.1.0"
HARNESS: Final = Path(__file__).with_name("headaudio.mjs")
TIMEOUT_S: Final = 300.0

NUMBERS: Final = tuple(
    CLASSES.index(name)
    for name in (
        "aa", "E", "ih", "oh", "ou", "PP", "SS", "TH", "DD", "FF", "kk", "nn", "RR", "CH", "sil",
    )
)  # fmt: skip
"""Its viseme numbers, as indices of our classes."""

_ITS_OWN: Final = {"SS": "ʃʒɕʑçʝxɣh", "RR": "lɫjwɾɽ", "E": "ɜʌəɚɘ", "ou": "ɤ", "ih": "yʏɨ"}

ITS_CLASS_OF: Final[dict[str, int]] = CLASS_OF | {
    symbol: CLASSES.index(name) for name, symbols in _ITS_OWN.items() for symbol in symbols
}
"""Its own map of sounds to classes (appendix A of its README), where it differs from ours."""

LAGS_STEPS: Final = range(-3, 11)
"""How late it may be, 20 ms each: it is given its best."""


@contextmanager
def package(folder: Path | None) -> Iterator[Path]:
    """The unpacked package: *folder*, or fetched by npm into a temporary one.

    Raises:
        MissingError: no Node, no npm, or no way to the registry.
    """
    if shutil.which("node") is None:
        raise MissingError("install Node (apt install nodejs npm) to compare with headaudio")
    if folder is not None:
        if not (folder / "dist" / "headworklet.min.mjs").is_file():
            raise MissingError(f"--headaudio {folder}: give the unpacked package, with dist/ in it")
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield _fetched(Path(made))


def _fetched(folder: Path) -> Path:
    remedy = f"npm pack {PACKAGE}, unpack it, and give --headaudio FOLDER"
    try:
        subprocess.run(
            ["npm", "pack", PACKAGE], cwd=folder, capture_output=True, check=True, timeout=60
        )
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
    except (OSError, subprocess.SubprocessError, StopIteration, tarfile.TarError) as error:
        raise MissingError(f"cannot fetch headaudio: {remedy}") from error
    return folder / "package"


def detect(folder: Path, sounds: Sequence[FloatArray]) -> list[Labels]:
    """The class it says at every motion step of *sounds*, at the engine's rate.

    Raises:
        MissingError: it did not run.
    """
    with tempfile.TemporaryDirectory() as made:
        paths = [Path(made) / f"{i}.f32" for i in range(len(sounds))]
        for path, samples in zip(paths, sounds, strict=True):
            path.write_bytes(samples.astype("<f4").tobytes())
        try:
            done = subprocess.run(
                ["node", str(HARNESS), str(folder), str(SAMPLE_RATE_HZ)],
                input="".join(f"{path}\n" for path in paths),
                capture_output=True, text=True, check=True, timeout=TIMEOUT_S,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingError(f"headaudio did not run ({error}): give --headaudio") from error
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        steps_of(answer, len(samples) // MOTION_STEP_SAMPLES)
        for answer, samples in zip(answers, sounds, strict=True)
    ]


def steps_of(events: Sequence[tuple[float, int]], steps: int) -> Labels:
    """Classes at the motion steps from (time in seconds, its number; -1 goes on as before)."""
    out = np.zeros(steps, np.int64)
    for at_s, number in events:
        if number >= 0:
            out[max(0, int(np.ceil(at_s * MOTION_RATE_HZ))) :] = NUMBERS[number]
    return out


def shifted(read: Labels, steps: int) -> Labels:
    """*read*, *steps* earlier; the last class goes on."""
    if steps >= 0:
        return np.concatenate((read[steps:], np.repeat(read[-1:], min(steps, len(read)))))
    return np.concatenate((np.zeros(-steps, np.int64), read[:steps]))


def at_best(read: Sequence[Labels], said: Sequence[Labels]) -> tuple[list[Labels], float]:
    """*read* moved by the one lag that suits all best, and that lag in milliseconds."""
    fits = [accuracy([shifted(r, lag) for r in read], said) for lag in LAGS_STEPS]
    lag = LAGS_STEPS[int(np.argmax(fits))]
    return [shifted(r, lag) for r in read], 1000 * lag / MOTION_RATE_HZ

"""Whether weights are as they were made: their SHA-256 sums, in a file beside them.

A network damaged in the middle of its numbers still loads, and draws wrongly. The file is in the
format of ``sha256sum``, so that ``sha256sum --check SHA256SUMS`` reads it too; after weights were
made anew it is written again:

    python -m engine.runtime.checksums
"""

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.runtime.runner import RunnerError

NAME: Final = "SHA256SUMS"
WEIGHTS: Final = Path(__file__).parent.parent / "weights"
SUFFIXES: Final = (".npz", ".onnx")
"""Of files that hold weights."""


class DamageError(RunnerError):
    """A file is not the one whose sum is written down; the message names the remedy."""


def listed(folder: Path) -> Mapping[str, str]:
    """The sums that are written down in *folder*, by the file's name; none if nothing is.

    Raises:
        DamageError: they cannot be read.
    """
    path = folder / NAME
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        pairs = [line.split(maxsplit=1) for line in lines if line]
        return {name.removeprefix("*"): told for told, name in pairs}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DamageError(f"{path} cannot be read ({error}): install the project again") from None


def check(path: Path) -> None:
    """See whether the file at *path* is as it was made; one whose sum nobody wrote down is.

    Raises:
        DamageError: it is another, or cannot be read.
    """
    wanted = listed(path.parent).get(path.name)
    if wanted is None:
        return
    try:
        found = _sum(path)
    except OSError as error:
        raise DamageError(f"{path} cannot be read ({error}): install the project again") from None
    if found != wanted:
        raise DamageError(
            f"{path} is damaged, or not the one of {NAME}: install the project again, or, if it "
            "was made anew, run python -m engine.runtime.checksums"
        )


def check_all(folder: Path = WEIGHTS) -> int:
    """See whether every file whose sum is written down in *folder* is as it was made.

    Returns:
        How many there are.

    Raises:
        DamageError: one is another, or missing.
    """
    names = listed(folder)
    for name in names:
        check(folder / name)
    return len(names)


def write(folder: Path = WEIGHTS) -> Path:
    """Write down the sums of all weights in *folder*; returns where."""
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    out = folder / NAME
    out.write_text("".join(f"{_sum(path)}  {path.name}\n" for path in files), encoding="ascii")
    return out


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    """Write the sums of the weights that ship anew."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=WEIGHTS, help="of the weights")
    print(write(parser.parse_args().folder))  # noqa: T201  # what the command is for


if __name__ == "__main__":
    main()

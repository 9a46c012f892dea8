"""Plans on disk: what was built, for which card, and why one is refused. Only files are read here.

``manifest.json`` beside the plans says of each what it was built of and for, so that a plan of
another card, another version of TensorRT, another network, or a file that was cut short is refused
with a remedy before TensorRT sees it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from engine.runtime.tensorrt_library import PlanError

Precision = Literal["fp16", "fp32"]

MANIFEST_NAME: Final = "manifest.json"
MANIFEST_VERSION: Final = 1
LOCK_NAME: Final = ".manifest.lock"
_KINDS: Final[dict[str, type]] = {"size_bytes": int, "ranges": dict, "metadata": dict}
"""Of the fields that are no text."""


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """What the manifest says of one plan."""

    file: str
    """Its name in the folder of the manifest."""
    network: str
    """e.g. ``refiner-small``, ``fast-512x512``."""
    model_sha256: str
    """Of the ONNX network that it was built of."""
    flavour: str
    """``tensorrt`` or ``tensorrt_rtx``."""
    version: str
    """Of TensorRT."""
    capability: str
    """Compute capability, e.g. ``8.6``."""
    precision: str
    """``fp16`` or ``fp32``."""
    ranges: dict[str, list[int]]
    """The smallest, the usual and the largest size of each dimension that may differ."""
    size_bytes: int
    sha256: str
    """Of the plan itself."""
    built_at: str
    """UTC, ISO 8601."""
    metadata: dict[str, str]
    """What the network says of itself; the plan does not keep it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a plan must be of and for."""

    network: str
    model_sha256: str
    flavour: str
    version: str
    capability: str
    precision: str


def sm(capability: str) -> str:
    """``8.6`` as ``86``, NVIDIA's other way to write it."""
    return capability.replace(".", "")


def capability_of(text: str) -> str:
    """``86``, ``sm86`` or ``8.6`` as ``8.6``.

    Raises:
        PlanError: it is no compute capability.
    """
    digits = text.lower().removeprefix("sm").lstrip("_").replace(".", "")
    if not digits.isdecimal() or len(digits) < 2:
        raise PlanError(f"{text!r} is no compute capability: give one such as 86")
    return f"{digits[:-1]}.{digits[-1]}"


def file_name(wanted: Wanted) -> str:
    """What the file of such a plan is called."""
    return (
        f"{wanted.network}-{wanted.precision}-sm{sm(wanted.capability)}-"
        f"{wanted.flavour}-{wanted.version}.plan"
    )


def how_to_build(goal: Wanted | PlanEntry) -> str:
    """The command that makes such a plan."""
    card, network = sm(goal.capability), goal.network
    return f"kiosk plan build --sm {card} --precision {goal.precision} --network {network}"


def sha256(content: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(folder: Path) -> tuple[PlanEntry, ...]:
    """What was built into *folder*; nothing where there is no manifest.

    Raises:
        PlanError: the manifest cannot be read or is damaged.
    """
    path = folder / MANIFEST_NAME
    remedy = "put it away and build the plans again: kiosk plan build"
    try:
        told: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror or error}: {remedy}") from error
    except ValueError as error:
        raise PlanError(f"{path} is damaged ({error}): {remedy}") from error
    if not isinstance(told, dict) or told.get("version") != MANIFEST_VERSION:
        raise PlanError(f"{path} is of another version: {remedy}")
    plans = told.get("plans")
    if not isinstance(plans, list):
        raise PlanError(f"{path} is damaged (plans is no list): {remedy}")
    return tuple(_entry(path, each, remedy) for each in plans)


def _entry(path: Path, told: object, remedy: str) -> PlanEntry:
    names = {field.name for field in fields(PlanEntry)}
    if not isinstance(told, dict) or told.keys() != names:
        raise PlanError(f"{path} is damaged (an entry lacks or adds a field): {remedy}")
    for name, value in told.items():
        if not isinstance(value, _KINDS.get(name, str)):
            raise PlanError(f"{path} is damaged ({name} is {value!r}): {remedy}")
    entry = PlanEntry(**told)
    if Path(entry.file).name != entry.file:
        raise PlanError(f"{path} is damaged ({entry.file!r} lies elsewhere): {remedy}")
    return entry


def keep(folder: Path, plan: bytes, entry: PlanEntry) -> Path:
    """Write *plan* and put *entry* into the manifest, instead of one of the same file.

    Of several at once, in other processes too, one waits for the other.

    Raises:
        PlanError: the manifest is damaged.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        others = [each for each in read_manifest(folder) if each.file != entry.file]
        _write(folder / entry.file, plan)
        entries = sorted([*others, entry], key=lambda each: each.file)
        told = {"version": MANIFEST_VERSION, "plans": [asdict(each) for each in entries]}
        _write(folder / MANIFEST_NAME, (json.dumps(told, indent=2) + "\n").encode())
    return folder / entry.file


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """While nobody else changes the manifest; the lock ends with the process that holds it."""
    with (folder / LOCK_NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, whatever happens meanwhile."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def damage(folder: Path, entry: PlanEntry) -> str:
    """What is wrong with the file of *entry*; empty if it is what was built. Reads all of it."""
    try:
        content = (folder / entry.file).read_bytes()
    except OSError as error:
        return f"{entry.file}: {error.strerror or error}"
    if len(content) != entry.size_bytes:
        return f"{entry.file} has {len(content)} of {entry.size_bytes} bytes"
    return "" if sha256(content) == entry.sha256 else f"{entry.file} is not what was built"


def refusal(entry: PlanEntry, wanted: Wanted) -> str:
    """Why *entry* is not what is wanted; empty if it is. The file is not looked at."""
    for name, words in (
        ("capability", "is for cards of compute capability {had}, this one has {want}"),
        ("flavour", "was built by {had}, {want} is installed"),
        ("version", "was built by TensorRT {had}, {want} is installed"),
        ("precision", "is {had}, {want} is asked"),
        ("model_sha256", "was built of another network"),
    ):
        had, want = getattr(entry, name), getattr(wanted, name)
        if had != want:
            return f"{entry.file} {words.format(had=had, want=want)}"
    return ""


def find(folder: Path, wanted: Wanted) -> tuple[Path, PlanEntry]:
    """The plan that is wanted, whole.

    Raises:
        PlanError: there is none, with why each that is there is refused, and the remedy.
    """
    candidates = [each for each in read_manifest(folder) if each.network == wanted.network]
    reasons = []
    for entry in candidates:
        reason = refusal(entry, wanted) or damage(folder, entry)
        if not reason:
            return folder / entry.file, entry
        reasons.append(reason)
    what = "; ".join(_telling(reasons)) or f"no plan of {wanted.network} in {folder}"
    raise PlanError(f"{what}; build it: {how_to_build(wanted)}")


def _telling(reasons: Sequence[str], most: int = 2) -> list[str]:
    """Not all of a long list."""
    more = len(reasons) - most
    return [*reasons[:most], *([f"{more} more"] if more > 0 else [])]

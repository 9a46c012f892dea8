"""What plans there are to build, and what those that were built are worth here."""

import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.runtime.cuda import DeviceFacts
from engine.runtime.plans import PlanEntry, Precision, Wanted, damage, read_manifest, refusal
from engine.runtime.runner import RunnerError
from engine.runtime.tensorrt_library import Library, PlanError
from engine.synthesis.networks import (
    Network,
    RefinerNetwork,
    named,
    network,
    picture_size,
)
from engine.synthesis.refiner import shipped as installed

RECIPE_NAME: Final = "recipe.toml"


class Recipe(BaseModel):
    """What is built when nothing else is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    networks: Annotated[tuple[str, ...], Field(min_length=1)] = ("refiner-small",)
    sizes: Annotated[tuple[str, ...], Field(min_length=1)] = ("512x512", "720x1280")
    precision: Precision = "fp16"

    def chosen(self, which: str, sizes: Sequence[str]) -> list[Network]:
        """The networks asked for; ``all`` are the recipe's.

        Raises:
            RunnerError: one is not known, or not drawn at such a size.
        """
        for size in sizes:
            picture_size(size)
        names = self.networks if which == "all" else (which,)
        return [each for name in names for each in named(name, sizes or self.sizes)]


def read_recipe(folder: Path) -> Recipe:
    """The recipe in *folder*; without one, the refiners.

    Raises:
        PlanError: it cannot be read, or says what is not known.
    """
    path = folder / RECIPE_NAME
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Recipe()
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise PlanError(f"{path}: {where}: {fault['msg'].lower()}: correct it") from error
    except (OSError, ValueError) as error:
        raise PlanError(f"{path}: {error}: correct it, or put it away") from error


def shipped() -> list[Network]:
    """The networks that a kiosk runs on a GPU: the refiners that are installed."""
    return [RefinerNetwork(f"refiner-{size}") for size in installed()]


@dataclass(frozen=True)
class Judged:
    """A plan of the manifest, and why it cannot be used here."""

    entry: PlanEntry
    fault: str
    """Empty if it can; on a machine without a GPU: if it is what was built."""

    def as_dict(self) -> dict[str, object]:
        """As a program reads it."""
        return asdict(self.entry) | {"fault": self.fault}


def judged(folder: Path, facts: DeviceFacts | None, loaded: Library | None) -> list[Judged]:
    """Every plan of the manifest, held against this machine's card, TensorRT and networks.

    Raises:
        PlanError: the manifest is damaged.
    """
    return [Judged(each, _fault(folder, each, facts, loaded)) for each in read_manifest(folder)]


def _fault(
    folder: Path, entry: PlanEntry, facts: DeviceFacts | None, loaded: Library | None
) -> str:
    try:
        identity = network(entry.network).identity("fp16" if entry.precision == "fp16" else "fp32")
    except RunnerError as error:
        return str(error)
    goal = Wanted(
        entry.network,
        identity,
        loaded.flavour if loaded else entry.flavour,
        loaded.version if loaded else entry.version,
        facts.capability if facts else entry.capability,
        entry.precision,
    )
    return refusal(entry, goal) or damage(folder, entry)

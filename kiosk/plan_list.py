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
    drawn_size,
    named,
    network,
    picture_size,
    whole,
)
from engine.synthesis.synthesizer import OutputFormat
from kiosk.config import Settings

RECIPE_NAME: Final = "recipe.toml"


class Recipe(BaseModel):
    """What is built when nothing else is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    networks: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "fast", "balanced", "quality", "refiner-small", "refiner-large",
    )  # fmt: skip
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
    """The recipe in *folder*; without one, what the presets need.

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


def live(settings: Settings) -> list[Network]:
    """The networks that a kiosk runs on a GPU, in the look in which stages begin.

    Whole pictures at both sizes, and the refiner alone for while they do not answer, and for looks
    that are no preset's.

    Raises:
        ConfigError: the look cannot be read.
    """
    look, video = settings.look.look(), settings.video
    asked = (
        OutputFormat(video.width, video.height),
        OutputFormat(video.portrait_width, video.portrait_height),
    )
    drawn = [whole(look, drawn_size(look.preset, each)) for each in asked]
    found: list[Network] = [each for each in drawn if each is not None]
    refiner = RefinerNetwork(f"refiner-{look.network}")
    return [*found, refiner] if look.steps and refiner.path.is_file() else found


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

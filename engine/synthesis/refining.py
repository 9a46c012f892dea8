"""One portrait's refining: its region, its noise, how many steps, and how much of them is shown."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.media import ByteArray, FloatArray
from engine.portrait.rig import Rig
from engine.synthesis.framing import Framing, Rect
from engine.synthesis.look import Look, step_choices
from engine.synthesis.refiner import SHELF, Crop, Job, Refiner
from engine.synthesis.region import Region
from engine.synthesis.warp import Turn

FADE_FRAMES: Final = 6
"""Pictures over which refining comes and goes, so that it is not seen to."""


@dataclass(frozen=True, eq=False)
class Shown:
    """What was drawn of the mouth, in output pixels."""

    rect: Rect
    """What the masks cover."""
    seen: ByteArray | None
    """(rows, columns): where its inside is seen; None: nowhere."""
    lip: ByteArray
    """(rows, columns): the upper lip's layer."""


@dataclass(frozen=True, eq=False)
class Begun:
    """A picture drawn, but for what the refiner adds and the mark."""

    planes: ByteArray
    """(height · 3 // 2, width), I420."""
    turned: Turn
    gain: float = 0.0
    """How much of the residual is shown, 0 to 1."""
    cover: ByteArray | None = None
    """(height, width), where the residual may go; None: anywhere."""
    job: Job | None = None
    """What is to be refined; None: nothing."""


class Place:
    """Where one network refines a rig in pictures of one size, and from what."""

    def __init__(self, rig: Rig, framing: Framing, refiner: Refiner, seed: int) -> None:
        """Find it; ``neutral`` is for ``Refining.rest`` to fill."""
        self.refiner = refiner
        self.region = Region(rig, framing, refiner.side_px)
        self.noise = refiner.start(seed)
        """(6, side/2, side/2): what its paths begin from."""
        self.neutral = np.zeros_like(self.noise)
        """The region at rest, as ``Region.crop`` gives it."""


class Refining:
    """The refining of one rig in pictures of one size. Not for two threads at once."""

    def __init__(
        self, rig: Rig, framing: Framing, refiner: Refiner, steps: int, seed: int = 0,
        smaller: Refiner | None = None,
    ) -> None:  # fmt: skip
        """Find the region; ``rest`` must follow.

        Args:
            rig: the portrait.
            framing: of the picture.
            refiner: the network.
            steps: of it, in full; at least 1.
            seed: of the noise; it never changes, so that nothing flickers.
            smaller: does one step on a machine that is too slow for *refiner*; None: nothing does.
        """
        self.full = Place(rig, framing, refiner, seed)
        """Of the network that refines in full."""
        self._ways = [(self.full, n) for n in step_choices(steps)]
        if smaller is not None:
            self._ways.append((Place(rig, framing, smaller, seed), 1))
        self._way = self._ways[0]
        self._wanted = 1.0
        self._gain: float | None = None
        """None: no picture has been drawn yet."""

    @property
    def steps(self) -> int:
        """In full."""
        return self._ways[0][1]

    @property
    def details(self) -> tuple[str, ...]:
        """Names of the cheaper ways, the last of them without the refiner."""
        ways = [f"{n} step{'s' if n > 1 else ''}" if place is self.full else "small refiner"
                for place, n in self._ways[1:]]  # fmt: skip
        return (*ways, "no refiner")

    def simplify(self, level: int) -> None:
        """Refine in full (0), or in the *level*-th of ``details``; what is beyond is the last.

        Other steps are done at once, and by the other network; only to no refining, and back, it
        is faded.
        """
        self._wanted = float(level < len(self._ways))
        # What fades away is still made.
        self._way = self._ways[level] if self._wanted else self._way

    def rest(self, luma: ByteArray, chroma: ByteArray, turned: Turn) -> None:
        """Keep the region of a picture of the face at rest."""
        for place, _ in self._ways:
            place.neutral = place.region.crop(luma, chroma, turned)

    def advance(self) -> float:
        """How much of the residual the next picture shows."""
        if self._gain is None:
            self._gain = self._wanted
        else:
            step = 1 / FADE_FRAMES
            self._gain += min(max(self._wanted - self._gain, -step), step)
            self._gain = round(self._gain, 6)
        return self._gain

    def job(
        self, luma: ByteArray, chroma: ByteArray, mouth: Shown, weights: FloatArray, turned: Turn
    ) -> Job:
        """What the network needs of a picture."""
        place, steps = self._way
        masks = np.zeros((2, *place.noise.shape[1:]), np.float32)
        for mask, drawn in zip(masks, (mouth.seen, mouth.lip), strict=True):
            if drawn is not None:
                mask[...] = place.region.crop_mask(drawn, mouth.rect, turned)
        picture = place.region.crop(luma, chroma, turned)
        crop = Crop(picture, masks, place.neutral, place.noise, weights, steps)
        return Job(place.refiner, crop)

    def add(self, begun: Begun, residual: FloatArray, size: tuple[int, int]) -> None:
        """Add *residual* to a picture of *size* (width, height) that was begun."""
        width, height = size
        luma, planes = begun.planes[:height], begun.planes[height:]
        chroma = planes.reshape(2, height // 2, width // 2)
        more = residual if begun.gain == 1 else residual * np.float32(begun.gain)
        assert begun.job is not None  # else there were no residual
        by = begun.job.refiner
        region = next(place.region for place, _ in self._ways if place.refiner is by)
        region.add(luma, chroma, more, begun.turned, begun.cover)


def refining(
    rig: Rig, framing: Framing, look: Look, refiner: Refiner | None, seed: int
) -> Refining | None:
    """The refining that *look* asks for, by *refiner* or else its own; None: none, or no network.

    The others: see ``Refining``.
    """
    if look.steps == 0:
        return None
    found = refiner or SHELF.take(look.network)
    if isinstance(found, str):
        return None
    smaller = None if refiner else SHELF.stand_in(look.network)
    return Refining(rig, framing, found, look.steps, seed, smaller)

"""The refiner as part of the tensor graph: what ``region``, ``refiner`` and ``refining`` do.

The region is taken from the finished planes by affine sampling, the network's nodes stand in the
graph once for each step, and what they add is laid back. All in float32 but what the network itself
does in half floats: it is little beside the picture.
"""

from dataclasses import dataclass
from typing import Final

import onnx

from engine.runtime.tape import FLOAT32, Tape, Tensor, join
from engine.synthesis.graph_blend import halved
from engine.synthesis.graph_skin import Numbers, Pixels, TurnGraph, counted, mesh, sample, scalar
from engine.synthesis.look import WHOLE_STEPS_MOST
from engine.synthesis.refiner import BOUND
from engine.synthesis.region import CHANNELS, GREY, fade

PLACE: Final = ("x", "y", "depth", "step")
"""What the input ``region`` holds, in pixels of the picture: where the region's first pixel is at
rest, from the pivot, and how far it is to the next."""
BLACK: Final = 16.0
LARGEST: Final = 3e38
"""Numbers beyond are infinite."""


@dataclass(frozen=True)
class Seen:
    """The mouth's masks of 255, (batch, 1, rows, columns), in a window of the picture."""

    inside: Tensor
    """Where its inside is seen."""
    lip: Tensor
    """The upper lip's layer."""
    origin: tuple[Tensor, Tensor]
    """Left and top of the window, (batch, 1)."""
    size: tuple[int, int]
    """Its width and height."""


class RefineGraph:
    """The refining of a batch of rigs in pictures of one size."""

    def __init__(
        self, tape: Tape, number: Numbers, turn: TurnGraph, weights: Tensor, network: bytes,
        steps: int, size: tuple[int, int],
    ) -> None:  # fmt: skip
        """Declare the inputs.

        Args:
            tape: to write on.
            number: of the rigs.
            turn: of the heads.
            weights: (batch, coefficients).
            network: the refiner, an ONNX network whose inputs and output are float32.
            steps: of it, 1 to ``WHOLE_STEPS_MOST``.
            size: width and height of the picture.

        Raises:
            ValueError: too many steps, or the network is no refiner.
        """
        if not 1 <= steps <= WHOLE_STEPS_MOST:
            raise ValueError(f"{steps} steps in a graph: allowed are 1 to {WHOLE_STEPS_MOST}")
        self._tape, self._turn, self._weights, self._steps = tape, turn, weights, steps
        self._network = onnx.load_from_string(network)
        said = {each.key: each.value for each in self._network.metadata_props}
        try:
            self.side_px, self._grey = int(said["side_px"]), float(said["residual_grey"])
        except (KeyError, ValueError) as error:
            raise ValueError(f"no refiner ({error}): give one of engine/weights") from None
        self._size, side = size, self.side_px
        place = tape.input("region", ["batch", len(PLACE)])
        self._place = {n: scalar(place.part(1, k, k + 1)) for k, n in enumerate(PLACE)}
        self._pivot = [scalar(number[f"pivot_{n}"]) for n in "xy"]
        half: list[int | str] = ["batch", CHANNELS, side // 2, side // 2]
        self._neutral, self._noise = tape.input("neutral", half), tape.input("noise", half)
        self._bare = scalar(tape.input("bare", ["batch", 1]))
        self._gain = scalar(tape.input("gain", ["batch", 1]))
        self._zero = weights.part(1, 0, 1) * 0.0

    def draw(
        self, luma: Tensor, chroma: Tensor, seen: Seen, cover: Tensor, pixels: dict[int, Pixels]
    ) -> tuple[Tensor, Tensor]:
        """Both planes with what the network adds, float32, whole numbers.

        Args:
            luma: (batch, 1, height, width), of 255.
            chroma: (batch, 2, height/2, width/2).
            seen: of the mouth.
            cover: (batch, 1, height, width) of 255: the head and its open mouth. Nothing is added
                elsewhere where the rig's ``bare`` is 1.
            pixels: of the picture at full (1) and half (2) size.
        """
        planes = {1: luma.to(FLOAT32), 2: chroma.to(FLOAT32)}
        state = self._state(self._picture(planes), self._masks(seen))
        more = state * self._gain * self._grey
        full = self._tape.op(
            "DepthToSpace", more.part(1, 0, 4), blocksize=2, mode="DCR"
        )  # fmt: skip
        share = cover.to(FLOAT32).most((1.0 - self._bare) * 255.0)
        added = []
        for by, part, covered in ((1, full, share), (2, more.part(1, 4, 6), halved(share))):
            laid = self._laid(part, by, pixels[by]) * (covered * (1 / 255))
            added.append((planes[by] + laid).unary("Round").within(0.0, 255.0))
        return added[0], added[1]

    def _picture(self, planes: dict[int, Tensor]) -> Tensor:
        """(batch, 6, side/2, side/2), −1 to 1: ``Region.crop``."""
        luma = self._taken(planes[1], self._grid(1), self._size, BLACK)
        width, height = self._size
        at = self._grid(2)
        chroma = self._taken(planes[2], (at - 0.5) * 0.5, (width // 2, height // 2), GREY)
        folded = self._tape.op("SpaceToDepth", luma, blocksize=2)
        return (join(1, folded, chroma) - GREY) * (1 / GREY)

    def _masks(self, seen: Seen) -> Tensor:
        """(batch, 2, side/2, side/2), 0 to 1: ``Region.crop_mask``."""
        at = self._grid(2) - join(3, *(scalar(each) for each in seen.origin))
        masks = join(1, seen.inside, seen.lip).to(FLOAT32)
        return sample(masks, at, seen.size, whole=True) * (1 / 255)

    def _taken(self, plane: Tensor, grid: Tensor, size: tuple[int, int], outside: float) -> Tensor:
        return sample(plane - outside, grid, size, whole=True) + outside

    def _grid(self, by: int) -> Tensor:
        """(batch, rows, columns, 2): where the region's pixels, or samples of two, lie."""
        count = self.side_px // by
        along = counted(self._tape, count) * float(by) + (by - 1) / 2
        place = self._place
        x = along.reshape(1, 1, 1, -1) * place["step"] + place["x"]
        y = along.reshape(1, 1, -1, 1) * place["step"] + place["y"]
        moved = self._turn.move(x, y, place["depth"])
        return mesh(moved[0] + self._pivot[0], moved[1] + self._pivot[1])

    def _state(self, picture: Tensor, mask: Tensor) -> Tensor:
        """Where the path ends after the steps: ``Refiner``'s sampler."""
        state, ends = self._noise, None
        for step in range(self._steps):
            given = {
                "state": state, "time": self._zero + step / self._steps, "picture": picture,
                "mask": mask, "neutral": self._neutral, "coefficients": self._weights,
            }  # fmt: skip
            end = _bounded(self._tape.inline(self._network, given)["clean"])
            ends = end if ends is None else ends + end
            toward = ends * (1 / (step + 1))
            state = state + (toward - state) * (1 / (self._steps - step))
        return state

    def _laid(self, more: Tensor, by: int, pixels: Pixels) -> Tensor:
        """*more*, over the region, on the picture's pixels; 0 elsewhere."""
        place, side = self._place, self.side_px // by
        corner = self._turn.move(place["x"], place["y"], place["depth"])
        offset = (by - 1) / 2
        x = pixels.x.reshape(1, 1, 1, -1) * float(by) + offset - self._pivot[0] - corner[0]
        y = pixels.y.reshape(1, 1, -1, 1) * float(by) + offset - self._pivot[1] - corner[1]
        back = self._turn.back(x, y)
        grid = mesh(*((each / place["step"] - offset) * (1 / by) for each in back))
        faded = more * self._tape.constant(fade(side)[None, None], FLOAT32)
        return sample(faded, grid, (side, side))


def _bounded(end: Tensor) -> Tensor:
    """What of an estimate counts, as ``refiner.BOUND`` says."""
    finite = end.unary("Abs") <= LARGEST  # nothing that is no number is
    return finite.where(end.within(-BOUND, BOUND), 0.0)

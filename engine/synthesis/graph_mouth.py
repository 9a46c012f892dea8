"""The mouth as a tensor graph: what ``mouth`` draws, in a window that follows the lips."""

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import FLOAT32, Tape, Tensor, join
from engine.synthesis.blend import BLACK_LUMA, GREY_CHROMA
from engine.synthesis.graph_blend import darken, halved, over, times
from engine.synthesis.graph_skin import (
    Numbers,
    Pixels,
    TurnGraph,
    counted,
    crossed,
    mesh,
    sample,
    scalar,
    weighted,
)
from engine.synthesis.mouth import (
    LIGHT_FLOOR,
    LIGHT_GAIN,
    RIM,
    RIM_HALF,
    ROUNDED,
    ROUNDED_SHADE,
    TUCKED,
    TUCKED_LIGHT,
)

PARTS = 3
"""The back of the mouth, the lower teeth, the upper teeth."""


class MouthGraph:
    """The inside of the mouths of a batch of rigs, over a window of *size*."""

    def __init__(
        self, tape: Tape, number: Numbers, turn: TurnGraph, weights: Tensor, kind: str,
        size: tuple[int, int],
    ) -> None:  # fmt: skip
        """*weights*: (batch, coefficients); *kind*: the type of the pictures."""
        self._tape, self._number, self._turn, self._size = tape, number, turn, size
        width, height = size
        self._luma = tape.input("inside_luma", ["batch", 2 * PARTS, height, width], kind)
        self._chroma = tape.input(
            "inside_chroma", ["batch", 3 * PARTS, height // 2, width // 2], kind
        )
        motion = tape.input("jaw_motion", ["batch", 3, len(COEFFICIENTS)])
        self._jaw = weighted(motion, weights.reshape(0, 1, -1)).reshape(-1, 3, 1, 1)
        rounds = tape.constant([[float(k in ROUNDED) for k in range(len(COEFFICIENTS))]], FLOAT32)
        pushed = weighted(weights, rounds).reshape(-1, 1, 1, 1).least(1.0)
        tucked = weights.part(1, TUCKED, TUCKED + 1).reshape(-1, 1, 1, 1)
        self._pushed = pushed
        self._lit = 1.0 - pushed * ROUNDED_SHADE + tucked * TUCKED_LIGHT

    def draw(self, places: Pixels, half: Pixels, hole: Tensor, seen: Tensor) -> dict[int, Tensor]:
        """The inside over *places* and *half*, the window's pixels and chroma samples.

        Colours, premultiplied, and alpha at full (1) and at half (2) size.
        """
        light = self._light(seen)
        luma = self._layers(self._luma, 1, places, 1)
        chroma = self._layers(self._chroma, 2, half, 2)
        under = (hole * RIM).least(255.0)
        under_half = (halved(under) * RIM_HALF).least(255.0)
        lit = darken(luma, light, BLACK_LUMA)
        tinted = darken(chroma, halved(light), GREY_CHROMA)
        return {
            1: join(1, times(lit, under), under),
            2: join(1, times(tinted, under_half), under_half),
        }

    def _layers(self, pictures: Tensor, channels: int, places: Pixels, by: int) -> Tensor:
        step = channels + 1
        drawn: Tensor | None = None
        for part in range(PARTS):
            grid = self._grid(part, places, by)
            got = sample(
                pictures.part(1, part * step, (part + 1) * step), grid,
                (self._size[0] // by, self._size[1] // by), border=part == 0, whole=True,
            )  # fmt: skip
            colour, alpha = got.part(1, 0, channels), got.part(1, channels, step)
            if drawn is None:
                drawn = colour * 0.0 + float(BLACK_LUMA if channels == 1 else GREY_CHROMA)
            drawn = over(drawn, colour, alpha)
        assert drawn is not None
        return drawn

    def _grid(self, part: int, places: Pixels, by: int) -> Tensor:
        """Where *places* come from in one part's picture: ``Mouth._placement``, inverted."""
        number, zero = self._number, self._tape.constant([[[[0.0]]]], FLOAT32)
        move = [self._jaw.part(1, k, k + 1) if part == 1 else zero for k in range(3)]
        move[1] = move[1] + self._pushed * scalar(number[f"hide_{part}"])
        pivot = [scalar(number[f"pivot_{n}"]) for n in "xy"]
        start = [scalar(number[f"cavity_{n}"]) for n in "xy"]
        at = [start[k] - pivot[k] + move[k] for k in (0, 1)]
        moved = self._turn.move(at[0], at[1], scalar(number[f"depth_{part}"]) + move[2])
        # A chroma sample lies between two pixels.
        offset = (by - 1) / 2
        x = places.x.reshape(0, 1, 1, -1) * float(by) + offset - pivot[0] - moved[0]
        y = places.y.reshape(0, 1, -1, 1) * float(by) + offset - pivot[1] - moved[1]
        back = self._turn.back(x, y)
        return mesh(*((each - offset) / float(by) for each in back))

    def _light(self, seen: Tensor) -> Tensor:
        """How lit the inside is, 255 fully: ``Mouth._light``."""
        reach, narrow, drop = (self._number[f"light_{n}"] for n in ("reach", "narrow", "drop"))
        still = reach * 0.0
        once = self._blurred(seen.to(FLOAT32), (reach, narrow), still)
        light = self._blurred(once, (narrow, narrow), drop)
        # What the shadow leaves free above is not seen: it has no light of its own.
        rows = counted(self._tape, self._size[1])
        light = light * (rows - drop > -0.5).to(FLOAT32).reshape(0, 1, -1, 1)
        light = ((light * LIGHT_GAIN + LIGHT_FLOOR) * self._lit).unary("Round").least(255.0)
        return light.to(seen.kind)

    def _blurred(self, plane: Tensor, reach: tuple[Tensor, Tensor], drop: Tensor) -> Tensor:
        """Means of the neighbours up to *reach* (x, y; batch, 1), moved *drop* down; 0 around.

        Differences of running sums: whole numbers, which float32 keeps exactly.
        """
        width, height = self._size
        x, y = counted(self._tape, width) + drop * 0.0, counted(self._tape, height)
        plane = self._difference(plane, 3, x, width, y, reach[0])
        plane = self._difference(plane, 2, y - drop, height, x, reach[1])
        taps = (reach[0] * 2.0 + 1.0) * (reach[1] * 2.0 + 1.0)
        return (plane / scalar(taps)).unary("Round")

    def _difference(
        self, plane: Tensor, axis: int, at: Tensor, size: int, other: Tensor, reach: Tensor
    ) -> Tensor:
        """Sums along *axis* of what lies up to *reach* from *at* (batch, count)."""
        summed = self._tape.op("CumSum", plane, self._tape.constant(axis, "int64"))
        ends = []
        for end in ((at + reach).least(size - 1.0), at - reach - 1.0):
            grid = crossed(end, other) if axis == 3 else crossed(other, end)
            ends.append(sample(summed, grid, self._size, mode="nearest"))
        return ends[0] - ends[1]


def paste(
    patch: Tensor, size: tuple[int, int], origin: tuple[Tensor, Tensor], pixels: Pixels
) -> Tensor:
    """*patch*, over a window of *size* at *origin* (batch, 1), on *pixels*; 0 elsewhere."""
    grid = crossed(pixels.x - origin[0], pixels.y - origin[1])
    return sample(patch, grid, size, mode="nearest")

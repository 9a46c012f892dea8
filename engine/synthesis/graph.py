"""The whole synthesis of a picture as one tensor graph, an ONNX network.

What ``Synthesizer`` draws with OpenCV on the CPU, as flows summed, inverted and sampled, layers
blended, in the same order and with the same rounding. The rig's tensors are inputs beside the
frame's, each with its own batch entry: one network, and one plan of it, serves every avatar at a
size of the picture, several of them in one pass. ``graph_tensors`` makes the inputs.
"""

import onnx

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import END, FLOAT32, UINT8, Tape, Tensor, join
from engine.synthesis.graph_blend import over, times
from engine.synthesis.graph_eyes import EyesGraph
from engine.synthesis.graph_layout import KINDS, NUMBERS, Precision, eye_size, sampling, window
from engine.synthesis.graph_mouth import MouthGraph, paste
from engine.synthesis.graph_plate import PlateGraph
from engine.synthesis.graph_refine import RefineGraph, Seen
from engine.synthesis.graph_skin import (
    CUBIC,
    LINEAR,
    Cells,
    Numbers,
    Pixels,
    SkinGraph,
    TurnGraph,
    counted,
    sample,
    scalar,
)  # fmt: skip
from engine.synthesis.synthesizer import OutputFormat


def build(
    output: OutputFormat, precision: Precision = "fp32", refiner: bytes | None = None,
    steps: int = 1, *, fine: bool = False,
) -> onnx.ModelProto:  # fmt: skip
    """The network for pictures of *output*.

    Inputs are those of ``graph_tensors``, batch 1 to ``BATCH_MOST``; the output ``picture`` is
    (batch, height · 3 // 2, width), uint8, I420 as ``Synthesizer.render`` gives it without a mark.

    Args:
        output: size of the pictures.
        precision: of the pictures.
        refiner: an ONNX network, in its own precision; None: nothing is refined.
        steps: of the refiner, 1 to ``look.WHOLE_STEPS_MOST``.
        fine: whether the luma of head and upper lip is sampled cubically: ``Look.fine``.

    Raises:
        ValueError: too many steps, or *refiner* is none.
    """
    tape = Tape()
    graph = _Graph(tape, output, KINDS[precision], refiner, steps, fine)
    picture = graph.draw()
    shape: list[int | str] = ["batch", output.height * 3 // 2, output.width]
    tape.output("picture", picture, shape, UINT8)
    said = {"width": str(output.width), "height": str(output.height), "precision": precision,
            "sampling": sampling(fine=fine)}  # fmt: skip
    if graph.refine is not None:
        said |= {"refiner_side_px": str(graph.refine.side_px), "refiner_steps": str(steps)}
    return tape.model("synthesis", said)


class _Graph:
    """The layers of one picture."""

    def __init__(
        self, tape: Tape, output: OutputFormat, kind: str, refiner: bytes | None, steps: int,
        fine: bool,
    ) -> None:  # fmt: skip
        self._tape, self._kind = tape, kind
        # By a pixel's size. Cubics swing where alpha ends: in the luma unseen, in colours not.
        self._ways = {1: CUBIC if fine else LINEAR, 2: LINEAR}
        width, height = output.width, output.height
        self._size, self._window = (width, height), window(output)
        self._pixels = {
            by: Pixels(counted(tape, width // by), counted(tape, height // by)) for by in (1, 2)
        }
        weights = tape.input("coefficients", ["batch", len(COEFFICIENTS)])
        self._turn = TurnGraph(tape.input("turn", ["batch", 2, 4]))
        breath = tape.input("breath", ["batch", 1])
        numbers = tape.input("numbers", ["batch", len(NUMBERS)])
        self._number: Numbers = {n: numbers.part(1, k, k + 1) for k, n in enumerate(NUMBERS)}
        self._plate = PlateGraph(tape, self._number, self._turn, breath, kind)
        self._eyes = EyesGraph(tape, weights, eye_size(output))
        self._skin = SkinGraph(tape, self._number, self._turn)
        self._lower, self._upper = self._skin.flows(weights)
        self._mouth = MouthGraph(tape, self._number, self._turn, weights, kind, self._window)
        self.refine: RefineGraph | None = None
        if refiner is not None:
            self.refine = RefineGraph(
                tape, self._number, self._turn, weights, refiner, steps, self._size
            )

    def draw(self) -> Tensor:
        """(batch, height · 3 // 2, width): whole numbers."""
        back = self._skin.back(self._lower)
        cells = self._skin.cells_over("head_cells", self._lower, margin=2)
        textures = self._head_textures()
        head = {by: self._warped(textures[by], by, back, cells, self._pixels[by]) for by in (1, 2)}
        mouth, seen = self._draw_mouth(textures[1].part(1, 2, 3), back, cells)
        planes = {}
        for by, colours in ((1, 1), (2, 2)):
            size = self._size[0] // by, self._size[1] // by
            plane, alpha = self._plate.draw(self._pixels[by], size, by), colours + 1
            for layer in (mouth[by].part(1, 0, alpha), head[by], mouth[by].part(1, alpha, END)):
                plane = over(plane, layer.part(1, 0, colours), layer.part(1, colours, alpha))
            planes[by] = plane
        if self.refine is not None:
            cover = (head[1].part(1, 1, 2) + head[1].part(1, 2, 3)).least(255.0)
            planes[1], planes[2] = self.refine.draw(planes[1], planes[2], seen, cover, self._pixels)
        # Chroma: both planes one after the other, in rows as wide as the luma's.
        return join(
            1, *(planes[by].reshape(-1, self._size[1] // by, self._size[0]) for by in (1, 2))
        )

    def _picture(self, name: str, channels: int, by: int) -> Tensor:
        size = [self._size[1] // by, self._size[0] // by]
        return self._tape.input(name, ["batch", channels, *size], self._kind)

    def _head_textures(self) -> dict[int, Tensor]:
        """The heads with their eyes: Y·α, α, hole at full, U·α, V·α, α at half size."""
        textures = {}
        for by, name, colours in ((1, "luma", 1), (2, "chroma", 2)):
            rest = self._picture(f"head_{name}", 3, by)
            eyed = self._eyes.draw(name, colours, rest.part(1, 0, colours), self._pixels[by])
            textures[by] = join(1, eyed, rest.part(1, colours, END))
        return textures

    def _warped(
        self, texture: Tensor, by: int, back: Tensor, cells: Cells, pixels: Pixels
    ) -> Tensor:
        places = self._skin.places(back, cells, pixels, by)
        size = self._size[0] // by, self._size[1] // by
        drawn = sample(texture, places.grid, size, mode=self._ways[by], whole=True)
        return drawn * places.mask.to(texture.kind)

    def _draw_mouth(
        self, hole: Tensor, back: Tensor, cells: Cells
    ) -> tuple[dict[int, Tensor], Seen]:
        """The inside of the mouth and the upper lip on the whole picture, at full and half size.

        Premultiplied colours and alpha of one, then of the other; and what is seen of either, in
        the mouth's window. *hole* is the head's, at rest.
        """
        skin, (width, height) = self._skin, self._window
        lips = skin.cells_over("mouth_cells", self._lower, margin=1)
        left, top = skin.corner(lips)
        lip_back = skin.back(self._upper)
        at, layers = {}, {}
        for by, name in ((1, "upper_luma"), (2, "upper_chroma")):
            x, y = counted(self._tape, width // by), counted(self._tape, height // by)
            at[by] = Pixels(x + left / float(by), y + top / float(by))
            texture = self._picture(name, by + 1, by)
            layers[by] = self._warped(texture, by, lip_back, lips, at[by])
        behind = self._warped(hole, 1, back, cells, at[1])
        seen = times(behind, 255.0 - layers[1].part(1, 1, 2))
        inside = self._mouth.draw(at[1], at[2], behind, seen)
        shown = self._shown(seen, lips, cells)
        pasted = {}
        for by in (1, 2):
            stack = join(1, inside[by] * shown.to(self._kind), layers[by])
            origin = left / float(by), top / float(by)
            pasted[by] = paste(stack, (width // by, height // by), origin, self._pixels[by])
        # Half out of the picture, nothing is seen into.
        inside_seen = seen * shown.to(self._kind)
        return pasted, Seen(inside_seen, layers[1].part(1, 1, 2), (left, top), self._window)

    def _shown(self, seen: Tensor, lips: Cells, head: Cells) -> Tensor:
        """1 where the mouth is open and wholly in the picture, (batch, 1, 1, 1), else 0."""
        whole = (lips.left >= head.left) & (lips.top >= head.top)
        whole = whole & (lips.right <= head.right) & (lips.bottom <= head.bottom)
        opened = seen.to(FLOAT32).over("ReduceMax", 1, 2, 3) > 0.5
        return (scalar(whole) & opened).to(FLOAT32)

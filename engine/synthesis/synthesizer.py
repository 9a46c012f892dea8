"""Drawing one picture of a rig from one motion frame.

Back to front: the plate (background, shoulders, neck), the inside of the mouth, the head with its
lower lip, the upper lip. The head and the upper lip are warped by two flows that agree everywhere
but about the lip line, so that lips part and meet without a seam. Then the refiner adds to the
mouth's region, and the mark is laid over all. Frames share no state but what ``simplify`` set.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from engine.media import ByteArray, FloatArray, MotionFrame
from engine.motion.coefficients import COEFFICIENTS
from engine.pipeline import DrawTogether
from engine.portrait.rig import Rig
from engine.synthesis.batch import render_all
from engine.synthesis.blend import Scratch, over
from engine.synthesis.cutout import Cutout
from engine.synthesis.eyes import Eyes
from engine.synthesis.framing import Planes, Rect, frame, layer
from engine.synthesis.look import Look, Mark
from engine.synthesis.mark import Stamp
from engine.synthesis.matte import Person
from engine.synthesis.matte import person as cut_out
from engine.synthesis.mouth import Mouth
from engine.synthesis.places import covered, hole, mouth_box, occupied
from engine.synthesis.plate import Plate
from engine.synthesis.refiner import Refiner
from engine.synthesis.refining import Begun, Refining, Shown, refining
from engine.synthesis.scenery import scene
from engine.synthesis.skin import Maps, Skin, cell_px
from engine.synthesis.warp import Turn, bounded, turn

PLAIN: Final = Look(mark=Mark(on=False))
"""The portrait as it is, for measuring and for sheets; what viewers see is given its look."""

HEAD_BREATH: Final = 0.35
"""How much of the shoulders' rise the head takes part in."""

BODY_EVERY: Final = 4
"""Pictures that share one drawing of everything but the head, when the body is slow."""


@dataclass(frozen=True)
class OutputFormat:
    """Size of the picture, in pixels; both even, 256 to 1280."""

    width: int = 512
    height: int = 512

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("height", self.height)):
            if not 256 <= value <= 1280 or value % 2:
                raise ValueError(f"output {name} {value}: must be even and within 256..1280")


class Synthesizer:
    """Draws pictures of one rig in one format. Not for two threads at once: buffers are reused."""

    def __init__(
        self, rig: Rig, output: OutputFormat, look: Look = PLAIN, person: Person | None = None,
        refiner: Refiner | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        """Make everything ready for one look; takes tens of milliseconds.

        Args:
            rig: the portrait.
            output: the picture's size.
            look: how it is shown.
            person: ``matte.person(rig)``, where it is known already; else it is found if needed,
                which takes seconds.
            refiner: does the look's steps; None: the look's own, if it is there.
            seed: of what the refiner begins from.

        Raises:
            ValueError: the background's image cannot be read, or the mark cannot be written.
        """
        self.output = output
        width, height = output.width, output.height
        source = (rig.plate.shape[1], rig.plate.shape[0])
        framing = frame(source, rig.pivot_px[0], width, height)
        cell = cell_px(framing.scale)
        rect = framing.rect(rig.box, width, height, even=cell)
        self._skin = Skin(rig, framing, rect, cell)
        if person is None and look.background.kind != "photo":
            person = cut_out(rig)
        seen = scene(rig, person, look.background, framing, (width, height))
        head = framing.place(seen.head, rig.box, rect, alpha_outside=False)
        self._eyes = Eyes(rig, framing, rect, head)
        self._upper_rect = framing.rect(rig.upper_box, width, height)
        self._head = layer(head, hole(rig, framing, rect, self._upper_rect))
        self._head_box = occupied(head[..., 3], rect)
        self._upper = layer(framing.place(rig.upper, rig.upper_box, self._upper_rect))
        self._mouth_box = framing.rect(mouth_box(rig), width, height)
        self._mouth = Mouth(rig, framing, width, height)
        self.alpha = np.zeros((height, width), np.uint8) if seen.is_transparent else None
        """(height, width) how much of the last picture is not background; None: all of it."""
        if seen.still is None:
            self._plate = Plate(rig, framing, width, height, seen.plate)
        else:
            self._plate = Cutout(rig, framing, seen.plate, seen.still, self.alpha)
        self._stamp = Stamp(look.mark, width, height) if look.mark.on else None
        self._way = cv2.INTER_CUBIC if look.fine else cv2.INTER_LINEAR
        self._eye_px = rig.eye_distance_px * framing.scale
        self._scratch = Scratch()
        self._simple = False
        self._body: ByteArray | None = None
        """The plate as last drawn, before the head; kept while the body is slow."""
        self._body_left = 0
        self._seen: ByteArray | None = None
        """Where the inside of the mouth was seen in the last picture, over its rectangle."""
        self._bare = look.background.kind != "photo"
        """Whether what is behind the head is not the photo's: nothing is refined there."""
        self._refining: Refining | None = None
        """None: nothing is refined."""
        made = refining(rig, framing, look, refiner, seed)
        if made is not None:
            at_rest = self.begin(MotionFrame(0, np.zeros(len(COEFFICIENTS), np.float32)))
            made.rest(*self._views(at_rest.planes), at_rest.turned)
            self._refining = made

    @property
    def together(self) -> DrawTogether | None:
        """Draws several at once where that saves work: where they are refined."""
        return render_all if self._refining and self._refining.full.refiner.joins else None

    @property
    def details(self) -> tuple[str, ...]:
        """The cheaper ways to draw; see ``simplify``."""
        return (*(self._refining.details if self._refining else ()), "slow body")

    def simplify(self, level: int) -> None:
        """Draw in full (0), or in the *level*-th of ``details``, passing there without a jump.

        First the refiner does fewer steps, or a smaller one does, then none; in the last way all
        but the head is drawn anew in every ``BODY_EVERY``-th picture only, and nothing finely.

        Raises:
            ValueError: there is no such way.
        """
        most = len(self.details)
        if not 0 <= level <= most:
            raise ValueError(f"level {level}: allowed are 0 to {most}")
        if self._refining:
            self._refining.simplify(level)
        self._simple = level == most
        if not self._simple:
            self._body_left = 0

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        """Draw *motion*.

        Args:
            motion: what the face does; what is not a number counts as at rest, and the pose
                is held within what one photo can show.
            out: where to draw, shape (height · 3 // 2, width); a new array without it.

        Returns:
            The I420 planes, BT.601 limited range: *out*, or an array that is the caller's own.

        Raises:
            ValueError: if *out* or the coefficients have another shape.
            RunnerError: the refiner failed.
        """
        return render_all([self], [motion], [out])[0]

    def begin(self, motion: MotionFrame, out: ByteArray | None = None) -> Begun:
        """Draw *motion* up to what the refiner adds; arguments and errors are ``render``'s.

        A picture must be finished before this begins another.
        """
        width, height = self.output.width, self.output.height
        shape = (height * 3 // 2, width)
        if out is None:
            out = np.empty(shape, np.uint8)
        elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
            raise ValueError(f"out is {out.dtype} {out.shape}: give contiguous uint8 {shape}")
        weights, breath, turned = self.posed(motion)
        luma, chroma = self._views(out)
        self._draw_plate(luma, chroma, out, breath, turned)
        mouth, head = self._draw_head(luma, chroma, weights, turned)
        if self._refining is None or (gain := self._refining.advance()) == 0:
            return Begun(out, turned)
        job = self._refining.job(luma, chroma, mouth, weights, turned)
        cover = covered(*head, (width, height)) if self._bare else None
        return Begun(out, turned, gain, cover, job)

    def finish(self, begun: Begun, residual: FloatArray | None) -> ByteArray:
        """The picture, with *residual* (6, side/2, side/2; grey levels) in it, and the mark."""
        if self._refining is not None and residual is not None:
            self._refining.add(begun, residual, (self.output.width, self.output.height))
        self.stamp(begun.planes)
        return begun.planes

    def _views(self, planes: ByteArray) -> tuple[ByteArray, ByteArray]:
        """Luma (height, width) and chroma (2, height/2, width/2) of a picture."""
        width, height = self.output.width, self.output.height
        return planes[:height], planes[height:].reshape(2, height // 2, width // 2)

    def posed(self, motion: MotionFrame) -> tuple[FloatArray, float, Turn]:
        """What is drawn of *motion*: coefficients within bounds, breath and the head's turn.

        Raises:
            ValueError: if the coefficients have another shape.
        """
        weights = np.asarray(motion.coefficients, np.float32)
        if weights.shape != (len(COEFFICIENTS),):
            raise ValueError(f"coefficients are {weights.shape}: give ({len(COEFFICIENTS)},)")
        pose = bounded(motion.pose)
        lift = HEAD_BREATH * pose.breath * self._plate.rise_px
        turned = turn(pose, self._eye_px).raised(lift)
        return np.clip(np.nan_to_num(weights), 0, 1), pose.breath, turned

    def _draw_plate(
        self, luma: ByteArray, chroma: ByteArray, out: ByteArray, breath: float, turned: Turn
    ) -> None:
        if self._simple and self._body is not None and self._body_left > 0:
            self._body_left -= 1
            np.copyto(out, self._body)
            return
        self._plate.draw(luma, chroma, breath, turned)
        if self._simple and self.alpha is None:
            self._body = out.copy() if self._body is None else self._body
            np.copyto(self._body, out)
            self._body_left = BODY_EVERY - 1

    def stamp(self, planes: ByteArray) -> None:
        """Draw the look's mark, if it has one, into a picture as ``render`` gives it."""
        if self._stamp is not None:
            self._stamp.draw(*self._views(planes), self.alpha)

    def _draw_head(
        self, luma: ByteArray, chroma: ByteArray, weights: FloatArray, turned: Turn
    ) -> tuple[Shown, tuple[list[ByteArray], Rect]]:
        """Draw it; what was drawn of the mouth, and the head's layer with its rectangle."""
        self._seen = None
        self._eyes.draw(weights, self._head.luma, self._head.chroma)
        lower, upper = self._skin.flows(weights, turned)
        maps = self._skin.maps(upper, self._skin.cells_over(self._mouth_box, lower, margin=1))
        mouth = self._warp("lip", self._upper, maps, self._upper_rect)
        mouth_rect = maps.rect
        maps = self._skin.maps(lower, self._skin.cells_over(self._head_box, lower))
        head = self._warp("head", self._head, maps, self._skin.rect)
        self._draw_interior(luma, chroma, head, maps.rect, mouth, mouth_rect, weights, turned)
        self._lay(luma, chroma, head, maps.rect)
        self._lay(luma, chroma, mouth, mouth_rect)
        return Shown(mouth_rect, self._seen, mouth[1]), (head, maps.rect)

    def _warp(self, name: str, planes: Planes, maps: Maps, origin: Rect) -> list[ByteArray]:
        """Y·α, α, the hole, U·α, V·α and half-size α of a layer over ``maps.rect``."""
        shift_x, shift_y = self._skin.rect[0] - origin[0], self._skin.rect[1] - origin[1]
        if shift_x or shift_y:
            maps = Maps(maps.rect, maps.x + shift_x, maps.y + shift_y)
        fine = self._way if not self._simple else cv2.INTER_LINEAR
        parts: list[ByteArray] = []
        for size, picture, (x, y), way in (
            ("full", planes.luma, maps.full(self._scratch, "map"), fine),
            # Sampled finely, colours overshoot where alpha cannot: a magenta line about the lips.
            ("half", planes.chroma, maps.half(self._scratch, "map half"), cv2.INTER_LINEAR),
        ):
            # Four channels: OpenCV's remap is more than twice as fast on them as on two.
            drawn = self._scratch.bytes("drawn", *x.shape, 4)
            cv2.remap(picture, x, y, way, dst=drawn, borderMode=cv2.BORDER_CONSTANT)
            for channel in range(3):
                plane = self._scratch.bytes(f"{name} {size} {channel}", *x.shape)
                cv2.extractChannel(drawn, channel, plane)
                parts.append(plane)
        return parts

    def _lay(self, luma: ByteArray, chroma: ByteArray, parts: list[ByteArray], rect: Rect) -> None:
        x0, y0, x1, y1 = rect
        y, alpha, _, u, v, alpha_half = parts
        over(luma[y0:y1, x0:x1], y, alpha, self._scratch.bytes("rest", *y.shape))
        if self.alpha is not None:
            over(self.alpha[y0:y1, x0:x1], alpha, alpha, self._scratch.bytes("rest", *y.shape))
        half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
        for plane, colour in zip(chroma, (u, v), strict=True):
            over(plane[half], colour, alpha_half, self._scratch.bytes("rest", *u.shape))

    def _draw_interior(
        self, luma: ByteArray, chroma: ByteArray, head: list[ByteArray], head_rect: Rect,
        lip: list[ByteArray], rect: Rect, weights: FloatArray, turned: Turn,
    ) -> None:  # fmt: skip
        """Draw the inside of the mouth where neither the head nor the upper lip hides it."""
        x0, y0, x1, y1 = rect
        hx, hy = head_rect[:2]
        if x0 < hx or y0 < hy or x1 > head_rect[2] or y1 > head_rect[3]:
            return  # half out of the picture: nothing to see into
        hole = head[2][y0 - hy : y1 - hy, x0 - hx : x1 - hx]
        seen = np.asarray(cv2.multiply(hole, cv2.bitwise_not(lip[1]), scale=1 / 255), np.uint8)
        self._seen = seen
        if seen.max() > 0:
            half = (slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2))
            planes = (luma[y0:y1, x0:x1], chroma[0][half], chroma[1][half])
            self._mouth.draw(planes, rect, hole, seen, weights, turned)
            if self.alpha is not None:  # turned far, it lies beside the body
                cv2.max(self.alpha[y0:y1, x0:x1], hole, dst=self.alpha[y0:y1, x0:x1])

"""The graph's mouth: light, layers and the way back into the picture."""

import cv2
import numpy as np

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import Tape
from engine.synthesis.graph_layout import window
from engine.synthesis.graph_mouth import MouthGraph, paste
from engine.synthesis.graph_skin import Pixels, counted
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from engine.synthesis.warp import bounded, turn
from tests import graph_utils
from tests.graph_utils import numbers, off, persona, run
from tests.portrait_utils import motion

OUTPUT = OutputFormat(512, 512)
CORNER = 140, 220


def test_the_inside_is_the_cpus() -> None:
    cpu = Synthesizer(persona("ada"), OUTPUT)
    frame = motion(jawOpen=0.8, mouthFunnel=0.4, mouthRollLower=0.3)
    width, height = window(OUTPUT)
    hole = np.zeros((height, width), np.uint8)
    cv2.ellipse(hole, (116, 75), (40, 22), 0, 0, 360, 255, -1)
    hole = np.asarray(cv2.GaussianBlur(hole, (0, 0), 1.5), np.uint8)
    seen = np.where(np.arange(height)[:, None] > 65, hole, 0).astype(np.uint8)

    tape = Tape()
    weights = tape.input("coefficients", ["batch", len(COEFFICIENTS)])
    graph = MouthGraph(
        tape, numbers(tape), graph_utils.turn(tape), weights, "float32", (width, height)
    )
    at = Pixels(counted(tape, width) + CORNER[0], counted(tape, height) + CORNER[1])
    half = Pixels(
        counted(tape, width // 2) + CORNER[0] / 2, counted(tape, height // 2) + CORNER[1] / 2
    )
    pictures = [tape.input(n, [1, 1, height, width]) for n in ("hole", "seen")]
    inside = graph.draw(at, half, *pictures)
    given = rig_tensors(cpu) | frame_tensors([cpu], [frame])
    given |= {n: v[None, None].astype(np.float32) for n, v in (("hole", hole), ("seen", seen))}
    got = run(tape, given, luma=inside[1], chroma=inside[2])

    planes = [np.full((height, width), 200, np.uint8)]
    planes += [np.full((height // 2, width // 2), 90, np.uint8) for _ in "uv"]
    x, y = CORNER
    rect = (x, y, x + width, y + height)
    cpu._mouth.draw((planes[0], planes[1], planes[2]), rect, hole, seen, frame.coefficients,
                    turn(bounded(frame.pose), cpu._eye_px))  # fmt: skip
    for name, start, wanted in (("luma", 200, planes[:1]), ("chroma", 90, planes[1:])):
        layers = got[name][0]
        for colour, want in zip(layers[:-1], wanted, strict=True):
            assert off(np.rint(start * (1 - layers[-1] / 255)) + colour, want) <= 1
    assert planes[0].min() < 60
    assert len(np.unique(planes[0])) > 60


def test_a_patch_is_pasted_where_it_belongs() -> None:
    tape = Tape()
    patch = np.arange(1, 7, dtype=np.float32).reshape(1, 1, 2, 3)
    origin = tape.constant([[3.0]], "float32"), tape.constant([[-1.0]], "float32")
    pixels = Pixels(counted(tape, 5), counted(tape, 4))
    got = run(tape, {"p": patch}, out=paste(tape.input("p", [1, 1, 2, 3]), (3, 2), origin, pixels))
    want = np.zeros((4, 5))
    want[0, 3:5] = 4, 5
    np.testing.assert_array_equal(got["out"][0, 0], want)

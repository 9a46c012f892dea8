"""What breathes behind the head, as the CPU draws it."""

import numpy as np
import pytest

from engine.media import Pose
from engine.runtime.tape import Tape
from engine.synthesis.graph_plate import PlateGraph
from engine.synthesis.graph_skin import Pixels, counted
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors
from engine.synthesis.look import Background, BackgroundKind, Look, Mark
from engine.synthesis.synthesizer import HEAD_BREATH, OutputFormat, Synthesizer
from engine.synthesis.warp import bounded, turn
from tests import graph_utils
from tests.graph_utils import numbers, off, persona, run
from tests.portrait_utils import motion

OUTPUT = OutputFormat(360, 640)


@pytest.mark.parametrize("kind", ["photo", "colour"])
def test_the_plate_is_the_cpus(kind: BackgroundKind) -> None:
    look = Look(background=Background(kind=kind), mark=Mark(on=False))
    cpu = Synthesizer(persona("ada"), OUTPUT, look)
    frame = motion(Pose(yaw_deg=10, roll_deg=8, x=0.2, y=-0.1, breath=0.9))
    tape = Tape()
    graph = PlateGraph(tape, numbers(tape), graph_utils.turn(tape),
                       tape.input("breath", ["batch", 1]), "float32")  # fmt: skip
    drawn = {}
    for by, name in ((1, "luma"), (2, "chroma")):
        size = OUTPUT.width // by, OUTPUT.height // by
        drawn[name] = graph.draw(Pixels(*(counted(tape, n) for n in size)), size, by)
    got = run(tape, rig_tensors(cpu) | frame_tensors([cpu], [frame]), **drawn)

    luma = np.empty((640, 360), np.uint8)
    chroma = np.empty((2, 320, 180), np.uint8)
    pose = bounded(frame.pose)
    turned = turn(pose, cpu._eye_px).raised(HEAD_BREATH * pose.breath * cpu._plate.rise_px)
    cpu._plate.draw(luma, chroma, pose.breath, turned)
    assert off(got["luma"][0, 0], luma) <= 1
    assert off(got["chroma"][0], chroma) <= 1
    assert (got["luma"][0, 0] != luma).mean() < 1e-3

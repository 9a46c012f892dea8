"""The graph's eyes are the CPU's."""

import numpy as np
import pytest

from engine.motion.coefficients import COEFFICIENTS
from engine.runtime.tape import Tape
from engine.synthesis.graph_eyes import EyesGraph
from engine.synthesis.graph_layout import eye_size
from engine.synthesis.graph_skin import Pixels, counted
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.graph_utils import off, persona, run
from tests.portrait_utils import motion


@pytest.mark.parametrize("name", ["ada", "lin"])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"eyeBlink": 0.3},
        {"eyeBlink": 0.9, "eyeLookDown": 0.5},
        {"eyeBlink": 1.0},
        {"eyeWide": 1.0, "eyeLookUp": 0.8},
        {"eyeLookOut_L": 1.0, "eyeLookIn_R": 1.0},
        {"eyeSquint": 1.0, "cheekSquint": 1.0},
    ],
    ids=str,
)
def test_both_eyes_at_both_sizes(name: str, values: dict[str, float]) -> None:
    output = OutputFormat(512, 512)
    cpu = Synthesizer(persona(name), output)
    frame = motion(None, **values)
    given = rig_tensors(cpu) | frame_tensors([cpu], [frame])
    tape = Tape()
    graph = EyesGraph(tape, tape.input("coefficients", ["batch", len(COEFFICIENTS)]),
                      eye_size(output))  # fmt: skip
    drawn = {}
    for by, level in ((1, "luma"), (2, "chroma")):
        side = 512 // by
        head = tape.input(f"head_{level}", ["batch", 3, side, side]).part(1, 0, by)
        pixels = Pixels(counted(tape, side), counted(tape, side))
        drawn[level] = graph.draw(level, by, head, pixels)
    got = run(tape, given, **drawn)

    planes = cpu._head
    cpu._eyes.draw(frame.coefficients, planes.luma, planes.chroma)
    x0, y0, x1, y1 = cpu._skin.rect
    luma = got["luma"][0, 0, y0:y1, x0:x1]
    chroma = got["chroma"][0, :, y0 // 2 : y1 // 2, x0 // 2 : x1 // 2].transpose(1, 2, 0)
    assert off(luma, planes.luma[..., 0]) <= 1
    assert off(chroma, planes.chroma[..., :2]) <= 1
    assert (luma != planes.luma[..., 0]).mean() < 1e-3
    assert np.isfinite(luma).all()

"""What the graph is given."""

from dataclasses import replace

import numpy as np
import pytest

from engine.media import MotionFrame, Pose
from engine.motion.coefficients import COEFFICIENTS
from engine.synthesis import graph_tensors
from engine.synthesis.graph_layout import NUMBERS
from engine.synthesis.graph_synthesizer import runner
from engine.synthesis.graph_tensors import frame_tensors, rig_tensors, stacked
from engine.synthesis.look import Background, Look
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.graph_utils import persona
from tests.portrait_utils import motion

OUTPUT = OutputFormat(256, 256)


def test_grids_of_several_sizes_go_in_one_batch() -> None:
    cpu = Synthesizer(persona("ada"), OUTPUT)
    rig = rig_tensors(cpu)
    wide = dict(rig)
    for name, more in (("nodes", (5, 7)), ("flows", (5, 7)), ("plate_nodes", (3, 2))):
        pad = [(0, 0), (0, 0), (0, more[0]), (0, more[1])] + [(0, 0)] * (rig[name].ndim - 4)
        wide[name] = np.pad(rig[name], pad)
    both = stacked([rig, wide])
    rows, columns = rig["nodes"].shape[2:]
    assert both["nodes"].shape == (2, 3, rows + 5, columns + 7)
    assert both["flows"].shape[:4] == (2, 4, rows + 5, columns + 7)
    assert both["numbers"][:, NUMBERS.index("grid_columns")].tolist() == [columns + 7] * 2
    assert both["numbers"][0, NUMBERS.index("columns")] == columns
    frame = motion(Pose(yaw_deg=6, roll_deg=4, breath=1.0), jawOpen=0.6, mouthSmile=0.3)
    graph = runner(OUTPUT)
    alone = graph.run({**rig, **frame_tensors([cpu], [frame])})["picture"][0].astype(int)
    among = graph.run({**both, **frame_tensors([cpu] * 2, [frame] * 2)})["picture"][0].astype(int)
    assert np.abs(alone - among).max() <= 1
    assert (alone != among).mean() < 1e-3


def test_frames_are_bounded_as_the_cpu_bounds_them() -> None:
    cpu = Synthesizer(persona("ada"), OUTPUT)
    weights = np.full(len(COEFFICIENTS), 9.0, np.float32)
    weights[0] = np.nan
    frame = MotionFrame(0, weights, Pose(yaw_deg=float("nan"), roll_deg=1e9, breath=7.0))
    got = frame_tensors([cpu], [frame])
    assert got["coefficients"].shape == (1, len(COEFFICIENTS))
    assert got["coefficients"][0, :2].tolist() == [0, 1]
    assert got["breath"].tolist() == [[1]]
    assert np.isfinite(got["turn"]).all()
    assert {each.dtype for each in got.values()} == {np.dtype(np.float32)}
    with pytest.raises(ValueError, match=rf"give \({len(COEFFICIENTS)},\)"):
        frame_tensors([cpu], [replace(frame, coefficients=weights[:3])])


def test_what_the_graph_cannot_draw_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = persona("ada")
    keyed = Look(background=Background("transparent"))
    with pytest.raises(ValueError, match=r"no transparent background: draw this look on the CPU"):
        rig_tensors(Synthesizer(rig, OUTPUT, keyed))
    left, top, right, bottom = rig.mouth_px
    huge = replace(rig, mouth_px=(left - 150, top, right + 150, bottom))
    with pytest.raises(ValueError, match=r"the mouth is .* too large for the graph"):
        rig_tensors(Synthesizer(huge, OUTPUT))
    with monkeypatch.context() as less:
        less.setattr(graph_tensors, "GRID", (4, 8, 16))
        with pytest.raises(ValueError, match=r"side of \d\d nodes, too large for the graph"):
            rig_tensors(Synthesizer(rig, OUTPUT))

"""Rigs kept where the graph runs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from engine.runtime.runner import RunnerError, Tensors
from engine.synthesis.graph_layout import NUMBERS
from engine.synthesis.graph_tensors import Arrays, rig_tensors
from engine.synthesis.kept_rigs import KeptRigs
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.graph_utils import persona


@pytest.fixture(scope="module")
def rig() -> Arrays:
    return rig_tensors(Synthesizer(persona("ada"), OutputFormat(256, 256)))


class Joined:
    """A runner that takes whole inputs."""

    inputs: Mapping[str, tuple[int | None, ...]] = {}
    metadata: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.given: list[Tensors] = []

    def run(self, tensors: Tensors) -> Tensors:
        self.given.append(tensors)
        return {}

    def warmup(self) -> None: ...


class Rowed(Joined):
    """A runner that takes rows."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Sequence[Tensors]] = []

    def run_rows(self, tensors: Tensors, rows: Sequence[Tensors]) -> Tensors:
        self.rows.append(rows)
        return {}


def wider(rig: Arrays) -> Arrays:
    """*rig* with a larger grid."""
    pad = [(0, 0), (0, 0), (0, 0), (0, 3)]
    return rig | {"nodes": np.pad(rig["nodes"], pad), "flows": np.pad(rig["flows"], [*pad, (0, 0)])}


def test_any_of_them_go_in_a_pass_though_their_grids_differ(rig: Arrays) -> None:
    rigs, runner = KeptRigs(), Joined()
    rigs.keep(3, rig)
    rigs.keep(5, wider(rig))
    frames = {"turn": np.zeros((2, 2, 4), np.float32)}
    rigs.run(runner, frames, (5, 3))
    (given,) = runner.given
    columns = rig["nodes"].shape[3] + 3
    assert given["turn"] is frames["turn"] and given["nodes"].shape[::3] == (2, columns)
    assert given["numbers"][:, NUMBERS.index("grid_columns")].tolist() == [columns] * 2
    assert given["nodes"][1, 0, 0].tolist() == list(range(columns))
    assert np.array_equal(given["head_luma"][0], rig["head_luma"][0])
    rigs.run(runner, frames, (5, 3))
    assert runner.given[1]["flows"] is given["flows"] and not given["flows"].flags.writeable


def test_a_device_gets_the_very_same_rows_until_a_grid_grows(rig: Arrays) -> None:
    rigs, runner = KeptRigs(), Rowed()
    rigs.keep(0, rig)
    given = rig["head_luma"].copy()
    for numbers in ((0,), (0,)):
        rigs.run(runner, {}, numbers)
    first, second = runner.rows[0][0], runner.rows[1][0]
    assert all(first[name] is second[name] for name in first)
    assert all(not each.flags.writeable and each.base is None for each in first.values())
    rigs.keep(1, wider(rig))
    rigs.run(runner, {}, (0, 1))
    third = runner.rows[2][0]
    assert third["head_luma"] is first["head_luma"] and third["flows"] is not first["flows"]
    assert np.array_equal(first["head_luma"], given), "a copy: what was given may be overwritten"


def test_what_was_forgotten_or_never_sent_is_told(rig: Arrays) -> None:
    rigs = KeptRigs()
    rigs.keep(1, rig)
    rigs.forget([1, 9])
    with pytest.raises(RunnerError, match=r"no rig 1, 2 is kept here: send it first"):
        rigs.run(Joined(), {}, (1, 2))

"""How the graph's inputs are laid out, and that to know it no library of networks is needed."""

import subprocess
import sys

from engine.synthesis.graph_layout import ranges, sampling, window
from engine.synthesis.synthesizer import OutputFormat
from tests.test_rooms import PROJECT, SET_UP_ONLY


def test_who_fills_the_inputs_needs_no_library_of_networks() -> None:
    code = "import sys, engine.synthesis.wholes; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert not set(loaded.stdout.split()) & SET_UP_ONLY


def test_sizes_grow_with_the_picture_and_windows_are_even() -> None:
    small, large = (ranges(OutputFormat(side, side)) for side in (256, 1024))
    for name, (low, usual, high) in large.items():
        assert low <= usual <= high
        assert small[name][2] == high * (1 if name in ("batch", "rows", "columns") else 1 / 4)
    assert all(side % 2 == 0 for side in window(OutputFormat(258, 434)))
    assert sampling(fine=True) != sampling(fine=False)

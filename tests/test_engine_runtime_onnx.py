from pathlib import Path

import numpy as np
import pytest

from engine.motion.stream import WEIGHTS
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import Runner, RunnerError


def test_runs_and_says_what_it_needs() -> None:
    runner: Runner = OnnxRunner(WEIGHTS)
    runner.warmup()
    tensors = {name: np.zeros([n or 3 for n in s], np.float32) for name, s in runner.inputs.items()}
    first, second = runner.run(tensors), runner.run(tensors)
    assert {name: value.shape[0] for name, value in first.items()} == {"speech": 3, "next_state": 2}
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_missing_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="install the project again"):
        OnnxRunner(tmp_path / "none.onnx")


def test_broken_file_names_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(RunnerError, match=r"cannot load .*broken\.onnx"):
        OnnxRunner(path)


def test_wrong_inputs_are_refused() -> None:
    with pytest.raises(RunnerError, match="check the inputs"):
        OnnxRunner(WEIGHTS).run({"pairs": np.zeros((1, 1, 3), np.float32)})

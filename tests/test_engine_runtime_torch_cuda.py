"""PyTorch gives what ONNX Runtime gives; run on the CPU, where no GPU is needed for it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.runtime.half import halved
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import InputsError, RunnerError
from engine.runtime.torch_cuda import TorchRunner
from engine.synthesis.graph import build
from engine.synthesis.graph_synthesizer import GraphSynthesizer
from engine.synthesis.look import Look, Mark
from engine.synthesis.refiner import Refiner
from engine.synthesis.shapes import SHAPES
from engine.synthesis.shapes import motion as by_name
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.fake_refiner import network
from tests.graph_utils import off, persona
from tests.refiner_onnx_utils import refiner, refiner_tensors

torch = pytest.importorskip("torch", reason="PyTorch is not installed: the extra train")
CPU = "cpu"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that spin would wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_refiner_gives_the_same() -> None:
    runner = TorchRunner(refiner(), CPU)
    runner.warmup()
    assert runner.metadata["side_px"] == "32"
    assert runner.inputs == OnnxRunner(refiner()).inputs
    for batch in (1, 3):
        given = refiner_tensors(batch, seed=batch)
        want = OnnxRunner(refiner()).run(given)["clean"]
        got = runner.run(given)["clean"]
        assert got.dtype == np.float32
        assert np.abs(got - want).max() < 1e-5 * np.abs(want).max()


def test_half_floats_too() -> None:
    given = refiner_tensors()
    want = OnnxRunner(halved(refiner())).run(given)["clean"]
    got = TorchRunner(halved(refiner()), CPU).run(given)["clean"]
    assert np.abs(got - want).max() < 0.005 * np.abs(want).max()


def test_whole_pictures_are_drawn_alike() -> None:
    size = OutputFormat(256, 256)
    cpu = Synthesizer(persona("ada"), size)
    network = build(size).SerializeToString()
    drawn = GraphSynthesizer([cpu], TorchRunner(network, CPU))
    for name in ("ee", "roll 5"):
        frame = by_name(*SHAPES[name])
        want, got = cpu.render(frame), drawn.render(frame)
        assert off(got, want) <= 1
        assert (got != want).mean() < 0.01


def test_refined_pictures_are_drawn_alike() -> None:
    size, loaded = OutputFormat(256, 256), Refiner(OnnxRunner(network(strength=0.9)))
    look = Look("balanced", 2, mark=Mark(on=False))
    cpu = Synthesizer(persona("ada"), size, look, refiner=loaded)
    content = build(size, refiner=network(strength=0.9), steps=2, fine=True).SerializeToString()
    drawn = GraphSynthesizer([cpu], TorchRunner(content, CPU))
    frame = by_name(*SHAPES["ah"])
    want, got = cpu.render(frame), drawn.render(frame)
    assert off(want, Synthesizer(persona("ada"), size).render(frame)) > 20
    assert off(got, want) <= 1
    assert (got != want).mean() < 0.01


def test_what_is_not_needed_any_more_is_let_go() -> None:
    runner = TorchRunner(refiner(), CPU)
    gone = [name for step in runner._steps for name in step[-1]]
    assert len(gone) == len(set(gone)) > 20
    assert "clean" not in gone


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time": np.zeros((2, 1))}, "time is float64"),
        ({"time": np.zeros((2, 2), np.float32)}, r"time is float32 \(2, 2\)"),
        ({"other": np.zeros(1)}, "give state, time"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(change: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(InputsError, match=words):
        TorchRunner(refiner(), CPU).run(refiner_tensors() | change)


def test_batches_that_differ_are_a_failure_with_a_remedy() -> None:
    given = refiner_tensors(3) | {"mask": refiner_tensors(2)["mask"]}
    with pytest.raises(RunnerError, match=r'PyTorch failed: .*engine\.backend = "cpu"'):
        TorchRunner(refiner(), CPU).run(given)


def test_networks_that_cannot_be_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="no network at"):
        TorchRunner(tmp_path / "none.onnx", CPU)
    with pytest.raises(RunnerError, match="cannot load a network"):
        TorchRunner(b"nonsense", CPU)
    model = onnx.load_from_string(refiner())
    model.graph.node[0].op_type = "Bernoulli"
    with pytest.raises(RunnerError, match="has no Bernoulli"):
        TorchRunner(model.SerializeToString(), CPU)


def test_without_cuda_or_torch_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(RunnerError, match=r"has no CUDA: pip install torch"):
        TorchRunner(refiner())
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RunnerError, match="PyTorch sees no GPU"):
        TorchRunner(refiner())
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RunnerError, match="PyTorch cannot be loaded"):
        TorchRunner(refiner())


def test_closed_it_runs_no_more() -> None:
    runner = TorchRunner(refiner(), CPU)
    runner.close()
    runner.close()
    with pytest.raises(RunnerError, match="closed: open it again"):
        runner.run(refiner_tensors())
    with pytest.raises(RunnerError, match="closed: open it again"):
        runner.warmup()


def test_a_pass_under_way_ends_though_it_is_closed() -> None:
    runner, given = TorchRunner(refiner(), CPU), refiner_tensors()
    want = runner.run(given)["clean"]
    operator, *others = runner._steps[3]

    def closing(*inputs: object) -> object:
        runner.close()
        return operator(*inputs)

    runner._steps[3] = (closing, *others)
    assert np.array_equal(runner.run(given)["clean"], want)


def test_used_up_memory_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    runner = TorchRunner(refiner(), CPU)
    runner._steps[3] = (full, *runner._steps[3][1:])
    with pytest.raises(RunnerError, match="memory is used up: end other programs"):
        runner.run(refiner_tensors())

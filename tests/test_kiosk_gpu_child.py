"""What the GPU's process does with what is asked: rigs are kept, passes take them."""

from pathlib import Path

import numpy as np
import pytest

from engine.runtime.runner import RunnerError, Tensors
from engine.synthesis.graph_tensors import Arrays, rig_tensors
from engine.synthesis.kept_rigs import KeptRigs
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from kiosk.gpu_child import Asked, Done, Failed, _done
from kiosk.tensor_memory import TensorMemory
from tests.graph_utils import persona
from tests.test_engine_synthesis_kept_rigs import Joined


class Summing(Joined):
    """Gives the sum of one input of the rigs, and of one of the frames."""

    def run(self, tensors: Tensors) -> Tensors:
        if tensors["turn"][0] < 0:
            raise RunnerError("no kernel")
        return {"sum": tensors["head_luma"].sum((1, 2, 3)) + tensors["turn"]}


@pytest.fixture(scope="module")
def rig() -> Arrays:
    return rig_tensors(Synthesizer(persona("ada"), OutputFormat(256, 256)))


def test_a_rig_is_kept_beyond_what_overwrites_it_and_forgotten_when_told(rig: Arrays) -> None:
    given, taken = TensorMemory(64 << 20), TensorMemory(1 << 20)
    rigs, runner = KeptRigs(), Summing()

    def ask(tensors: Tensors, kept: tuple[int, ...] = (), keep: int | None = None,
            forget: tuple[int, ...] = ()) -> object:  # fmt: skip
        return _done(runner, rigs, Asked(given.write(tensors), kept, keep, forget), given, taken)

    assert ask(rig, keep=4) == Done(())
    frame = {"turn": np.full(2, 7, np.float32)}
    told = ask(frame, (4, 4))
    assert isinstance(told, Done)
    (total,) = set(taken.read(told.places)["sum"].tolist())
    assert total == pytest.approx(float(rig["head_luma"].sum()) + 7)
    refused = ask({"turn": np.full(1, -1, np.float32)}, (4,))
    assert refused == Failed("no kernel", over=False)
    assert ask(frame, (4,), forget=(4,)) == Failed(
        "no rig 4 is kept here: send it first", over=False
    )
    assert ask({}, forget=(4,)) == Done(()), "no pass"
    broken = ask({"x": rig["head_luma"]}, keep=5)
    assert isinstance(broken, Failed) and broken.over, "what is no rig is a fault of ours"
    given.close()
    taken.close()


class Pruned(Summing):
    """Counts how often it was to let go of what nobody has."""

    prunes = 0

    def prune(self) -> None:
        self.prunes += 1


@pytest.mark.parametrize("is_pass", [True, False])
def test_what_is_forgotten_leaves_the_card_with_a_pass_or_without(
    rig: Arrays, is_pass: bool
) -> None:
    given, taken = TensorMemory(64 << 20), TensorMemory(1 << 20)
    rigs, runner = KeptRigs(), Pruned()
    for number in (1, 2):
        _done(runner, rigs, Asked(given.write(rig), keep=number), given, taken)
    frame = {"turn": np.full(1, 7, np.float32)} if is_pass else {}
    kept = (1,) if is_pass else ()
    _done(runner, rigs, Asked(given.write(frame), kept), given, taken)
    assert runner.prunes == 0
    told = _done(runner, rigs, Asked(given.write(frame), kept, None, (2,)), given, taken)
    assert isinstance(told, Done) and runner.prunes == 1
    given.close()
    taken.close()


def test_what_is_asked_can_be_sent(tmp_path: Path) -> None:
    import pickle

    asked = Asked((), (1, 2), None, (3,))
    assert pickle.loads(pickle.dumps(asked)) == asked

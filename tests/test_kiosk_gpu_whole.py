"""Whole pictures by a process of their own: the CPU's, from portraits that are sent once."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.media import Pose
from engine.pipeline import Draft, draw
from engine.synthesis.look import Look
from engine.synthesis.synthesizer import Synthesizer
from engine.synthesis.whole import WholePicture, WholeSynthesizer
from kiosk.fallbacks import Fallbacks
from kiosk.gpu_child import Asked, Done
from kiosk.gpu_link import GpuLink
from kiosk.gpu_process import GpuProcess
from kiosk.metrics import Metrics
from tests.graph_utils import off, persona
from tests.portrait_utils import motion
from tests.whole_network import OUTPUT, opener

PATIENT_S = 600.0
"""On a machine that is busy with other things; nothing here is timed."""
FRAMES = [motion(jawOpen=0.6), motion(Pose(yaw_deg=-6, breath=1.0), eyeBlink=0.5)]


class Questions(list[Asked]):
    """What is asked of the process, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten = threading.Event()
        """Set when it was asked to forget something."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Questions:
    everything = Questions()
    do = GpuLink._do

    def recorded(link: GpuLink, asked: Asked, timeout_s: float) -> Done:
        everything.append(asked)
        done = do(link, asked, timeout_s)
        if asked.forget:
            everything.forgotten.set()
        return done

    monkeypatch.setattr(GpuLink, "_do", recorded)
    return everything


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def gpu(tmp_path: Path, metrics: Metrics) -> Iterator[GpuProcess]:
    made = GpuProcess(opener(tmp_path / "mood"), metrics, pass_s=PATIENT_S, start_s=PATIENT_S)
    made.warmup()
    yield made
    made.close()


def spare(name: str) -> Synthesizer:
    return Synthesizer(persona(name), OUTPUT, Look())


def drawn_alike(drawers: list[WholeSynthesizer]) -> None:
    """Draw a picture of each, and hold it to what the CPU draws."""
    drafts = [Draft(0, 0, 0, frame, each) for each, frame in zip(drawers, FRAMES, strict=False)]
    for picture, draft, name in zip(draw(drafts), drafts, ("ada", "lin"), strict=False):
        assert off(picture, spare(name).render(draft.motion)) <= 1


def test_portraits_are_sent_once_to_each_process_and_the_cpu_draws_between(
    gpu: GpuProcess, metrics: Metrics, asked: Questions, tmp_path: Path
) -> None:
    def fallbacks() -> float:
        found = metrics.registry.get_sample_value("kiosk_gpu_fallbacks_total", {"to": "cpu"})
        return found or 0.0

    whole = WholePicture(gpu, "fp32", Fallbacks(metrics))
    drawers = [whole.admit(spare(name)) for name in ("ada", "lin")]
    for _ in range(2):
        drawn_alike(drawers)
    assert [(each.keep, each.kept) for each in asked] == [
        (0, ()), (1, ()), (None, (0, 1)), (None, (0, 1)),
    ]  # fmt: skip
    sent = {place.name for place in asked[0].places}
    passed = {place.name for place in asked[2].places}
    assert passed == {"coefficients", "turn", "breath"} and not sent & passed
    assert fallbacks() == 0

    asked.clear()
    mood = tmp_path / "mood"
    mood.touch()
    drawn_alike(drawers)
    assert fallbacks() == 1 and [each.keep for each in asked] == [None]
    mood.unlink()
    asked.clear()
    gpu.warmup()
    assert {each.keep for each in asked} == {0, 1} and len(asked) == 2, (
        "before any picture waits for it"
    )
    drawn_alike(drawers)
    assert [(each.keep, each.kept) for each in asked[2:]] == [(None, (0, 1))]
    assert fallbacks() == 1

    drawers.pop()
    gc.collect()
    assert asked.forgotten.wait(PATIENT_S), "though no picture is drawn"
    assert (asked[-1].places, asked[-1].forget) == ((), (1,))
    drawn_alike(drawers)
    assert asked[-1].kept == (0,) and asked[-1].forget == ()

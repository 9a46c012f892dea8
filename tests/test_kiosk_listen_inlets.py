"""Who may speak into a stage, and as what."""

from collections.abc import Coroutine
from typing import Any

import pytest

from kiosk.api import ProblemError
from kiosk.listen.hearing import Mode
from kiosk.listen.inlet import Kind, VisitorInlet
from kiosk.listen.inlets import MAX_INLETS_PER_STAGE, Inlets, Role
from kiosk.listen.voice_inlet import VoiceInlet
from kiosk.metrics import Metrics
from kiosk.stage import Stage
from tests.fakes import run_virtual
from tests.stage_utils import make_stage
from tests.test_kiosk_listen_inlet import Ear


def inlets(mode: Mode = "speak") -> tuple[Inlets, list[Ear]]:
    ears: list[Ear] = []

    def hears(_stage: Stage) -> Ear:
        ears.append(Ear())
        return ears[-1]

    return Inlets(lambda _stage: mode, Metrics(), hears), ears


@pytest.mark.parametrize(
    ("mode", "kind", "role", "wanted"),
    [
        ("speak", "pcm", None, VoiceInlet),
        ("speak", "microphone", None, VisitorInlet),
        ("speak", "whip", None, VisitorInlet),
        ("preview", "microphone", None, VoiceInlet),
        ("preview", "whip", None, VoiceInlet),
        ("preview", "pcm", "visitor", VisitorInlet),
        ("speak", "whip", "voice", VoiceInlet),
    ],
)
def test_the_mode_says_what_a_source_is_unless_it_says_so_itself(
    mode: Mode, kind: Kind, role: Role | None, wanted: type
) -> None:
    async def work() -> None:
        stage, _ = make_stage()
        every, ears = inlets(mode)
        inlet = every.open(stage, kind, role, 16_000, takeover=False)
        assert isinstance(inlet, wanted) and list(every) == [inlet]
        assert len(ears) == (wanted is VisitorInlet)
        await stage.aclose()

    run_virtual(work)


def test_a_stage_that_closes_closes_its_inlets_and_no_others() -> None:
    async def work() -> None:
        (stage, _), (other, _) = make_stage(), make_stage()
        every, ears = inlets()
        told: list[str] = []
        here = every.open(stage, "microphone", None, 48_000, takeover=False)
        voice = every.open(stage, "pcm", None, 48_000, takeover=False)
        there = every.open(other, "pcm", None, 48_000, takeover=False)
        here.closing.append(lambda: told.append("here"))
        await stage.aclose()
        assert here.closed and voice.closed and not there.closed
        assert told == ["here"] and ears[0].closed == 1 and list(every) == [there]
        here.close()
        assert told == ["here"] and not stage.closing
        await other.aclose()
        assert there.closed and not list(every)

    run_virtual(work)


def refusal(work: Coroutine[Any, Any, None]) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        run_virtual(lambda: work)
    return caught.value


async def _open(rate_hz: int, count: int = 1, deaf: bool = False) -> None:
    stage, _ = make_stage()
    every = Inlets(lambda _stage: "speak", Metrics()) if deaf else inlets()[0]
    try:
        for _ in range(count):
            every.open(stage, "whip", None, rate_hz, takeover=False)
    finally:
        await stage.aclose()


@pytest.mark.parametrize("rate_hz", [0, 7_999, 48_001])
def test_a_rate_that_cannot_be_is_refused(rate_hz: int) -> None:
    error = refusal(_open(rate_hz))
    assert error.problem.code == "invalid_rate" and "8000 to 48000" in error.problem.remedy


def test_too_many_sources_are_refused_and_so_are_visitors_whom_nobody_hears() -> None:
    error = refusal(_open(16_000, MAX_INLETS_PER_STAGE + 1))
    assert (error.problem.status, error.problem.code) == (503, "too_many_sources")
    error = refusal(_open(16_000, deaf=True))
    assert error.problem.code == "no_ears" and "role=voice" in error.problem.remedy

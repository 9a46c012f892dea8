"""What inlets share, and a visitor's."""

import asyncio

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen.inlet import VISITOR_LIMIT_S, VisitorInlet
from tests.fakes import run_virtual
from tests.live_utils import steady
from tests.stage_utils import make_stage


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[FloatArray] = []
        self.closed = 0

    def hear(self, samples: FloatArray) -> None:
        self.heard.append(samples)

    def close(self) -> None:
        self.closed += 1

    @property
    def sound(self) -> FloatArray:
        return np.concatenate(self.heard)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_a_visitor_is_heard_at_16_khz(rate_hz: int) -> None:
    async def work() -> None:
        stage, _ = make_stage()
        ear = Ear()
        inlet = VisitorInlet(stage, rate_hz, ear)
        for number in range(50):
            inlet.push(steady(number * rate_hz // 50, rate_hz // 50))
            await asyncio.sleep(0.02)
        said: list[tuple[str, bool]] = []
        inlet.on_said = lambda *what: said.append(what)
        inlet.end_utterance()
        assert len(ear.sound) == 16_000 and ear.sound.dtype == np.float32
        assert said == [("", False)]
        inlet.close()
        inlet.close()
        inlet.push(steady(0, 960))
        assert ear.closed == 1 and inlet.closed and len(ear.sound) == 16_000
        await stage.aclose()

    run_virtual(work)


def test_a_flood_from_a_visitor_waits_or_is_dropped() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        ear, loop = Ear(), asyncio.get_running_loop()
        inlet = VisitorInlet(stage, 16_000, ear)
        begun_s = loop.time()
        for _ in range(500):
            inlet.push(steady(0, 320))
            await inlet.room()
        assert 8.5 < loop.time() - begun_s < 10.1, "ten seconds of speech take about as long"
        assert inlet.dropped_samples == 0
        for _ in range(500):
            inlet.push(steady(0, 320))
        assert inlet.dropped_samples > (9.0 - VISITOR_LIMIT_S) * 16_000
        await stage.aclose()

    run_virtual(work)


def test_what_is_no_sound_does_no_harm() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        ear = Ear()
        inlet = VisitorInlet(stage, 16_000, ear)
        wild = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0, 0.25], np.float32)
        inlet.push(wild)
        np.testing.assert_array_equal(ear.sound, [0.0, 0.0, 0.0, 1.0, -1.0, 0.25])
        assert np.isnan(wild[0]), "the caller's samples stay as they are"
        inlet.push(np.zeros(0, np.float32))
        assert len(ear.heard) == 1
        await stage.aclose()

    run_virtual(work)

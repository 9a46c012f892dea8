"""What a picture costs: of engines that are drawn alone, and of those that share a pass."""

import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import pytest_asyncio

from engine.media import ByteArray, MotionFrame
from engine.pipeline import Pipeline
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.agenda import BATCH_MOST
from kiosk.picture_cost import PICTURES, measure, voice
from kiosk.worker import Worker
from tests.fakes import FakeMotion, FakePass, FakeSynthesis, TogetherSynthesis


@pytest_asyncio.fixture
async def worker() -> AsyncIterator[Worker]:
    made = Worker("test")
    yield made
    made.close()


class Slow(FakeSynthesis):
    """Takes its time; keeps which pictures it drew."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height)
        self.drawn_pts: list[int] = []

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        self.drawn_pts.append(motion.pts)
        time.sleep(0.003)
        return super().render(motion, out)


async def test_drawing_and_encoding_are_told_apart(worker: Worker) -> None:
    made: list[Slow] = []

    def make(width: int, height: int) -> Pipeline:
        made.append(Slow(width, height))
        return Pipeline(FakeMotion(), made[-1])

    with ThreadPoolExecutor(1) as pool:
        cost = await measure(make, (64, 64), 25, worker, pool)
    (one,) = made
    assert len(set(one.drawn_pts)) == PICTURES, "different faces"
    assert cost.draw_s >= 0.003
    assert 0 < cost.encode_s < cost.draw_s


async def test_engines_that_share_a_pass_are_measured_in_a_full_one(worker: Worker) -> None:
    way = FakePass()

    def make(width: int, height: int) -> Pipeline:
        return Pipeline(FakeMotion(), TogetherSynthesis(way, width, height))

    with ThreadPoolExecutor(1) as pool:
        await measure(make, (64, 64), 25, worker, pool)
    assert way.sizes == [BATCH_MOST] * PICTURES


class Broken(FakeSynthesis):
    """Cannot draw."""

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        raise RuntimeError("broken")


async def test_an_engine_that_cannot_draw_says_so(worker: Worker) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="broken"):
        await measure(lambda w, h: Pipeline(FakeMotion(), Broken(w, h)), (64, 64), 25, worker, pool)


def test_the_voice_is_loud_and_within_bounds() -> None:
    sound = voice(1.0)
    assert len(sound) == SAMPLE_RATE_HZ and sound.dtype == np.float32
    assert float(np.sqrt(np.mean(sound**2))) > 0.05 and float(np.abs(sound).max()) < 1.0

"""What a picture costs: of engines that are drawn alone, and of those that share a pass."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import pytest_asyncio

from engine.media import ByteArray, MotionFrame
from engine.pipeline import Pipeline
from engine.runtime.runner import BATCH_MOST
from engine.timeline import SAMPLE_RATE_HZ
from kiosk import picture_cost
from kiosk.picture_cost import PICTURES, measure, voice
from kiosk.worker import Worker
from tests.fakes import FakeMotion, FakePass, FakeSynthesis, TogetherSynthesis


@pytest_asyncio.fixture
async def worker() -> AsyncIterator[Worker]:
    made = Worker("test")
    yield made
    made.close()


class Clocks:
    """The threads' own time and the clock's, which move when work is done."""

    def __init__(self) -> None:
        self.thread_s = self.wall_s = 0.0

    def thread_time(self) -> float:
        return self.thread_s

    def perf_counter(self) -> float:
        return self.wall_s

    def work(self, seconds: float) -> None:
        self.thread_s += seconds
        self.wall_s += 10 * seconds  # others are busy, too


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    made = Clocks()

    class Encoder:
        def __init__(self, *_: object, **__: object) -> None: ...

        def encode(self, *_: object, **__: object) -> None:
            made.work(0.002)

    monkeypatch.setattr(picture_cost, "time", made)
    monkeypatch.setattr(picture_cost, "VideoEncoder", Encoder)
    return made


class Slow(TogetherSynthesis):
    """Works for 3 ms; keeps which pictures it drew."""

    def __init__(self, clocks: Clocks, way: FakePass) -> None:
        super().__init__(way, 64, 64)
        self._clocks = clocks
        self.drawn_pts: list[int] = []

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        self.drawn_pts.append(motion.pts)
        self._clocks.work(0.003)
        return super().render(motion, out)


async def test_drawing_and_encoding_are_told_apart_whatever_else_is_busy(
    worker: Worker, clocks: Clocks
) -> None:
    made: list[Slow] = []

    def make(width: int, height: int) -> Pipeline:
        made.append(Slow(clocks, FakePass()))
        return Pipeline(FakeMotion(), made[-1])

    with ThreadPoolExecutor(1) as pool:
        cost = await measure(make, (64, 64), 25, worker, pool, lambda: False)
    (one,) = made
    assert len(set(one.drawn_pts)) == PICTURES, "different faces"
    assert cost.draw_s == pytest.approx(0.003)
    assert cost.encode_s == pytest.approx(0.002)


async def test_engines_that_share_a_pass_are_measured_in_a_full_one_by_the_clock(
    worker: Worker, clocks: Clocks
) -> None:
    way = FakePass()

    def make(width: int, height: int) -> Pipeline:
        return Pipeline(FakeMotion(), Slow(clocks, way))

    with ThreadPoolExecutor(1) as pool:
        cost = await measure(make, (64, 64), 25, worker, pool)
    assert way.sizes == [BATCH_MOST] * PICTURES
    assert cost.draw_s == pytest.approx(0.03), "the GPU works while the thread waits"


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

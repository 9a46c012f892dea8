"""Stand-ins for the heavy and the slow: an engine, a worker, an executor, a voice, a clock."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np

from engine.media import Audio, ByteArray, MotionFrame, PictureFrame, Pose
from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.pipeline import Pipeline
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.drawing import Draws, draw_together
from kiosk.speech_queue import Caption, CaptionWord, Piece, Utterance

T = TypeVar("T")
P = ParamSpec("P")

LOOKAHEAD_SAMPLES = samples(0.08)


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's clock on."""

    loop: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not events and timeout is None:
            return list(super().select(1.0))
        if not events and timeout is not None and timeout > 0:
            self.loop.advance(timeout * (1.0 + self.loop.slowness))
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time: its clock jumps to the next timer."""

    def __init__(self) -> None:
        self.virtual_s = 0.0
        self.slowness = 0.0
        """By what share every wait takes longer than asked."""
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.virtual_s

    def advance(self, duration_s: float) -> None:
        self.virtual_s += duration_s


def run_virtual(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run the coroutine that *work* makes, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work())


class InlineExecutor(Executor):
    """Runs at once, in the caller's thread."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(partial(fn, *args, **kwargs)())
        return future


class InlineWorker:
    """Runs jobs at once; each takes *cost_s* of the loop's time."""

    def __init__(self, cost_s: float = 0.0) -> None:
        self.cost_s = cost_s

    async def run(self, deadline_s: float, job: Callable[[], T]) -> T:
        if self.cost_s:
            await asyncio.sleep(self.cost_s)
        return job()

    async def draw(self, deadline_s: float, job: Draws) -> PictureFrame:
        (outcome,) = await self.run(deadline_s, lambda: draw_together([job]))
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class FakeMotion:
    """The mouth opens with the loudness of the sound, after a lookahead."""

    def __init__(self) -> None:
        self.generation = 0
        self.pushed_pts = 0
        self.attended: list[bool] = []
        self.audio = np.zeros(0, np.float32)

    @property
    def ready_pts(self) -> int:
        return max(0, self.pushed_pts - LOOKAHEAD_SAMPLES)

    def push(self, audio: Audio) -> None:
        if audio.pts != self.pushed_pts:
            raise ValueError(f"a gap: {audio.pts} after {self.pushed_pts}")
        self.audio = np.concatenate([self.audio[: audio.pts], audio.samples])
        self.pushed_pts = audio.end_pts

    def at(self, pts: int) -> MotionFrame:
        if pts >= self.ready_pts:
            raise ValueError("not known yet")
        coefficients = np.zeros(len(COEFFICIENTS), np.float32)
        loudness = np.abs(self.audio[max(0, pts - 480) : pts + 480]).max(initial=0.0)
        coefficients[INDEX["jawOpen"]] = min(1.0, float(loudness))
        return MotionFrame(pts, coefficients, Pose(), self.generation)

    def rescale(self, dynamic_scale: float, motion_scale: float) -> None:
        self.scales = dynamic_scale, motion_scale

    def attend(self, listening: bool) -> None:
        self.attended.append(listening)

    def flush(self, pts: int) -> None:
        self.generation += 1
        self.pushed_pts = pts

    def reset(self, pts: int = 0) -> None:
        self.audio = np.zeros(pts, np.float32)
        self.pushed_pts = pts


class FakeSynthesis:
    """Grey pictures, as bright as the mouth is open, with a texture that moves."""

    def __init__(self, width: int = 64, height: int = 64) -> None:
        self.shape = (height * 3 // 2, width)

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        planes = np.full(self.shape, 128, np.uint8)
        rows = self.shape[0] * 2 // 3
        planes[:rows] = 40 + round(160 * float(motion.coefficients[INDEX["jawOpen"]]))
        planes[:rows, 1 + (motion.pts // 1920) % (self.shape[1] - 1)] = 235
        if out is None:
            return planes
        out[:] = planes
        return out


class TogetherSynthesis(FakeSynthesis):
    """The same, drawn in one pass with all that share *pass_*."""

    def __init__(self, pass_: "FakePass", width: int = 64, height: int = 64) -> None:
        super().__init__(width, height)
        self.output = Size(width, height)
        self.together = pass_.draw


@dataclass(frozen=True)
class Size:
    width: int
    height: int


class FakePass:
    """Draws several at once; keeps how many each time."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sizes: list[int] = []
        self.draw = self._draw
        """Bound once: what is the same function is found out by identity."""
        self._error = error

    def _draw(
        self,
        syntheses: Sequence[FakeSynthesis],
        motions: Sequence[MotionFrame],
        outs: Sequence[ByteArray],
    ) -> None:
        self.sizes.append(len(syntheses))
        if self._error:
            raise self._error
        for synthesis, motion, out in zip(syntheses, motions, outs, strict=True):
            synthesis.render(motion, out)


def fake_pipeline(width: int = 64, height: int = 64) -> Pipeline:
    """An engine that costs nothing."""
    return Pipeline(FakeMotion(), FakeSynthesis(width, height))


def tone(duration_s: float, hz: float = 440.0, level: float = 0.5) -> "np.ndarray[Any, Any]":
    """A sine at the master rate."""
    t = np.arange(samples(duration_s)) / SAMPLE_RATE_HZ
    return (level * np.sin(2 * np.pi * hz * t)).astype(np.float32)


async def _pieces(pieces: list[Piece]) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece


def utterance(name: str, *durations_s: float) -> Utterance:
    """An utterance of one word a piece, each a tone."""
    pieces = []
    for number, duration_s in enumerate(durations_s):
        word = CaptionWord(f"word{number}", 0.0, duration_s)
        start = number * 6
        caption = Caption(f"word{number}", start, start + 5, duration_s, (word,))
        pieces.append(Piece(tone(duration_s), caption))
    return Utterance(name, _pieces(pieces))

"""What a picture costs on this machine: some are drawn and encoded that nobody will see.

It is done in the threads that do it for viewers, between whatever else is due there. What counts is
those threads' own time, since others are busy too when a kiosk starts; only of what is drawn on a
GPU, it is the clock's.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import numpy as np

from engine.media import Audio, ByteArray, FloatArray, PictureFrame
from engine.pipeline import Draft, Pipeline
from engine.runtime.runner import BATCH_MOST
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ, frame_pts, samples, seconds
from kiosk.drawing import Cost, draw_together
from kiosk.encoders import VideoEncoder
from kiosk.worker import Runs

T = TypeVar("T")

PICTURES: Final = 12
QUARTILE: Final = 0.25
"""Of what was measured, not the median: what else runs meanwhile is not the pictures' cost."""

LATER_S: Final = 1.0
"""How long everything else may go first."""

SOUND_S: Final = 1.0
"""Heard before: as much as the pictures need."""

MakeSized = Callable[[int, int], Pipeline]
"""Width and height in pixels to an engine; may block."""


@dataclass(frozen=True, slots=True)
class PictureCost:
    """What one picture takes of two threads, in seconds."""

    draw_s: float
    """Hearing its sound included."""
    encode_s: float


async def measure(
    make: MakeSized, size: tuple[int, int], rate_hz: int, worker: Runs, encode_pool: Executor,
    joining: Callable[[], bool] = lambda: True,
) -> PictureCost:  # fmt: skip
    """Draw and encode some pictures.

    Args:
        make: makes an engine; of engines that are drawn together, a batch is made.
        size: width and height in pixels.
        rate_hz: pictures a second.
        worker: draws.
        encode_pool: encodes.
        joining: whether what can be drawn together is, once there is an engine.
    """
    loop = asyncio.get_running_loop()
    pipelines = [await asyncio.to_thread(make, *size)]
    together = joining() and pipelines[0].together is not None
    if together:
        pipelines += [await asyncio.to_thread(make, *size) for _ in range(BATCH_MOST - 1)]
    clock = time.perf_counter if together else time.thread_time
    hear_s = [await _later(worker, partial(_hear, each)) / rate_hz for each in pipelines]
    encoder = VideoEncoder("H264", *size, rate_hz, bitrate_kbps=2500)
    draw_s, encode_s = [], []
    for index in range(PICTURES):
        probes = [_Probe(each, index, rate_hz) for each in pipelines]
        frame = await _later(worker, partial(_draw, probes, clock))
        draw_s.append(probes[0].cost_s)
        encode_s.append(await loop.run_in_executor(encode_pool, _encode, encoder, frame))
    hear, draw, encode = (float(np.quantile(each, QUARTILE)) for each in (hear_s, draw_s, encode_s))
    return PictureCost(hear + draw, encode)


async def _later(worker: Runs, job: Callable[[], T]) -> T:
    return await worker.run(asyncio.get_running_loop().time() + LATER_S, job)


def _hear(pipeline: Pipeline) -> float:
    """Hear a second of a voice, as it comes; seconds of work for a second of sound."""
    sound = voice(SOUND_S)
    begun_s = time.thread_time()
    for pts in range(0, len(sound), PACKET_SAMPLES):
        pipeline.push(Audio(pts, sound[pts : pts + PACKET_SAMPLES]))
    return (time.thread_time() - begun_s) / seconds(len(sound))


def voice(duration_s: float) -> FloatArray:
    """Something like a voice, four syllables a second: what opens a mouth."""
    t = np.arange(samples(duration_s)) / SAMPLE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 12))
    return np.asarray(0.2 * np.abs(np.sin(2 * np.pi * 2 * t)) * buzz, np.float32)


def _draw(probes: Sequence["_Probe"], clock: Callable[[], float]) -> PictureFrame:
    outcomes = draw_together(probes, clock)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    first = outcomes[0]
    assert isinstance(first, PictureFrame)
    return first


def _encode(encoder: VideoEncoder, frame: PictureFrame) -> float:
    begun_s = time.thread_time()
    encoder.encode(frame, frame.pts, keyframe=frame.index == 0)
    return time.thread_time() - begun_s


@dataclass(slots=True)
class _Probe:
    """A picture that nobody will see."""

    pipeline: Pipeline
    index: int
    rate_hz: int
    cost_s: float = field(default=0.0, init=False)

    @property
    def joins(self) -> None:
        return None

    def prepare(self) -> Draft:
        return self.pipeline.begin(self.index, frame_pts(self.index, self.rate_hz))

    def finish(self, draft: Draft, planes: ByteArray, cost: Cost) -> PictureFrame:
        self.cost_s = cost.seconds
        return draft.frame(planes)

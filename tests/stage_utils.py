"""A stage in virtual time, and what it emits."""

import asyncio
from typing import Any, cast

import numpy as np

from engine.media import Audio, PictureFrame
from engine.pipeline import Pipeline
from kiosk.broadcast import Broadcast, Message
from kiosk.metrics import Metrics
from kiosk.stage import Stage
from kiosk.worker import Runs
from tests.fakes import InlineWorker, fake_pipeline


class Recorder:
    """A broadcast that keeps what is emitted, with the time of emission."""

    def __init__(self) -> None:
        self.viewers: list[Any] = []
        self.audio: list[tuple[float, Audio]] = []
        self.video: list[tuple[float, int, PictureFrame]] = []
        self.messages: list[Message] = []

    def emit_audio(self, audio: Audio) -> None:
        self.audio.append((asyncio.get_running_loop().time(), audio))

    async def emit_video(self, frame: PictureFrame, pts: int) -> None:
        self.video.append((asyncio.get_running_loop().time(), pts, frame))

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def sound(self) -> "np.ndarray[Any, Any]":
        return np.concatenate([audio.samples for _, audio in self.audio])

    def of_type(self, kind: str) -> list[Message]:
        return [message for message in self.messages if message["type"] == kind]


def make_stage(
    worker: Runs | None = None, rate_hz: int = 25, pipeline: Pipeline | None = None
) -> tuple[Stage, Recorder]:
    recorder = Recorder()
    metrics = Metrics()
    stage = Stage(
        "test",
        "ada",
        pipeline or fake_pipeline(),
        worker or InlineWorker(),
        cast(Broadcast, recorder),
        rate_hz,
        metrics,
    )
    stage.start()
    return stage, recorder

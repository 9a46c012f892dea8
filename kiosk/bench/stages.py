"""``kiosk bench stages``: how many speaking avatars this machine draws at the full rate.

Each has its own engine and its own encoding, as for viewers of private stages, and all of them
speak without a pause; what is left out is the browser and the packets on their way to it. The
number is raised until the rate, the lateness or a freeze breaks; it is told, too, up to where none
had to be drawn more simply than asked.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from engine.media import PictureFrame
from kiosk.appearance import Appearance
from kiosk.avatars import Avatars
from kiosk.broadcast import Viewer
from kiosk.config import Settings
from kiosk.engine_backend import Networks
from kiosk.metrics import Metrics
from kiosk.picture_cost import voice
from kiosk.speech_queue import Piece, Utterance
from kiosk.stage import Stage
from kiosk.stages import Stages
from kiosk.tracks import AudioTrack, PacketTrack, VideoTrack

Report = dict[str, Any]
Tell = Callable[[str], None]

STAGES_MOST: Final = 64
SETTLE_S: Final = 3.0
"""Until all of them speak."""

RATE_LOSS_HZ: Final = 0.2
"""A stage that shows this much less than the full rate is too slow."""

FREEZE_MS: Final = 200.0
LATENESS_MS: Final = 40.0
"""95 % of the pictures must be on the screen within a picture's time of their slot."""

WORDS_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Measured:
    """How so many stages fared; of the figures of a stage, the worst stage's."""

    stages: int
    holds: bool
    fps: float
    """New pictures a second."""
    late_share: float
    """Slots without a picture of their own."""
    lateness_p95_ms: float
    freeze_ms: float
    """The longest time without a new picture."""
    render_p50_ms: float
    render_p95_ms: float
    batches: dict[int, int]
    """Passes by how many pictures they drew."""
    cores: float
    """Processor time of the whole process by time."""
    rungs: int
    """Rungs of the degradation ladder gone down, in the end."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a stage showed."""

    at_s: Sequence[float]
    """When each new picture was."""
    late_s: Sequence[float]
    """And how long after its slot."""
    slots: int
    missed: int
    rungs: int


async def run(settings: Settings, seconds: float, tell: Tell = lambda _: None) -> Report:
    """Find the largest number of stages that holds.

    Args:
        settings: the picture's size and rate, the avatar and its look; limits are not kept.
        seconds: for which each number is watched.
        tell: told what is being done.
    """
    limits = settings.stages.model_copy(update={"max_stages": STAGES_MOST, "capacity": 0})
    settings = settings.model_copy(update={"stages": limits})
    avatars = Avatars(settings.avatar, settings.look.look())
    networks = Networks(settings, Metrics())

    def hall(metrics: Metrics) -> Stages:
        made = Stages(settings, avatars.pipeline, metrics)
        made.settle, made.worker.joining = networks.wait, lambda: networks.answer
        return made

    async def measure(count: int) -> Measured:
        tell(f"{count} stages")
        return await _measure(settings, hall, count, seconds)

    try:
        estimated = await _estimated(settings, hall(Metrics()))
        tried = await search(measure, STAGES_MOST)
    finally:
        await asyncio.to_thread(networks.close)
    return {
        "preset": settings.look.preset,
        "width": settings.video.width,
        "height": settings.video.height,
        "frame_rate_hz": settings.video.frame_rate_hz,
        "stages_max": max((each.stages for each in tried if each.holds), default=0),
        "stages_in_full": max((each.stages for each in tried if _in_full(each)), default=0),
        "stages_estimated": estimated,
        "counts": [asdict(each) for each in tried],
    }


async def search(measure: Callable[[int], Awaitable[Measured]], most: int) -> list[Measured]:
    """Double the number until it breaks, then halve what is between.

    Returns:
        What was measured, by number.
    """
    tried: list[Measured] = []
    good, bad, count = 0, most + 1, 1
    while good + 1 < bad:
        tried.append(await measure(count))
        if tried[-1].holds:
            good = count
        else:
            bad = count
        count = min(2 * good, most) if bad > most else (good + bad) // 2
    return sorted(tried, key=lambda each: each.stages)


def _in_full(each: Measured) -> bool:
    return each.holds and each.rungs == 0


async def _estimated(settings: Settings, stages: Stages) -> int | None:
    """As many as the kiosk itself would admit; a GPU is ready after that."""
    await stages.measure()
    look, video = settings.look.look(), settings.video
    kind = Appearance(look, asked_px=(video.width, video.height)).kind
    places = stages.capacity.places(kind)
    await stages.aclose()
    return places


async def _measure(
    settings: Settings, hall: Callable[[Metrics], Stages], count: int, seconds: float
) -> Measured:
    metrics = Metrics()
    render_ms: list[float] = []
    sizes: list[int] = []
    metrics.render_ms.observe = lambda amount, exemplar=None: render_ms.append(amount)  # type: ignore[method-assign]
    metrics.batch_pictures.observe = lambda amount, exemplar=None: sizes.append(round(amount))  # type: ignore[method-assign]
    stages = hall(metrics)
    watched = [await _opened(stages, number) for number in range(count)]
    await asyncio.sleep(SETTLE_S)
    render_ms.clear()
    sizes.clear()
    for each in watched:
        each.begin()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    shown = [each.end() for each in watched]
    await asyncio.gather(*(each.aclose() for each in watched))
    await stages.aclose()
    rate_hz = settings.video.frame_rate_hz
    return judge(shown, rate_hz, wall_s, render_ms, sizes, cpu_s / wall_s)


def judge(
    shown: Sequence[Shown], rate_hz: int, duration_s: float,
    render_ms: Sequence[float], sizes: Sequence[int], cores: float,
) -> Measured:  # fmt: skip
    """The figures, and whether they hold."""
    fps = min(len(each.at_s) / duration_s for each in shown)
    late_share = max(each.missed / max(1, each.slots) for each in shown)
    lateness_ms = 1000.0 * max(_quantile(each.late_s, 0.95) for each in shown)
    freeze_ms = 1000.0 * max(_longest(each.at_s, duration_s) for each in shown)
    rungs = max(each.rungs for each in shown)
    keeps = fps >= rate_hz - RATE_LOSS_HZ and lateness_ms <= LATENESS_MS
    return Measured(
        stages=len(shown),
        holds=keeps and freeze_ms <= FREEZE_MS,
        fps=round(fps, 2),
        late_share=round(late_share, 4),
        lateness_p95_ms=round(lateness_ms, 1),
        freeze_ms=round(freeze_ms, 1),
        render_p50_ms=round(_quantile(render_ms, 0.5), 2),
        render_p95_ms=round(_quantile(render_ms, 0.95), 2),
        # Each picture tells the size of its pass.
        batches={size: round(n / size) for size, n in sorted(Counter(sizes).items())},
        cores=round(cores, 2),
        rungs=rungs,
    )


def _quantile(values: Sequence[float], share: float) -> float:
    """Infinite where there is none: nothing was shown at all."""
    return float(np.quantile(values, share)) if len(values) else float("inf")


def _longest(at_s: Sequence[float], duration_s: float) -> float:
    return float(np.diff(at_s).max()) if len(at_s) > 1 else duration_s


class _Watched:
    """A stage with one viewer, who counts the new pictures."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._emit = stage.broadcast.emit_video
        stage.broadcast.emit_video = self._watch  # type: ignore[method-assign]
        audio, video = AudioTrack(), VideoTrack(lambda: None)
        stage.broadcast.attach(Viewer("bench", "H264", audio, video))
        self._tasks = [asyncio.create_task(_drain(track)) for track in (audio, video)]
        self._seen_pts = -1
        self._at_s: list[float] = []
        self._late_s: list[float] = []
        self._before = (0, 0)

    def begin(self) -> None:
        self._at_s, self._late_s = [], []
        self._before = self._slots()

    def end(self) -> Shown:
        slots, missed = (now - then for now, then in zip(self._slots(), self._before, strict=True))
        return Shown(self._at_s, self._late_s, slots, missed, self._stage.ladder_position)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _slots(self) -> tuple[int, int]:
        frames = self._stage.frames
        return frames.emitted + frames.skipped, frames.repeated + frames.skipped

    async def _watch(self, frame: PictureFrame, pts: int) -> None:
        await self._emit(frame, pts)
        if frame.pts != self._seen_pts:
            self._seen_pts = frame.pts
            self._at_s.append(asyncio.get_running_loop().time())
            self._late_s.append(self._stage.clock.late_s(frame.pts))


async def _opened(stages: Stages, number: int) -> _Watched:
    """A stage that speaks for as long as it is open."""
    stage = await stages.open(f"bench-{number}", None, "square")
    watched = _Watched(stage)
    stages.arrived(stage)
    stage.say(Utterance(f"bench-{number}", _words()), interrupt=True)
    return watched


async def _words() -> AsyncIterator[Piece]:
    sound = voice(WORDS_S)
    while True:
        yield Piece(sound)


async def _drain(track: PacketTrack) -> None:
    """Take the packets as a sender does."""
    with suppress(asyncio.CancelledError):
        while True:
            await track.recv()


def table(report: Report) -> list[str]:
    """Lines for people."""
    counts = report["counts"]
    keys = list(counts[0])
    widths = {key: max(len(key), *(len(_cell(row[key])) for row in counts)) for key in keys}
    lines = ["  ".join(f"{key:>{widths[key]}}" for key in keys)]
    lines += ["  ".join(f"{_cell(row[key]):>{widths[key]}}" for key in keys) for row in counts]
    size = f"{report['width']}×{report['height']}"
    lines.append(
        f"{report['stages_max']} stages of {size} hold {report['frame_rate_hz']} pictures/s, "
        f"{report['stages_in_full']} in full (preset {report['preset']}); the kiosk admits "
        f"{report['stages_estimated']}: set stages.capacity to admit another number"
    )
    return lines


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{size}:{n}" for size, n in value.items()) or "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)

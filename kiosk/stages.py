"""The stages that are open: made when a viewer comes, closed when the last one has gone."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from engine.pipeline import Pipeline
from kiosk.api import ProblemError
from kiosk.appearance import Appearance
from kiosk.broadcast import Broadcast
from kiosk.capacity import Capacity, Kind
from kiosk.config import Settings
from kiosk.events import EventHub
from kiosk.listen.hearing import Hearing
from kiosk.metrics import Metrics
from kiosk.picture_cost import MakeSized
from kiosk.stage import Stage
from kiosk.worker import Worker

logger = logging.getLogger(__name__)

Size = Literal["square", "portrait"]

MakePipeline = Callable[[str, int, int], Pipeline]
"""Avatar, width and height of the drawn pictures to an engine; may raise ``RigError``."""

RETRY_AFTER_S: Final = 5
"""Places become free at any moment: whoever waits is soon asked for again."""


class Stages:
    """All open stages by name."""

    def __init__(
        self,
        settings: Settings,
        make_pipeline: MakePipeline,
        metrics: Metrics,
        with_slate: bool = False,
    ) -> None:
        """Start the threads; no stage is open yet.

        Args:
            settings: limits, sizes and rates.
            make_pipeline: builds the engine of a new stage.
            metrics: counts what happens.
            with_slate: whether every stage shows the test pattern.
        """
        self.avatar = settings.avatar.name
        """Shown when a viewer asks for none."""
        self._settings = settings
        self._with_slate = with_slate
        self._appearance = Appearance(
            settings.look.look(), settings.avatar.dynamic_scale, settings.avatar.motion_scale
        )
        self.make_pipeline = make_pipeline
        self._metrics = metrics
        self._stages: dict[str, Stage] = {}
        self._private: set[str] = set()
        self._following: set[str] = set()
        """Stages whose first viewer asked for nobody: they show whom the kiosk shows."""
        self._opening = asyncio.Lock()
        self._closers: dict[str, asyncio.Task[None]] = {}
        self._arriving: Counter[str] = Counter()
        """Of each stage, viewers who are admitted and do not watch yet."""
        self.hub = EventHub()
        """Takes what happens on every stage."""
        self.worker = Worker("inference")
        self._encode_pool = ThreadPoolExecutor(1, "encode")
        self.capacity = Capacity(settings.stages.capacity, settings.video.frame_rate_hz)
        """How many stages this machine draws at once."""
        self.settle: Callable[[], None] = lambda: None
        """Blocks until what draws is as ready as it will be."""
        metrics.watch(lambda: self._stages.values(), lambda: self.hub.dropped_events)

    def __iter__(self) -> Iterator[Stage]:
        return iter(list(self._stages.values()))

    async def measure(self) -> None:
        """Find out how many stages fit on this machine, beside whatever else is to be done.

        Raises:
            ProblemError: the avatar cannot be loaded.
        """
        kinds = [self.sized(size).kind for size in ("square", "portrait")]
        await self.weigh(partial(self.make_pipeline, self.avatar), kinds)
        self._metrics.places.set(self.capacity.places(kinds[0]) or 0)

    async def weigh(self, make: MakeSized, kinds: Sequence[Kind]) -> None:
        """Find out what pictures of *kinds* cost, which *make* makes engines for."""

        def settled(width: int, height: int) -> Pipeline:
            engine = make(width, height)  # which may be what opens a GPU
            self.settle()
            return engine

        pool, joining = self._encode_pool, self.worker.joining
        await self.capacity.measure(settled, kinds, self.worker, pool, joining)

    async def open(
        self, name: str | None, avatar: str | None, size: Size, with_slate: bool = False
    ) -> Stage:
        """The stage called *name*, made if need be; without a name, a private one.

        It stays open at least until ``arrived``.

        Args:
            name: of the stage.
            avatar: who appears on a new one; None, as configured.
            size: of a new one's picture.
            with_slate: whether a new one shows the test pattern.

        Raises:
            ProblemError: 503 when no more stages or viewers are admitted.
        """
        async with self._opening:
            stage = self._stages.get(name) if name else None
            if stage is None:
                stage = await self._make(
                    name, avatar or self.avatar, size, with_slate or self._with_slate
                )
                if avatar is None:
                    self._following.add(stage.name)
            elif stage.viewer_count >= self._settings.stages.max_viewers_per_stage:
                full = f"stage {stage.name} has {stage.viewer_count} viewers"
                raise _full(full, "stages.max_viewers_per_stage")
            self._keep(stage)
            self._arriving[stage.name] += 1
            return stage

    def arrived(self, stage: Stage) -> None:
        """One of those for whom *stage* was opened watches it, or has given up."""
        self._arriving[stage.name] -= 1

    async def show(self, avatar: str) -> list[Stage]:
        """Show *avatar* to viewers who ask for none, from now on.

        Returns:
            The stages whose viewers asked for none; they show whom they showed, still.

        Raises:
            ProblemError: there is no such avatar, or its rig cannot be used.
        """
        await asyncio.to_thread(self.make_pipeline, avatar, *self.sized("square").size)
        async with self._opening:
            self.avatar = avatar
            logger.info("avatar %s is shown from now on", avatar)
            return [stage for stage in self if stage.name in self._following]

    def select(self, name: str | None) -> list[Stage]:
        """The stage called *name*, or all of them.

        Raises:
            ProblemError: 404 for an unknown name, 409 when no stage is open.
        """
        if name is None:
            if self._stages:
                return list(self._stages.values())
            raise ProblemError(
                409,
                "no_stage",
                "no stage is open, so nobody would see or hear it",
                "open the page, or POST an offer to /whep, then try again",
            )
        if name not in self._stages:
            raise ProblemError(
                404,
                "unknown_stage",
                f"there is no stage called {name!r}",
                "see /v1/stages for those that are open; a stage opens with its first viewer",
            )
        return [self._stages[name]]

    def only(self, name: str | None) -> Stage:
        """The stage called *name*, or the one that is open.

        Raises:
            ProblemError: as of ``select``; 409 where several are open and none is named.
        """
        stages = self.select(name)
        if len(stages) == 1:
            return stages[0]
        raise ProblemError(
            409,
            "several_stages",
            f"{len(stages)} stages are open",
            "name one with stage=; see /v1/stages",
        )

    def viewer_left(self, stage: Stage) -> None:
        """Close *stage* after a while if nobody watches it any more."""
        if self._is_empty(stage) and self._stages.get(stage.name) is stage:
            self._keep(stage)
            linger_s = 0.0 if stage.name in self._private else self._settings.stages.linger_s
            self._closers[stage.name] = asyncio.create_task(self._close_later(stage, linger_s))

    async def aclose(self) -> None:
        """Close every stage and stop the threads."""
        for closer in self._closers.values():
            closer.cancel()
        for stage in list(self._stages.values()):
            await self._close(stage)
        await asyncio.to_thread(self.worker.close)
        self._encode_pool.shutdown(wait=False)

    async def _make(self, name: str | None, avatar: str, size: Size, with_slate: bool) -> Stage:
        appearance = self.sized(size)
        width, height = appearance.size
        if self._crowded(appearance.kind):
            await self._close_empty()
        if full := self._crowded(appearance.kind):
            raise _full(*full)
        pipeline = await asyncio.to_thread(self.make_pipeline, avatar, width, height)
        stage_name = name or secrets.token_hex(8)
        if name is None:
            self._private.add(stage_name)
        video = self._settings.video
        rate_hz = video.frame_rate_hz
        broadcast = Broadcast(width, height, rate_hz, video.bitrate_kbps, self._encode_pool)
        stage = Stage(
            stage_name,
            avatar,
            pipeline,
            self.worker,
            broadcast,
            rate_hz,
            self._metrics,
            appearance,
            with_slate,
            self._settings.sync.enabled,
            self.hub,
        )
        listen = self._settings.listen
        stage.hearing = Hearing(listen.mode, listen.barge_in, listen.attend)
        self._stages[stage_name] = stage
        stage.start()
        stage.events.opened(avatar)
        logger.info("stage %s opened: %s, %d×%d", stage_name, avatar, width, height)
        return stage

    def _crowded(self, kind: Kind) -> tuple[str, str] | None:
        """Why no stage of *kind* fits beside those that are open, and what helps; None: it does."""
        if len(self._stages) >= self._settings.stages.max_stages:
            return f"{len(self._stages)} stages are open, which is the limit", "stages.max_stages"
        if not self.capacity.fits([stage.appearance.kind for stage in self], kind):
            drawn = f"{len(self._stages)} stages are all that this machine draws at once"
            return drawn, "stages.capacity"
        return None

    async def _close_empty(self) -> None:
        """Close those that linger without viewers: others wait for their places."""
        for stage in self:
            # Closing one takes time, in which another's own closer may have come.
            if self._stages.get(stage.name) is stage and self._is_empty(stage):
                self._keep(stage)
                await self._close(stage)

    def sized(self, size: Size) -> Appearance:
        """How a new stage of *size* is shown."""
        video = self._settings.video
        square, upright = (video.width, video.height), (video.portrait_width, video.portrait_height)
        return replace(self._appearance, asked_px=square if size == "square" else upright)

    def _keep(self, stage: Stage) -> None:
        if closer := self._closers.pop(stage.name, None):
            closer.cancel()

    async def _close_later(self, stage: Stage, linger_s: float) -> None:
        await asyncio.sleep(linger_s)
        self._closers.pop(stage.name, None)
        if self._is_empty(stage):
            await self._close(stage)

    def _is_empty(self, stage: Stage) -> bool:
        return stage.viewer_count == 0 and self._arriving[stage.name] <= 0

    async def _close(self, stage: Stage) -> None:
        del self._stages[stage.name]
        self._private.discard(stage.name)
        self._following.discard(stage.name)
        self._arriving.pop(stage.name, None)
        self._metrics.retire(stage)
        await stage.aclose()
        stage.events.closed()
        logger.info("stage %s closed", stage.name)


def _full(detail: str, setting: str) -> ProblemError:
    remedy = f"try again in {RETRY_AFTER_S} s, or set {setting} to admit more"
    return ProblemError(503, "hall_full", detail, remedy, retry_after_s=RETRY_AFTER_S)

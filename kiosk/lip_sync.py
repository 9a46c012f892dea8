"""The pages' measurements on their way: to their stage's controller, the metrics and the plots."""

import asyncio
import math
from collections import deque
from collections.abc import Iterable
from typing import Final

from kiosk.api_sync import StageSync, SyncAnswer, SyncPoint, ViewerSync
from kiosk.inject import Injector
from kiosk.metrics import Metrics
from kiosk.peers import Peer, Report
from kiosk.stage import Stage
from kiosk.sync import MAX_OFFSET_MS, SyncReport
from kiosk.terminals import Terminals

HISTORY_POINTS: Final = 600
"""Reports kept for the plots, of each stage: five minutes of one viewer."""


class LipSync:
    """What is known of lip sync at every viewer. For the event loop."""

    def __init__(
        self, metrics: Metrics, terminals: Terminals, injector: Injector | None = None
    ) -> None:
        """Nobody watches yet.

        Args:
            metrics: takes every offset.
            terminals: what each terminal adds unseen.
            injector: named in the answer while faults are injected.
        """
        self._metrics = metrics
        self._terminals = terminals
        self._injector = injector
        self._peers: dict[str, Peer] = {}
        self._points: dict[str, deque[SyncPoint]] = {}

    def join(self, peer: Peer) -> None:
        """*peer* begins to watch its stage."""
        self._peers[peer.id] = peer
        peer.stage.sync.join(peer.id, self._terminals.offset_ms(peer.terminal))

    def leave(self, peer: Peer) -> None:
        """*peer* watches no more; unknown ones are ignored."""
        peer.stage.sync.leave(peer.id)
        self._peers.pop(peer.id, None)
        if not any(other.stage is peer.stage for other in self._peers.values()):
            self._points.pop(peer.stage.name, None)

    def calibrate(self, terminal: str, offset_ms: float) -> int:
        """Keep what *terminal* adds, and correct its viewers at once; returns how many.

        Raises:
            TerminalsError: it cannot be kept.
        """
        self._terminals.keep(terminal, offset_ms)
        viewers = [peer for peer in self._peers.values() if peer.terminal == terminal]
        for peer in viewers:
            peer.stage.sync.join(peer.id, offset_ms)
        return len(viewers)

    def viewers_at(self, terminal: str) -> int:
        """How many watch on *terminal*."""
        return sum(peer.terminal == terminal for peer in self._peers.values())

    def offset_ms(self, terminal: str) -> float:
        """What *terminal* adds."""
        return self._terminals.offset_ms(terminal)

    def report(self, peer: Peer, report: Report) -> None:
        """Take what *peer*'s page measured; anything may stand in it."""
        stage = peer.stage
        offset_ms = _number(report.get("av_offset_ms"))
        rate_hz = _number(report.get("frame_rate_hz")) or 0.0
        freezes = round(_number(report.get("freezes")) or 0.0)
        hidden = report.get("hidden") is True
        peer.latest = report
        now_s = asyncio.get_running_loop().time()
        measured = SyncReport(now_s, offset_ms, rate_hz, freezes, hidden)
        stage.sync.report(peer.id, measured, stage.animator.ladder.rung.frame_rate_hz)
        if offset_ms is None or hidden or abs(offset_ms) > MAX_OFFSET_MS:
            return
        left_ms = offset_ms + self._terminals.offset_ms(peer.terminal) - stage.sync_shift_ms
        self._metrics.av_offset_ms.observe(left_ms)
        self._tell(peer, left_ms)
        point = SyncPoint(
            at_s=round(now_s, 3),
            offset_ms=round(left_ms, 2),
            measured_ms=round(offset_ms, 2),
            shift_ms=round(stage.sync_shift_ms, 2),
            frame_rate_hz=round(rate_hz, 2),
            audio_buffer_ms=round(_number(report.get("audio_buffer_ms")) or 0.0, 1),
            video_buffer_ms=round(_number(report.get("video_buffer_ms")) or 0.0, 1),
            rung=stage.ladder_position,
        )
        points = self._points.setdefault(stage.name, deque(maxlen=HISTORY_POINTS))
        points.append(point)

    def _tell(self, peer: Peer, left_ms: float) -> None:
        """Let the page show what was made of its report."""
        stage = peer.stage
        if peer.viewer is not None:
            peer.viewer.send(
                {
                    "type": "sync",
                    "offset_ms": round(left_ms, 2),
                    "shift_ms": round(stage.sync_shift_ms, 2),
                    "rung": stage.animator.ladder.rung.name,
                }
            )

    def answer(self, stages: Iterable[Stage]) -> SyncAnswer:
        """How it stands with *stages*."""
        return SyncAnswer(
            stages=[self._stage(stage) for stage in stages],
            faults=str(self._injector.faults) if self._injector else "",
            now_s=asyncio.get_running_loop().time(),
        )

    def _stage(self, stage: Stage) -> StageSync:
        points = list(self._points.get(stage.name, ()))
        ladder = stage.animator.ladder
        watching = [peer for peer in self._peers.values() if peer.stage is stage]
        return StageSync(
            stage=stage.name,
            avatar=stage.avatar,
            offset_ms=points[-1].offset_ms if points else None,
            shift_ms=stage.sync.shift_ms,
            target_ms=stage.sync.target_ms,
            trim_ms=stage.sync.trim_ms,
            bias_ms=stage.trim.bias_ms,
            holding=stage.sync.holding,
            rung=ladder.rung.name,
            rungs=[rung.name for rung in ladder.rungs],
            load=ladder.load,
            steps_down=ladder.steps_down,
            steps_up=ladder.steps_up,
            latency_ms=stage.lead_ms,
            frames=stage.frames.as_dict(),
            audio_underrun_samples=stage.audio_underrun_samples,
            viewers=[_viewer(peer, self._terminals) for peer in watching],
            points=points,
        )


def _viewer(peer: Peer, terminals: Terminals) -> ViewerSync:
    told = {key: _number(value) for key, value in peer.latest.items()}
    return ViewerSync(
        terminal=peer.terminal,
        site_ms=terminals.offset_ms(peer.terminal),
        playout_delay_ms=told.get("playout_delay_ms"),
        freezes=told.get("freezes"),
        frames_dropped=told.get("frames_dropped"),
    )


def _number(value: object) -> float | None:
    """A finite number of a page's report, or None: strangers may send anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None

"""What the kiosk counts, as Prometheus metrics in a registry of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kiosk.scheduler import FrameCounters
from kiosk.speech.remote import Outcome

OFFSET_BUCKETS_MS = (-185, -125, -60, -45, -20, -10, -5, 0, 5, 10, 20, 45, 60, 90, 125, 185)


class StageCounts(Protocol):
    """What the metrics read from a stage when they are scraped."""

    @property
    def frames(self) -> FrameCounters:
        """What became of its pictures."""
        ...

    @property
    def audio_underrun_samples(self) -> int:
        """Samples of sound that were not written in time."""
        ...

    @property
    def speech_underruns(self) -> int:
        """Times that an utterance's sound ran out before its end."""
        ...

    @property
    def viewer_count(self) -> int:
        """Peers that watch it."""
        ...

    @property
    def ladder_position(self) -> int:
        """How many rungs of the ladder it has gone down."""
        ...

    @property
    def sync_shift_ms(self) -> float:
        """Its lip-sync correction."""
        ...


class Metrics:
    """All metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.av_offset_ms = Histogram(
            "kiosk_av_offset_ms",
            "Lip-sync offset measured in the browsers; positive: video late.",
            buckets=OFFSET_BUCKETS_MS,
            registry=self.registry,
        )
        self.render_ms = Histogram(
            "kiosk_render_ms",
            "Time to draw one picture.",
            buckets=(2, 4, 6, 8, 10, 12, 15, 20, 30, 40, 80, 160),
            registry=self.registry,
        )
        self.batch_pictures = Histogram(
            "kiosk_batch_pictures",
            "Pictures drawn in one pass, of each picture.",
            buckets=(1, 2, 3, 4, 5, 6, 7, 8),
            registry=self.registry,
        )
        self.lead_ms = Histogram(
            "kiosk_frame_lead_ms",
            "How long before its slot a picture was ready.",
            buckets=(-40, 0, 20, 40, 60, 80, 100, 120, 160, 200, 240),
            registry=self.registry,
        )
        self.utterances = Counter(
            "kiosk_utterances",
            "Utterances by what became of them.",
            ["event"],
            registry=self.registry,
        )
        self.sessions = Counter(
            "kiosk_sessions",
            "Sessions of viewers and of those who send sound, by what became of them.",
            ["kind", "event"],
            registry=self.registry,
        )
        self.source_packets = Counter(
            "kiosk_source_packets",
            "Packets of sound by WebRTC: heard, lost on the way, broken (no Opus).",
            ["event"],
            registry=self.registry,
        )
        self.requests_refused = Counter(
            "kiosk_requests_refused",
            "HTTP requests refused, by code.",
            ["code"],
            registry=self.registry,
        )
        self.faults = Counter(
            "kiosk_faults", "Unexpected errors that were survived.", registry=self.registry
        )

        self.ladder_steps = Counter(
            "kiosk_ladder_steps",
            "Steps on the degradation ladder, by direction.",
            ["direction"],
            registry=self.registry,
        )
        self.gpu_restarts = Counter(
            "kiosk_gpu_restarts",
            "Times that the GPU's process was started again because it hung, died or failed.",
            registry=self.registry,
        )
        self.gpu_fallbacks = Counter(
            "kiosk_gpu_fallbacks",
            "Passes that failed, by what was done instead: cpu, warp, last_picture.",
            ["to"],
            registry=self.registry,
        )
        self.stalls = Counter(
            "kiosk_stalls",
            "Times that a stage went on from where it was after the process stood still.",
            registry=self.registry,
        )
        self.sync_restarts = Counter(
            "kiosk_sync_restarts",
            "Times that viewers were sent to a new session because lip sync was lost.",
            registry=self.registry,
        )
        self.microphone = Counter(
            "kiosk_microphone",
            "What became of this machine's microphone: opened, lost, blocks dropped.",
            ["event"],
            registry=self.registry,
        )
        self.places = Gauge(
            "kiosk_places",
            "Stages that this machine draws at once, as measured; 0: not known.",
            registry=self.registry,
        )
        self.injected = Gauge(
            "kiosk_faults_injected",
            "1 while faults are injected on purpose.",
            registry=self.registry,
        )

    def watch(
        self,
        stages: Callable[[], Iterable[StageCounts]],
        events_dropped: Callable[[], int] = lambda: 0,
    ) -> None:
        """Also report the counters of *stages*, and of events lost, read at each scrape."""
        self._stage_counts = _StageCollector(stages, events_dropped)
        self.registry.register(self._stage_counts)

    def watch_remote_voices(self, counts: Callable[[], Mapping[Outcome, int]]) -> None:
        """Also report what became of phrases asked of other machines, read at each scrape."""
        self.registry.register(_RemoteCollector(counts))

    def retire(self, stage: StageCounts) -> None:
        """Keep what a stage that closes has counted, so that totals never fall."""
        self._stage_counts.retire(stage)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _RemoteCollector(Collector):
    """Phrases of remote voices, by what became of them."""

    def __init__(self, counts: Callable[[], Mapping[Outcome, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        help_text = "Phrases asked of remote voices; all but spoken: the local voice spoke."
        family = CounterMetricFamily("kiosk_remote_phrases", help_text, labels=["event"])
        for outcome, count in sorted(self._counts().items()):
            family.add_metric([outcome], count)
        yield family


class _StageCollector(Collector):
    """Sums over the open stages and those that closed."""

    def __init__(
        self, stages: Callable[[], Iterable[StageCounts]], events_dropped: Callable[[], int]
    ) -> None:
        self._stages = stages
        self._events_dropped = events_dropped
        self._retired = dict.fromkeys(_TOTALS, 0)

    def retire(self, stage: StageCounts) -> None:
        for name, value in _totals(stage).items():
            self._retired[name] += value

    def collect(self) -> Iterator[Metric]:
        stages = list(self._stages())
        open_totals = [_totals(stage) for stage in stages]
        for name, help_text in _TOTALS.items():
            total = self._retired[name] + sum(totals[name] for totals in open_totals)
            yield CounterMetricFamily(f"kiosk_{name}", help_text, value=total)
        help_text = "Events that readers of /v1/events lost because they read too slowly."
        lost = self._events_dropped()
        yield CounterMetricFamily("kiosk_events_dropped", help_text, value=lost)
        yield GaugeMetricFamily("kiosk_stages", "Open stages.", value=len(stages))
        viewers = sum(stage.viewer_count for stage in stages)
        yield GaugeMetricFamily("kiosk_viewers", "Viewers.", value=viewers)
        rung = max((stage.ladder_position for stage in stages), default=0)
        help_text = "Rungs of the degradation ladder gone down, of the stage furthest down."
        yield GaugeMetricFamily("kiosk_ladder_rung", help_text, value=rung)
        shift_ms = max((stage.sync_shift_ms for stage in stages), key=abs, default=0.0)
        help_text = "Lip-sync correction, of the stage with the largest; positive: lips earlier."
        yield GaugeMetricFamily("kiosk_sync_shift_ms", help_text, value=shift_ms)


_TOTALS = {
    "frames_emitted": "Pictures sent, repeats included.",
    "frames_repeated": "Slots that repeated the last picture because their own was not ready.",
    "frames_dropped": "Pictures drawn in vain and slots lost.",
    "frames_stale": "Pictures redrawn before they were shown, because speech changed.",
    "audio_underrun_samples": "Samples sent as silence because sound was not written in time.",
    "speech_underruns": "Times that the sound of an utterance ran out before its end.",
}


def _totals(stage: StageCounts) -> dict[str, int]:
    return {
        "frames_emitted": stage.frames.emitted,
        "frames_repeated": stage.frames.repeated,
        "frames_dropped": stage.frames.dropped,
        "frames_stale": stage.frames.stale,
        "audio_underrun_samples": stage.audio_underrun_samples,
        "speech_underruns": stage.speech_underruns,
    }

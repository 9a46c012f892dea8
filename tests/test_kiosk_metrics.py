"""Metrics: totals that never fall, in Prometheus' text format."""

from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from kiosk.metrics import Metrics
from kiosk.scheduler import FrameCounters
from kiosk.speech.remote import Outcome


@dataclass
class FakeStage:
    frames: FrameCounters = field(default_factory=FrameCounters)
    audio_underrun_samples: int = 0
    speech_underruns: int = 0
    viewer_count: int = 1
    ladder_position: int = 0
    sync_shift_ms: float = 0.0


def values(metrics: Metrics) -> dict[str, float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_open_stages_are_summed() -> None:
    metrics = Metrics()
    stages = [
        FakeStage(FrameCounters(emitted=5, late=1, skipped=2)),
        FakeStage(FrameCounters(emitted=7)),
    ]
    metrics.watch(lambda: stages)
    read = values(metrics)
    assert read["kiosk_frames_emitted_total"] == 12
    assert read["kiosk_frames_dropped_total"] == 3
    assert read["kiosk_stages"] == read["kiosk_viewers"] == 2


def test_what_a_closed_stage_counted_is_kept() -> None:
    metrics = Metrics()
    stages = [FakeStage(FrameCounters(emitted=5, repeated=2), speech_underruns=1)]
    metrics.watch(lambda: stages)
    metrics.retire(stages.pop())
    read = values(metrics)
    assert read["kiosk_frames_emitted_total"] == 5
    assert read["kiosk_frames_repeated_total"] == 2
    assert read["kiosk_speech_underruns_total"] == 1
    assert read["kiosk_stages"] == 0


def test_phrases_of_other_machines_are_told_by_what_became_of_them() -> None:
    metrics = Metrics()
    counts: dict[Outcome, int] = {"spoken": 3, "timeout": 1}
    metrics.watch_remote_voices(lambda: counts)
    counts["timeout"] = 2
    text = metrics.exposition().decode()
    assert 'kiosk_remote_phrases_total{event="spoken"} 3.0' in text
    assert 'kiosk_remote_phrases_total{event="timeout"} 2.0' in text


def test_two_servers_do_not_share_a_registry() -> None:
    first, second = Metrics(), Metrics()
    first.faults.inc()
    assert values(second)["kiosk_faults_total"] == 0

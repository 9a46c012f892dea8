from dataclasses import fields

import numpy as np
import pytest

from kiosk.bench.browser import BenchError, Heard, Seen
from kiosk.bench.live import LiveReport, _offset_figures, latency, mouth_threshold, run, sum_of
from tests.test_kiosk_bench_mouth import face

KEYS = (
    "fps",
    "freezes",
    "repeated",
    "dropped",
    "cpu_cores",
    "rss_start_mb",
    "rss_end_mb",
    "say_to_sound_ms",
    "say_to_mouth_ms",
    "topic_to_sound_ms",
    "av_offset_p50_ms",
    "av_offset_p95_ms",
)


def test_the_report_has_its_keys_in_order() -> None:
    report = LiveReport(**dict.fromkeys([field.name for field in fields(LiveReport)], 1))
    assert tuple(report.as_dict()) == KEYS


def test_a_metric_is_summed_over_its_labels_and_not_mistaken_for_another() -> None:
    text = (
        "# TYPE kiosk_frames_repeated_total counter\n"
        'kiosk_frames_repeated_total{stage="a"} 2.0\n'
        'kiosk_frames_repeated_total{stage="b"} 3.0\n'
        "kiosk_frames_repeated_total_created 1.7e9\n"
        "kiosk_frames_dropped_total 4.0\n"
    )
    assert sum_of(text, "kiosk_frames_repeated_total") == 5
    assert sum_of(text, "kiosk_frames_dropped_total") == 4
    assert sum_of(text, "kiosk_absent_total") == 0


def test_the_95th_percentile_of_the_offset_is_that_of_its_size() -> None:
    figures = _offset_figures([-100.0, *[0.0] * 9])
    assert figures["av_offset_p50_ms"] == 0
    assert figures["av_offset_p95_ms"] == pytest.approx(55)


def test_offsets_that_were_never_measured_are_not_zero() -> None:
    assert set(_offset_figures([]).values()) == {None}


def recorded(sound_at_ms: float, mouth_at_ms: float) -> tuple[Heard, Seen]:
    """Three seconds of silence, then a second of speech, as the page records it."""
    heard_ms = np.arange(0.0, 4000, 5)
    seen_ms = np.arange(0.0, 4000, 40)
    closed, opened = face(), face(opening_px=5)
    grey = np.stack([opened if at >= mouth_at_ms else closed for at in seen_ms])
    return Heard(heard_ms, np.where(heard_ms >= sound_at_ms, 0.1, 0.0)), Seen(seen_ms, grey)


def test_the_latency_is_counted_from_the_request() -> None:
    sound_ms, mouth_ms = latency(*recorded(3400, 3440), asked_ms=3000)
    assert sound_ms == 400
    assert mouth_ms == 440


def test_a_smile_long_before_the_sound_is_not_the_answer() -> None:
    heard, seen = recorded(3800, 3840)
    smile = (seen.at_ms > 3100) & (seen.at_ms < 3300)
    seen.grey[smile] = face(opening_px=5)
    assert latency(heard, seen, asked_ms=3000) == (800, 840)


def test_without_sound_nothing_was_answered() -> None:
    assert latency(*recorded(9999, 9999), asked_ms=3000) == (None, None)


def test_a_mouth_that_stays_shut_has_no_latency() -> None:
    assert latency(*recorded(3400, 9999), asked_ms=3000) == (400, None)


def test_a_resting_mouth_is_below_the_threshold() -> None:
    resting = np.array([0.5, 0.7, 0.6, 1.1])
    assert mouth_threshold(resting, resting) > resting.max()
    assert mouth_threshold(resting, 10 * resting) < 10 * resting.max()


async def test_too_short_a_time_is_refused_with_the_remedy() -> None:
    with pytest.raises(BenchError, match="ask for 5 or more"):
        await run(1)

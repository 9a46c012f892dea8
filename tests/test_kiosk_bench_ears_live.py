"""Delays of live speech, judged from what a page heard and showed."""

import numpy as np
import pytest

from kiosk.bench.browser import PROBE_PX, Heard, Seen
from kiosk.bench.ears_live import Delays, click_delays, mouth_delays
from kiosk.bench.mouth import MOUTH


def heard(*click_ms: float) -> Heard:
    at_ms = np.arange(0.0, 5000.0, 5.0)
    rms = np.zeros_like(at_ms)
    for at in click_ms:
        rms[(at_ms >= at) & (at_ms < at + 20)] = 0.3
    return Heard(at_ms, rms)


def test_each_click_is_found_after_its_own_time_and_lost_ones_are_left_out() -> None:
    assert click_delays(heard(1250.0, 3310.0), [1000.0, 2000.0, 3000.0]) == [250.0, 310.0]


def test_the_mouth_is_seen_when_it_opens() -> None:
    at_ms = np.arange(0.0, 3000.0, 40.0)
    rng = np.random.default_rng(1)
    still = rng.integers(60, 190, (PROBE_PX, PROBE_PX)).astype(np.uint8)
    grey = np.repeat(still[None], len(at_ms), axis=0)
    rows, columns = MOUTH.of(PROBE_PX)
    for index in np.flatnonzero(at_ms >= 1240):
        grey[index, rows, columns][:8] = 0
    assert mouth_delays(Seen(at_ms, grey), [1000.0]) == [240.0]
    assert mouth_delays(Seen(at_ms, grey), [10.0]) == [], "nothing is known of it at rest"


def test_figures_name_their_way_in_and_what_did_not_come_is_unknown() -> None:
    figures = Delays([240.0, 260.0], []).figures("pcm_")
    assert figures["pcm_p50_ms"] == 250.0
    assert figures["pcm_p95_ms"] == pytest.approx(259.0)
    assert figures["pcm_mouth_p50_ms"] is None

"""How soon she falls silent, judged from what a page heard and showed."""

import numpy as np

from kiosk.bench.browser import PROBE_PX, Heard, Seen
from kiosk.bench.ears_turns import closed_ms, is_interruption, silence_ms
from kiosk.bench.mouth import MOUTH


def heard(until_ms: float, level: float = 0.1) -> Heard:
    at_ms = np.arange(0.0, 4000.0, 5.0)
    return Heard(at_ms, np.where(at_ms < until_ms, level, 0.0))


def seen(since_ms: float, open_until_ms: float) -> Seen:
    at_ms = np.arange(since_ms, since_ms + 4000.0, 40.0)
    rng = np.random.default_rng(1)
    still = rng.integers(60, 190, (PROBE_PX, PROBE_PX)).astype(np.uint8)
    grey = np.repeat(still[None], len(at_ms), axis=0)
    rows, columns = MOUTH.of(PROBE_PX)
    for index in np.flatnonzero(at_ms < open_until_ms):
        grey[index, rows, columns][:8] = 0
    return Seen(at_ms, grey)


def test_silence_begins_after_the_last_sound() -> None:
    assert silence_ms(heard(1120.0), 1000.0) == 115.0


def test_a_pause_between_two_words_tells_nothing() -> None:
    assert silence_ms(heard(700.0), 1000.0) is None


def test_a_mouth_is_closed_when_it_looks_as_at_rest() -> None:
    assert closed_ms(seen(4000.0, 5200.0), 5000.0) == 200.0
    assert closed_ms(seen(4000.0, 4880.0), 5000.0) is None, "it was closed"


def test_only_interruptions_count() -> None:
    assert is_interruption({"type": "utterance", "event": "interrupted"})
    assert not is_interruption({"type": "utterance", "event": "finished"})
    assert not is_interruption({"type": "visitor", "event": "started"})

"""The audio line: written ahead, sent in order, cut without a click."""

import numpy as np
import pytest

from kiosk.audio_line import FADE_SAMPLES, AudioLine
from tests.fakes import tone


def test_what_is_written_is_sent_in_order() -> None:
    line = AudioLine(1000)
    sound = tone(0.05)
    sent = []
    for begin in range(0, len(sound), 400):
        line.write(sound[begin : begin + 400])
        sent.append(line.send(len(sound[begin : begin + 400])))
    assert np.array_equal(np.concatenate([audio.samples for audio in sent]), sound)
    assert [audio.pts for audio in sent] == list(range(0, len(sound), 400))
    assert line.underrun_samples == 0


def test_what_was_not_written_is_silence_and_counted() -> None:
    line = AudioLine(1000)
    line.write(np.ones(100, np.float32))
    audio = line.send(300)
    assert audio.samples[:100].all() and not audio.samples[100:].any()
    assert line.underrun_samples == 200
    assert line.write_pts == line.play_pts == 300


def test_too_much_ahead_is_refused() -> None:
    line = AudioLine(1000)
    line.write(np.zeros(900, np.float32))
    with pytest.raises(ValueError, match="full"):
        line.write(np.zeros(101, np.float32))


def test_sent_samples_stay_readable_for_a_lagging_engine() -> None:
    line = AudioLine(1000)
    line.write(np.arange(600, dtype=np.float32))
    line.send(500)
    assert np.array_equal(line.peek(100, 50), np.arange(100, 150))
    line.write(np.zeros(600, np.float32))
    assert line.kept_pts == 200
    with pytest.raises(ValueError, match="not on the line"):
        line.peek(100, 50)


def test_a_cut_fades_out_and_forgets_the_rest() -> None:
    line = AudioLine(48_000)
    line.write(np.ones(4800, np.float32))
    line.send(960)
    assert line.cut(1920) == 1920
    kept = line.peek(960, 960)
    assert kept[0] == 1.0 and kept[-1] == 0.0
    assert np.abs(np.diff(kept)).max() <= 1.01 / (FADE_SAMPLES - 1)
    assert line.write_pts == 1920


def test_a_cut_outside_the_line_is_moved_onto_it() -> None:
    line = AudioLine(48_000)
    line.write(np.ones(960, np.float32))
    assert line.cut(5000) == 960
    line.send(480)
    assert line.cut(0) == 480

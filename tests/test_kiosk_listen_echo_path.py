from collections.abc import Callable

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen.bands import BANDS, band_levels_db
from kiosk.listen.echo_path import (
    MAX_BURST_FRAMES,
    SETTLE_FRAMES,
    START_GAIN_DB,
    EchoPath,
    most_alike,
)
from kiosk.listen.frames import FRAME_S
from tests.ear_utils import echo_of, frames, noise, silence, talk

PLAYED = np.concatenate([talk(7.0, 48_000, seed=s, level_db=-20.0) for s in (1, 2)])


def delay_ms(path: EchoPath) -> float:
    assert path.delay_frames is not None
    return 1000.0 * FRAME_S * path.delay_frames


def feed(
    path: EchoPath, played: FloatArray, heard: FloatArray, burst: Callable[[int], int]
) -> FloatArray:
    """Packets as they are played; frames as they come, *burst(n)* at a time."""
    packets, waiting = list(frames(played, 960)), list(frames(heard))
    due, expected = 0, np.zeros(BANDS, np.float32)
    for number, packet in enumerate(packets):
        path.play(band_levels_db(packet))
        due += 1
        if due >= burst(number):
            for _ in range(due):
                levels = band_levels_db(waiting.pop(0))
                expected = path.hear(levels, levels)
            due = 0
    return expected


@pytest.mark.parametrize("delay_s", [0.0, 0.06, 0.21, 0.5])
def test_it_finds_the_delay_and_the_gain(delay_s: float) -> None:
    path = EchoPath()
    feed(path, PLAYED, echo_of(PLAYED, delay_s, -20.0), lambda n: 1)
    assert delay_ms(path) == pytest.approx(1000 * delay_s, abs=45)
    assert path.gain_db[1:5].mean() == pytest.approx(-20.0, abs=6.0)


def test_a_microphone_that_gives_bursts_and_a_stage_that_began_earlier_change_nothing() -> None:
    path = EchoPath()
    for _ in range(500):  # it was played for ten seconds before the microphone opened
        path.play(np.full(BANDS, -100.0, np.float32))
    feed(path, PLAYED, echo_of(PLAYED, 0.12, -20.0), lambda n: 1 + n % 5)
    assert delay_ms(path) == pytest.approx(120.0, abs=65)
    assert path.gain_db[1:5].mean() == pytest.approx(-20.0, abs=6.0)


def test_sound_that_the_microphone_lost_is_made_up_for() -> None:
    path = EchoPath()
    heard = echo_of(PLAYED, 0.12, -20.0)
    packets, waiting = list(frames(PLAYED, 960)), list(frames(heard))
    for number, packet in enumerate(packets):
        path.play(band_levels_db(packet))
        if not 200 <= number < 230:  # 0.6 s are lost
            levels = band_levels_db(waiting[number])
            path.hear(levels, levels)
    assert delay_ms(path) == pytest.approx(120.0, abs=45)


@pytest.mark.parametrize("lost", [3, 15])
def test_right_after_a_loss_the_echo_is_expected_where_it_is(lost: int) -> None:
    path = EchoPath()
    heard = echo_of(PLAYED, 0.12, -20.0)
    below = []
    for number, (packet, frame) in enumerate(zip(frames(PLAYED, 960), frames(heard), strict=True)):
        path.play(band_levels_db(packet))
        if number % 150 < 150 - lost:
            levels = band_levels_db(frame)
            expected = path.hear(levels, levels) + path.gain_db
            below.append((levels > expected + 6.0).sum() >= 4)
    assert np.mean(below[150:]) < 0.03


def test_a_loss_unsettles_it_for_some_seconds() -> None:
    path, levels = EchoPath(), np.full(BANDS, -30.0, np.float32)

    def run(count: int, heard: bool = True) -> None:
        for _ in range(count):
            path.play(levels)
            if heard:
                path.hear(levels, levels)

    run(300)
    assert path.settled
    run(3, heard=False)
    run(1)
    assert not path.settled
    run(SETTLE_FRAMES)
    assert not path.settled
    run(MAX_BURST_FRAMES)
    assert path.settled


def test_before_anything_is_known_the_echo_is_taken_for_louder_than_what_was_played() -> None:
    path = EchoPath()
    feed(path, PLAYED[:19_200], echo_of(PLAYED[:19_200], 0.1, -20.0), lambda n: 1)
    assert path.delay_frames is None
    assert path.gain_db.tolist() == [START_GAIN_DB] * BANDS


def test_a_room_without_echo_gives_a_low_gain_and_no_delay() -> None:
    path = EchoPath()
    feed(path, PLAYED, silence(14.0), lambda n: 1)
    assert path.delay_frames is None
    assert path.gain_db[:6].max() < -45.0  # higher up there is no voice to learn of


def test_somebody_who_speaks_for_a_second_hardly_moves_the_gain() -> None:
    path, heard = EchoPath(), echo_of(PLAYED, 0.1, -20.0)
    heard[-20_000:-4_000] += talk(1.0, seed=9, level_db=-14.0)
    feed(path, PLAYED, heard, lambda n: 1)
    assert path.gain_db[1:5].mean() < -11.0


def test_the_gain_is_learnt_anew_from_what_comes_after() -> None:
    path, heard = EchoPath(), echo_of(PLAYED, 0.1, -20.0)
    feed(path, PLAYED[:480_000], heard[:160_000], lambda n: 1)
    path.relearn_gain()
    assert path.gain_db.tolist() == [START_GAIN_DB] * BANDS
    feed(path, PLAYED[480_000:], heard[160_000:] * np.float32(0.1), lambda n: 1)
    assert path.gain_db[1:5].mean() == pytest.approx(-40.0, abs=7.0)


def test_a_reset_path_knows_nothing() -> None:
    path = EchoPath()
    feed(path, PLAYED, echo_of(PLAYED, 0.1, -20.0), lambda n: 1)
    path.reset()
    assert (path.delay_frames, path.played_count, path.heard_count) == (None, 0, 0)


def test_the_most_alike_of_several_is_itself() -> None:
    envelopes = noise(1.0, 0.0)[: 20 * 60 * BANDS].reshape(-1, 60, BANDS)
    index, fits = most_alike(envelopes[17] * 3 + 5, envelopes * 3 - 40)
    assert (index, round(fits, 2)) == (17, 1.0)

import numpy as np
import pytest

from kiosk.listen.endpoint import (
    HANG_OVER_S,
    LONGEST_S,
    PRE_ROLL_S,
    TAIL_S,
    Endpoint,
    VisitorSpeech,
)
from kiosk.listen.frames import FRAME_S, FRAME_SAMPLES
from kiosk.listen.sensitivity import thresholds

LIMITS = thresholds(0.5)  # 4 of 5


def run(marks: str, endpoint: Endpoint | None = None) -> list[tuple[int, VisitorSpeech]]:
    """What is told, and after which frame; ``#`` is speech. Frame n is filled with n."""
    endpoint = endpoint or Endpoint(LIMITS)
    told = []
    for index, mark in enumerate(marks):
        frame = np.full(FRAME_SAMPLES, index, np.float32)
        if speech := endpoint.push(frame, mark == "#"):
            told.append((index, speech))
    return told


def numbers(speech: VisitorSpeech) -> list[int]:
    return [int(n) for n in speech.audio[::FRAME_SAMPLES]]


def test_speech_starts_at_its_first_frame_once_most_of_the_last_are_speech() -> None:
    ((at, speech),) = run("." * 50 + "##.##")
    assert at == 54
    assert speech.started_s == pytest.approx(50 * FRAME_S)
    assert speech.ended_s is None
    assert numbers(speech) == list(range(50 - round(PRE_ROLL_S / FRAME_S), 55))


def test_a_knock_is_not_speech() -> None:
    assert run(("." * 10 + "###" + "." * 10) * 20) == []


def test_a_breath_does_not_end_it_and_a_hang_over_does() -> None:
    breath = "." * (round(HANG_OVER_S / FRAME_S) - 1)
    (_, started), (at, ended) = run("." * 20 + "#" * 20 + breath + "#" * 20 + "." * 40)
    last = 20 + 20 + len(breath) + 20
    assert at == last - 1 + round(HANG_OVER_S / FRAME_S)
    assert ended.started_s == started.started_s
    assert ended.ended_s == pytest.approx(last * FRAME_S)
    assert numbers(ended) == list(range(5, last + round(TAIL_S / FRAME_S)))


def test_the_pre_roll_of_the_first_word_is_what_there_is() -> None:
    ((_, speech),) = run("..####")
    assert numbers(speech) == [0, 1, 2, 3, 4, 5]


def test_the_next_speech_has_its_own_pre_roll() -> None:
    told = run(("." * 40 + "#" * 10) * 2 + "." * 40)
    assert [speech.ended_s is None for _, speech in told] == [True, False, True, False]
    assert numbers(told[2][1])[0] == 90 - 15


def test_what_goes_on_for_longer_than_is_kept_is_bounded_and_counted() -> None:
    endpoint = Endpoint(LIMITS)
    longest = round(LONGEST_S / FRAME_S)
    (_, _), (_, speech) = run("." * 20 + "#" * (longest + 100) + "." * 40, endpoint)
    assert numbers(speech) == list(range(5, 5 + longest))
    assert speech.ended_s == pytest.approx((20 + longest + 100) * FRAME_S)
    assert endpoint.dropped_samples == (100 + 15 + 30) * FRAME_SAMPLES


def test_an_hour_of_silence_keeps_nothing() -> None:
    endpoint = Endpoint(LIMITS)
    frame = np.zeros(FRAME_SAMPLES, np.float32)
    assert not any(endpoint.push(frame, False) for _ in range(180_000))
    assert len(endpoint._before) == round(PRE_ROLL_S / FRAME_S) + LIMITS.window_frames


def test_a_reset_forgets_the_speech_and_not_the_time() -> None:
    endpoint = Endpoint(LIMITS)
    run("." * 20 + "#" * 10, endpoint)
    assert endpoint.speaking
    endpoint.reset()
    assert not endpoint.speaking
    ((_, speech),) = run("." * 50 + "####", endpoint)
    assert speech.started_s == pytest.approx((30 + 50) * FRAME_S)

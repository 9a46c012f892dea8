import pytest

from kiosk.speech.captions import align
from kiosk.speech.voice import WordTime


def timed(*words: str) -> list[WordTime]:
    return [WordTime(word, float(index), index + 1.0) for index, word in enumerate(words)]


def test_what_is_spoken_as_written_keeps_its_times() -> None:
    words = align("Hello, world!", timed("Hello", "world"))
    assert [word.text for word in words] == ["Hello,", "world!"]
    assert [(word.start_s, word.end_s) for word in words] == [(0.0, 1.0), (1.0, 2.0)]


def test_what_is_spoken_otherwise_takes_the_time_between() -> None:
    words = align("at 3:05 sharp", timed("at", "three", "oh", "five", "sharp"))
    assert [word.text for word in words] == ["at", "3:05", "sharp"]
    assert words[1].start_s == pytest.approx(1.0)
    assert words[1].end_s == pytest.approx(4.0)


def test_chinese_is_timed_by_character() -> None:
    words = align("请到3号窗口。", timed("请", "到", "三号", "窗口"))
    assert [word.text for word in words] == ["请", "到", "3", "号", "窗", "口。"]
    assert words[-1].start_s == pytest.approx(3.5)


@pytest.mark.parametrize("shown", ["", "Hello there", "😀", "1 2 3", "完全不同的字"])
def test_times_never_fall_and_stay_inside(shown: str) -> None:
    words = align(shown, timed("alpha", "beta", "gamma"))
    times = [time for word in words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(0.0 <= time <= 3.0 for time in times)


def test_nothing_spoken_gives_no_words() -> None:
    assert align("Hello", []) == ()

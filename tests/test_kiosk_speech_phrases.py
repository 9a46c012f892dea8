import itertools
import re

import pytest

from kiosk.speech.phrases import Phrase, speakable, split, within
from kiosk.speech.sentences import CLAUSE_PAUSE_S, PARAGRAPH_PAUSE_S, SENTENCE_PAUSE_S, Stretch

TEXTS = [
    "Hello, welcome to the service hall. How can I help you today?",
    "Dr. Smith lives at 12 St. James Road. He is at home at 3:05 p.m. Please call 010-8888-6666.",
    "😀 Hi there! 😀\n\n*** Next paragraph … and more?! ***",
    "您好！欢迎来到政务服务大厅。请先取号，然后在等候区休息，叫到您的号码时请到3号窗口办理业务。",
    "请连接WiFi，名称是Hall-Guest。Please keep your ID card ready, and wait. 谢谢！",
    "word " * 300,
    "中" * 700,
    "a" * 1000,
]


def shown(text: str) -> list[str]:
    return [phrase.shown for phrase in split(text)]


@pytest.mark.parametrize("text", TEXTS)
def test_the_shown_texts_are_the_text(text: str) -> None:
    found = list(split(text))
    assert re.sub(r"\s", "", "".join(phrase.shown for phrase in found)) == re.sub(r"\s", "", text)
    for phrase in found:
        assert text[phrase.char_start : phrase.char_end] == phrase.shown
    for before, after in itertools.pairwise(found):
        assert before.char_end <= after.char_start


def test_the_first_phrase_is_short() -> None:
    assert shown(TEXTS[0]) == [
        "Hello,",
        "welcome to the service hall.",
        "How can I help you today?",
    ]
    assert shown(TEXTS[3])[0] == "您好！"


def test_a_short_first_sentence_is_whole() -> None:
    assert shown("One, two, three. Four.")[0] == "One, two, three."


def test_later_phrases_are_longer() -> None:
    clause = "and then some more of it, "
    lengths = [len(phrase) for phrase in shown("So it goes, " + clause * 20)]
    assert lengths[0] < lengths[1] < lengths[2] < lengths[3]
    assert max(lengths) <= 160


@pytest.mark.parametrize("text", ["", "   \n", "!!! … ，。", "😀👍", "***"])
def test_nothing_to_pronounce_gives_no_phrase(text: str) -> None:
    assert not shown(text)
    assert not speakable(text)


@pytest.mark.parametrize(
    "whole",
    [
        "Dr. Smith",
        "No. 5",
        "3:05 p.m. today",
        "$1,234,567.89",
        "https://x.com/a,b.html?q=1",
        "a.b@c-d.com",
        "St. James",
        "2026.11.22",
        "e.g. this",
    ],
)
def test_numbers_abbreviations_and_addresses_stay_whole(whole: str) -> None:
    text = f"Well then, as we all know and have known for years, {whole} is it, I should say. Next."
    assert any(whole in phrase for phrase in shown(text))


def test_half_days_may_end_a_sentence() -> None:
    assert shown("We close at 5 p.m. Please come early.")[-1] == "Please come early."


def test_languages_are_spoken_apart() -> None:
    found = [(phrase.language, phrase.shown) for phrase in split(TEXTS[4])]
    assert found == [
        ("zh", "请连接WiFi，"),
        ("zh", "名称是Hall-Guest。"),
        ("en", "Please keep your ID card ready, and wait."),
        ("zh", "谢谢！"),
    ]


def test_long_english_within_chinese_is_english() -> None:
    found = [
        (p.language, p.shown) for p in split("请打开 Settings and then Wireless Network 页面3")
    ]
    assert found == [
        ("zh", "请打开"),
        ("en", "Settings and then Wireless Network"),
        ("zh", "页面3"),
    ]


def test_numbers_alone_take_the_default_language() -> None:
    assert [p.spoken for p in split("12", default_language="zh")] == ["十二"]
    assert [p.spoken for p in split("12")] == ["twelve"]


def test_pauses_follow_the_marks() -> None:
    text = "First of all this, and then that which is long enough. Second.\n\nThird"
    pauses = {p.shown[-1]: p.pause_s for p in split(text)}
    assert pauses[","] == CLAUSE_PAUSE_S
    assert pauses["d"] == PARAGRAPH_PAUSE_S
    assert [p.pause_s for p in split("One. Two. ")] == [
        SENTENCE_PAUSE_S,
        PARAGRAPH_PAUSE_S,
    ]


@pytest.mark.parametrize(
    "unit", ["a", ".", "1", "中", "word ", "😀", "a@", "a.", "(", "http://", "...a", "你好，", "“"]
)
def test_long_texts_are_split_as_they_are_read(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    found: list[Phrase] = list(itertools.islice(split(text), 3))
    assert all(len(phrase.shown) <= 160 for phrase in found) or len(found) == 1
    assert bool(found) == speakable(text)


def test_a_stretch_that_was_cut_becomes_a_phrase_a_language() -> None:
    text = "Well, 请打开 Settings and then Wireless Network."
    found = list(within(text, Stretch(5, len(text), 0.25), "en"))
    assert [(p.language, p.shown) for p in found] == [
        ("zh", "请打开"),
        ("en", "Settings and then Wireless Network."),
    ]
    assert found[-1].pause_s == 0.25
    assert all(text[p.char_start : p.char_end] == p.shown for p in found)


def test_a_stretch_without_a_word_is_a_silent_phrase() -> None:
    [phrase] = within("Bye. 😀 ", Stretch(4, 7, 0.0), "en")
    assert (phrase.shown, phrase.spoken, phrase.char_start, phrase.char_end) == ("😀", "", 5, 6)
    assert not list(within("Bye.  ", Stretch(4, 6, 0.0), "en"))

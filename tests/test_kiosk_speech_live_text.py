"""Text that is spoken while it arrives, in virtual time: soon, without gaps, in the same words."""

import random
import re

import pytest

from kiosk.speech import phrases
from kiosk.speech.live_text import FIRST_WAIT_S, FOREVER, STALL_S, LiveText, Wait
from kiosk.speech.pace import Pace
from kiosk.speech.sentences import Stretch
from tests.live_text_utils import Told, split_words, stream, tokens

ENGLISH = [
    "Hello, welcome to the service hall. How can I help you today? Please bring your old card, one "
    "photo, and 12.50 in cash or by card.",
    "To renew your passport you need the old one, a photo that is not older than six months, and "
    "proof of your address. Dr. Smith in Room 204 signs the form until 3:05 p.m. on Nov. 5, 2026.",
    "I can certainly explain how the registration of a new resident works in this city and which "
    "documents the office will ask you for when you come.",
    "Yes. It opens at nine. No, not on Sundays.\n\n- First, take a **number**. It costs $125.75. "
    "- Call 010-8888-6666 or write to a.b@c-d.com, e.g. today! 😀",
]
CHINESE = [
    "您好，欢迎来到政务服务大厅，请问您要办理什么业务？请携带身份证原件和复印件，到3号窗口办理。"
    "周一到周五上午9:00到下午5:00办公，周四延长到七点半。",
    "办理居住证需要提供身份证原件以及在本市连续居住满六个月的证明材料，如果材料不齐，请不要着急，"
    "2026年3月5日之前补交就可以，费用是¥12.50。",
]
TEXTS = (
    ENGLISH + CHINESE + ["请连接WiFi，名称是Hall-Guest。Please keep your ID card ready, and wait."]
)


def spoken_words(found: list[phrases.Phrase]) -> list[str]:
    return re.findall(r"[一-鿿]|[^\W\d_]+", " ".join(phrase.spoken for phrase in found).lower())


def check(text: str, told: Told) -> None:
    """The same text and words as if it had been whole."""
    shown = "".join(phrase.shown for phrase in told.phrases)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)
    for phrase in told.phrases:
        assert text[phrase.char_start : phrase.char_end] == phrase.shown
    assert spoken_words(told.phrases) == spoken_words(list(phrases.split(text)))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("cost", [0.25, 0.6])
def test_what_is_spoken_is_what_would_be_of_the_whole(text: str, cost: float) -> None:
    check(text, stream(tokens(text), cost=cost))
    check(text, stream(list(text), 0.012, cost=cost))
    check(text, stream([text], cost=cost))


def test_however_it_is_cut_the_words_are_the_same() -> None:
    dice = random.Random(5)
    for text in TEXTS * 4:
        pieces, start = [], 0
        while start < len(text):
            end = start + dice.randint(1, 9)
            pieces.append(text[start:end])
            start = end
        check(text, stream(pieces, dice.choice([0.02, 0.1, 0.5]), dice.choice([0.2, 0.4, 0.7])))


@pytest.mark.parametrize("text", TEXTS)
def test_the_first_sound_comes_soon_and_then_no_gap(text: str) -> None:
    told = stream(tokens(text), cost=0.3)
    assert told.first_sound_s < 0.9
    assert max(told.gaps_s, default=0.0) < 0.25


def test_phrases_grow_as_the_voice_gets_ahead() -> None:
    lengths = [len(phrase.shown) for phrase in stream(tokens(ENGLISH[2])).phrases]
    assert lengths[0] < 30 < lengths[-1]


def live(text: str = "", at_s: float = 0.0) -> LiveText:
    fresh = LiveText(split_words, Pace())
    if text:
        fresh.feed(text, at_s)
    return fresh


def took(text: LiveText, found: Stretch | Wait) -> str:
    assert isinstance(found, Stretch), found
    text.take(found)
    return text.text[found.start : found.end].strip()


def test_the_first_words_wait_a_little_for_a_clause() -> None:
    text = live("Take your time")
    assert text.next(0.0, 0.0) == Wait(FIRST_WAIT_S)
    text.feed(", please. W", 0.1)
    assert took(text, text.next(0.1, 0.0)) == "Take your time,"


def test_the_first_words_do_not_wait_long() -> None:
    text = live("Walk straight ahead")
    assert text.next(0.0, 0.0) == Wait(FIRST_WAIT_S)
    assert took(text, text.next(FIRST_WAIT_S, 0.0)) == "Walk straight"


def test_words_enough_for_a_beginning_do_not_wait() -> None:
    text = live("What is the best way to renew")
    assert took(text, text.next(0.0, 0.0)) == "What is the best"


def test_a_greeting_is_spoken_at_once() -> None:
    for greeting in ("Hello, ", "您好，"):
        text = live(greeting + "welcome")
        assert took(text, text.next(0.0, 0.0)) == greeting.strip()


def test_a_short_sentence_is_spoken_at_once() -> None:
    text = live("Yes. It")
    assert took(text, text.next(0.0, 0.0)) == "Yes."


def test_nothing_is_waited_for_in_vain() -> None:
    text = live()
    assert text.next(5.0, 0.0) == Wait(FOREVER)
    text.feed("…", 5.0)
    found = text.next(5.0, 0.0)
    assert isinstance(found, Wait) and found.duration_s == pytest.approx(STALL_S)
    assert text.next(6.0, 0.0) == Wait(FOREVER)


def test_while_the_listener_has_enough_better_cuts_are_waited_for() -> None:
    text = live("Yes. We open at nine in the morning, and on Thursdays also")
    took(text, text.next(0.0, 0.0))
    found = text.next(STALL_S, 6.0)
    assert isinstance(found, Wait) and 2.0 < found.duration_s < 6.0
    late_s = found.duration_s
    assert took(text, text.next(late_s, 6.0 - late_s)) == "We open at nine in the morning,"


def test_a_listener_who_runs_dry_gets_a_few_words() -> None:
    text = live("Yes. Desks usually close every morning at")
    took(text, text.next(0.0, 0.0))
    assert took(text, text.next(0.0, 0.0)) == "Desks usually"


def test_a_stalled_sentence_is_spoken_to_its_end() -> None:
    text = live("Please wait here for a moment.")
    text.next(0.0, 0.0)
    found = text.next(0.05, 0.0)
    assert isinstance(found, Wait) and found.duration_s == pytest.approx(FIRST_WAIT_S - 0.05)
    assert took(text, text.next(STALL_S, 0.0)) == "Please wait here for a moment."
    assert not text.over
    text.finish()
    assert text.over


def test_a_flush_speaks_all_there_is() -> None:
    text = live("The number is 5")
    text.flush()
    assert took(text, text.next(0.0, 0.0)) == "The number is 5"
    text.feed("0 or so", 0.1)
    text.finish()
    assert took(text, text.next(0.1, 9.0)) == "0 or so"


def test_what_cannot_be_pronounced_is_left_for_the_end() -> None:
    text = live("Bye. ")
    text.flush()
    took(text, text.next(0.0, 0.0))
    text.feed(" 😀", 0.1)
    assert isinstance(text.next(9.0, 0.0), Wait)
    text.finish()
    assert took(text, text.next(9.0, 0.0)) == "😀"
    assert text.over and text.waiting == 0


def all_of(text: LiveText) -> list[str]:
    """All that is given out of a finished text, whenever it is asked for."""
    given: list[str] = []
    while not text.over:
        found = text.next(100.0, 0.0)
        if isinstance(found, Wait):
            assert found.duration_s < FOREVER, given
            found = text.next(100.0 + found.duration_s, 0.0)
        given.append(took(text, found))
    return given


@pytest.mark.parametrize("gap", [" " * 330, "\n" * 330, " - " * 400, "😀" * 400, "\t " * 5000])
def test_no_gap_however_long_ends_a_text(gap: str) -> None:
    said = "Hello and welcome to this service hall" + gap + "we open at nine. "
    text = live(said + "Then we close again, always at five in the afternoon. ")
    given: list[str] = []
    while isinstance(found := text.next(9.0, 0.0), Stretch):
        given.append(took(text, found))
    assert "nine." in " ".join(given), "before its end is known"
    text.finish()
    given += all_of(text)
    words = re.findall(r"[a-z]+", " ".join(given).lower())
    assert words == re.findall(r"[a-z]+", text.text.lower())
    assert max(len(re.sub(r"[\W_]+", " ", part)) for part in given) <= 2 * phrases.HARD_LENGTH


def test_a_few_letters_before_a_very_long_word_or_gap_are_spoken() -> None:
    for said in ("Hi, " + "a" * 1000, "Hi" + " " * 1000 + "there", "a" + "\n" * 1000 + "b"):
        text = live(said)
        assert isinstance(text.next(9.0, 0.0), Stretch), said[:5]


def test_after_a_flush_of_no_words_what_follows_is_spoken() -> None:
    text = live("…")
    text.flush()
    text.feed(" Hello, welcome to the hall", 0.1)
    assert took(text, text.next(0.1, 0.0)).endswith("Hello,")


def test_what_cannot_be_pronounced_is_not_waited_for() -> None:
    text = live(" -" * 2000)
    assert text.unspoken == 0
    text.feed("Hel", 0.0)
    assert text.unspoken == 3


def test_a_faster_voice_is_given_longer_phrases() -> None:
    slow, quick = Pace(), Pace()
    for _ in range(20):
        quick.observe("en", "a phrase of some length", 1.5, 0.1)
    text = ENGLISH[2]
    first = len(stream(tokens(text), cost=0.1, pace=slow).phrases)
    assert len(stream(tokens(text), cost=0.1, pace=quick).phrases) <= first

"""Words come one by one, when they are heard, with their place in the text."""

from kiosk.heard_words import HeardWords, spoken_characters
from kiosk.speech_queue import Caption, CaptionWord, SpeechEvent

WORDS = (CaptionWord("to", 0.0, 0.2), CaptionWord("be,", 0.2, 0.5), CaptionWord("to", 0.5, 0.7))
CAPTION = Caption("to be, to", 10, 19, 1.0, WORDS)


def heard() -> HeardWords:
    words = HeardWords()
    words.add(SpeechEvent("caption", "u", 48_000, 0, CAPTION))
    return words


def test_each_word_has_its_time_and_its_own_place() -> None:
    told = list(heard().before(96_000))
    assert [(word.text, word.char_start, word.char_end, word.pts) for word in told] == [
        ("to", 10, 12, 48_000),
        ("be,", 13, 16, 57_600),
        ("to", 17, 19, 72_000),
    ]
    assert {word.utterance for word in told} == {"u"}


def test_a_word_comes_once_and_not_before_its_time() -> None:
    words = heard()
    assert list(words.before(48_000)) == []
    assert [word.pts for word in words.before(57_601)] == [48_000, 57_600]
    assert [word.pts for word in words.before(80_000)] == [72_000]
    assert list(words.before(80_000)) == []


def test_what_was_cut_is_never_heard() -> None:
    words = heard()
    words.clear()
    assert list(words.before(1_000_000)) == []


def test_a_word_that_is_not_in_the_text_stays_within_it() -> None:
    words = HeardWords()
    odd = Caption("5!", 0, 2, 1.0, (CaptionWord("five", 0.0, 0.5), CaptionWord("!", 0.5, 0.6)))
    words.add(SpeechEvent("caption", "u", 0, 0, odd))
    words.add(SpeechEvent("started", "u", 0))
    assert [(word.char_start, word.char_end) for word in words.before(48_000)] == [(0, 2), (2, 2)]


def test_characters_spoken_count_whole_words_up_to_the_cut() -> None:
    words = (CaptionWord("Hello", 0.0, 0.4), CaptionWord("there", 0.4, 0.9))
    first = Caption("Hello there,", 0, 12, 1.0, words)
    second = Caption("friend.", 13, 20, 1.0, (CaptionWord("friend", 0.0, 0.8),))
    captions = [
        SpeechEvent("caption", "u", 48_000, 0, first),
        SpeechEvent("caption", "u", 96_000, 1, second),
    ]
    assert spoken_characters(captions, 48_000) == 0
    assert spoken_characters(captions, 48_000 + 24_000) == 5
    assert spoken_characters(captions, 96_000) == 12
    assert spoken_characters(captions, 96_000 + 40_000) == 19
    assert spoken_characters(captions, 200_000) == 20
    assert spoken_characters([], 200_000) == 0

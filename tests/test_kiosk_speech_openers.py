"""Beginnings that are spoken beforehand are those that a streamed text is cut to."""

import pytest

from kiosk.speech import phrases
from kiosk.speech.live_text import LiveText
from kiosk.speech.openers import OPENERS
from kiosk.speech.pace import Pace
from kiosk.speech.sentences import Stretch
from tests.live_text_utils import split_words


@pytest.mark.parametrize("opener", OPENERS)
def test_an_answer_that_begins_so_is_cut_to_it(opener: str) -> None:
    text = LiveText(split_words, Pace())
    text.feed(f"{opener} Many" if opener.isascii() else f"{opener}很多", 0.0)
    found = text.next(0.0, 0.0)
    assert isinstance(found, Stretch)
    [phrase] = phrases.within(text.text, found, "en")
    [known] = phrases.split(opener)
    assert (phrase.spoken, phrase.language) == (known.spoken, known.language)

"""Characters of which messages bring halves."""

import random

import pytest

from kiosk.speech.text_decoder import TextDecoder

TEXT = "naïve 您好 😀 𠮷野家 e\u0301!"


def test_bytes_may_be_cut_anywhere() -> None:
    dice = random.Random(3)
    data = TEXT.encode()
    for _ in range(50):
        decoder, heard, start = TextDecoder(), "", 0
        while start < len(data):
            end = start + dice.randint(1, 5)
            heard += decoder.data(data[start:end])
            start = end
        assert heard + decoder.finish() == TEXT


def test_halves_of_a_surrogate_pair_are_joined() -> None:
    decoder = TextDecoder()
    assert decoder.text("Hi \ud83d") == "Hi "
    assert decoder.text("\ude00!") == "😀!"
    assert decoder.text("a\ud83d\ude00b") == "a😀b"
    assert decoder.finish() == ""


@pytest.mark.parametrize("lone", ["\ud83d", "\ude00"])
def test_lone_halves_are_replaced(lone: str) -> None:
    decoder = TextDecoder()
    heard = decoder.text(lone) + decoder.text("x") + decoder.text(lone) + decoder.finish()
    assert heard == "\ufffdx\ufffd"
    heard.encode()


def test_bytes_that_are_no_text_are_replaced() -> None:
    decoder = TextDecoder()
    assert decoder.data(b"a\xff\xc3") == "a\ufffd"
    assert decoder.data(b"b") == "\ufffdb"
    assert decoder.data("您".encode()[:2]) == ""
    assert decoder.finish() == "\ufffd"
    assert decoder.data(b"fresh") == "fresh"


def test_bytes_and_texts_may_mix() -> None:
    decoder = TextDecoder()
    assert decoder.data("您".encode()[:2]) == ""
    assert decoder.text("好\ud83d") == "\ufffd好"
    assert decoder.data(b"!") == "\ufffd!"

"""Where a growing text may be cut: never where what follows could change how it is read."""

import pytest

from kiosk.speech.cuts import Cut, Kind, cuts
from tests.live_text_utils import split_words


def parts(text: str, settled: int = 0, stalled: bool = False) -> dict[str, Kind]:
    found = cuts(text, 0, settled, split_words, stalled)
    return {text[: cut.end].strip(): cut.kind for cut in found}


def test_marks_and_words_are_places_to_cut() -> None:
    assert parts("Hello, welcome to the service hall. How") == {
        "Hello,": Kind.CLAUSE,
        "Hello, welcome": Kind.BREATH,
        "Hello, welcome to the service": Kind.WORD,
        "Hello, welcome to the service hall.": Kind.SENTENCE,
    }


def test_a_word_is_over_when_something_follows() -> None:
    assert parts("Good morning") == {"Good": Kind.WORD}
    assert parts("Good morning ") == {"Good": Kind.WORD}
    assert "Good morning" in parts("Good morning everybody")


def test_a_sentence_is_over_when_the_next_letter_is_seen() -> None:
    assert Kind.SENTENCE not in parts("It is done.").values()
    assert Kind.SENTENCE not in parts("It is done. ").values()
    assert parts("It is done. W")["It is done."] is Kind.SENTENCE
    assert parts("It is done.\n")["It is done."] is Kind.SENTENCE
    assert Kind.SENTENCE not in parts("It is done. well").values()


@pytest.mark.parametrize(
    "text",
    [
        "Please see Dr. Smith",
        "It costs $5 million today",
        "It is 3:05 p.m. in London",
        "On Nov. 5, 2026 we",
        "Dial 010 8888 6666 now",
        "Room 204 is",
        "in 12.50 euros",
        "Read [the long label](http://example.com/a b",
        "See https://example.com/a,b. c",
    ],
)
def test_numbers_abbreviations_and_links_stay_with_their_neighbours(text: str) -> None:
    """Whatever has come of them, no cut lies beside a digit, behind *Dr.* or in a label."""
    for length in range(1, len(text) + 1):
        for cut in cuts(text[:length], 0, 0, split_words):
            before, after = text[: cut.end].rstrip(), text[cut.end :].lstrip()
            assert not before[-1].isdigit() and not after[:1].isdigit(), text[:length]
            assert not before.endswith(("Dr.", "Nov.", "p.m.")), text[:length]
            assert before.count("[") == before.count("]")


def test_chinese_is_cut_between_words_that_can_no_longer_grow() -> None:
    found = parts("欢迎来到政务服务大厅，请先取号，然后在等候区")
    assert found["欢迎来到政务服务大厅，"] is Kind.CLAUSE
    assert found["欢迎来到政务服务大厅，请先取号，然后"] is Kind.BREATH
    assert not {"欢", "欢迎来", "欢迎来到政"} & set(found)
    assert parts("欢迎来") == {}


def test_chinese_numbers_and_measures_are_left_whole() -> None:
    found = parts("请到三号窗口办理居住证，第2次来的话直接办理业务。")
    assert all(not part.endswith(("三", "第", "请", "到")) for part in found)


def test_few_latin_words_in_chinese_stay_together() -> None:
    assert not [part for part in parts("请连接 Hall Guest 网络然后") if part.endswith("Hall")]


def test_what_is_settled_is_over_at_its_end() -> None:
    assert parts("Number 5", settled=8) == {"Number 5": Kind.SENTENCE}
    [cut] = cuts("Well, no", 5, 8, split_words)
    assert cut == Cut(8, Kind.SENTENCE, 0.0)
    assert cuts("Well. ", 0, 6, split_words)[-1].pause_s > 0


def test_marks_at_the_end_count_when_nothing_follows_for_a_while() -> None:
    assert parts("It is done.", stalled=True)["It is done."] is Kind.SENTENCE
    assert parts("Well,", stalled=True) == {}
    assert parts("Well, ", stalled=True) == {"Well,": Kind.CLAUSE}
    assert parts("好的，", stalled=True) == {"好的，": Kind.CLAUSE}
    assert parts("共5，", stalled=True) == {}
    for open_end in ("Ask Dr.", "It is 3.", "It is in the U.", "See No."):
        assert Kind.SENTENCE not in parts(open_end, stalled=True).values()


def test_what_has_no_place_to_cut_is_cut_at_the_limit() -> None:
    for unit in ("a", "1", "*", "中", "the "):
        text = unit * (1000 // len(unit))
        found = cuts(text, 0, 0, split_words)
        assert found and found[0].end <= 160


def test_what_stands_before_the_first_word_may_be_of_any_length() -> None:
    for before in (" ", "\n", "-", "* ", "😀"):
        text = before * 1000 + "Hello, welcome to the hall. How"
        assert cuts(text, 0, 0, split_words), before
        assert cuts(text, 0, len(text), split_words), before


@pytest.mark.parametrize("word", ["Hello", "the", "Hi, a", "3", "Hello.", "您"])
def test_white_space_of_any_length_ends_what_stands_before(word: str) -> None:
    text = word + " " * 1000 + "more words follow here"
    for settled in (0, len(text)):
        found = cuts(text, 0, settled, split_words)
        assert text[: found[-1].end].strip() == word


def test_what_was_settled_is_no_end_once_it_was_taken() -> None:
    found = cuts("Bye.  Well, now it", 4, 5, split_words)
    assert [cut.end for cut in found if cut.kind is Kind.CLAUSE] == [11]


def test_nothing_to_say_is_no_place_to_cut() -> None:
    assert parts("  … 😀") == {}
    assert parts("") == {}

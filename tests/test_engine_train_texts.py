import random

from engine.train.texts import english, mandarin


def test_texts_repeat_with_the_seed() -> None:
    for make in (english, mandarin):
        drawn = [[make(random.Random(i), ("alpha", "beta")) for i in range(40)] for _ in range(2)]
        assert drawn[0] == drawn[1]
        assert len(set(drawn[0])) > 30


def test_texts_end_as_sentences_and_use_the_lexicon() -> None:
    for make, word in ((english, "zebra"), (mandarin, "斑马")):
        drawn = [make(random.Random(i), (word,)) for i in range(60)]
        assert any(
            word * 2 in text.replace(" ", "").replace(",", "").replace("，", "") for text in drawn
        )
        assert all(text[-1] in ".?!。？！" for text in drawn)


def test_numbers_are_words() -> None:
    drawn = " ".join(english(random.Random(i)) for i in range(300))
    assert not any(c.isdigit() for c in drawn)
    assert "thousand" in drawn

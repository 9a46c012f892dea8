from kiosk.speech.kokoro_symbols import IDS, PHONEMES, known, spans


def test_the_alphabet_is_the_published_one() -> None:
    assert len(IDS) == 114
    assert len(set(IDS.values())) == 114
    picked = {";": 1, "—": 9, "A": 24, "a": 43, "z": 68, "ɡ": 92, "ʤ": 82, "↘": 173, "ᵻ": 177}
    assert {symbol: IDS[symbol] for symbol in picked} == picked


def test_marks_belong_to_their_phoneme() -> None:
    assert [(s.symbol, s.first, s.end) for s in spans("həlˈO, pʰa↘")] == [
        ("h", 0, 1),
        ("ə", 1, 2),
        ("l", 2, 3),
        ("oʊ", 3, 5),
        ("pʰ", 7, 9),
        ("a", 9, 11),
    ]


def test_punctuation_is_no_phoneme() -> None:
    assert spans(" .,!?—“” ") == []
    assert not PHONEMES & set(" .,!?ˈˌː↘")


def test_what_the_model_does_not_know_is_told() -> None:
    assert known("a❓b") == ("ab", "❓")

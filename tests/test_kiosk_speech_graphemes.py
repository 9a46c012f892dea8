from pathlib import Path

import pytest

from kiosk.speech.graphemes import EnglishReader, MandarinReader, Reader
from kiosk.speech.kokoro_symbols import known
from kiosk.speech.normalise import normalise

ENGLISH = [
    "Hello, welcome to the service hall. How can I help you today?",
    "Doctor Smith isn't here; she's in room B two oh four (on the left).",
    "Zhongshan Road, Guangzhou — “quoted” words, 'single' ones… and WiFi, ID, PDF, VIP!",
]
MANDARIN = [
    "您好，欢迎来到政务服务大厅。请问有什么可以帮您？",
    "请带好身份证、户口本和两张照片，到A座三层三号窗口办理！",
    "女士们、先生们：一会儿儿童绿色通道开放（约五分钟）……",
    "请连接WiFi，下载APP，然后出示ID。",
]


@pytest.fixture(scope="module")
def english() -> Reader:
    return EnglishReader()


@pytest.fixture(scope="module")
def mandarin(english: Reader, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return MandarinReader(english, tmp_path_factory.mktemp("jieba"))


def phonemes(reader: Reader, text: str) -> str:
    return "".join(part.phonemes + " " * part.space_after for part in reader.read(text)).strip()


def test_english_sounds(english: Reader) -> None:
    assert phonemes(english, ENGLISH[0]) == (
        "həlˈO, wˈɛlkəm tə ðə sˈɜɹvəs hˈɔl. hˌW kæn ˌI hˈɛlp ju tədˈA?"
    )


def test_the_letter_a_is_named_within_a_sentence(english: Reader) -> None:
    assert "ˈA" in phonemes(english, "nine A M")
    assert phonemes(english, "A cat").startswith("ɐ")


def test_mandarin_sounds(mandarin: Reader) -> None:
    assert phonemes(mandarin, "您好，请问。") == "ni↗nxau↓, ʨʰi↓ŋwə↘n."


def test_latin_words_in_mandarin_are_english(mandarin: Reader) -> None:
    assert "wˈifˌI" in phonemes(mandarin, "请连接WiFi。")
    assert phonemes(mandarin, "A座").startswith("ˈA ")


@pytest.mark.parametrize("text", ENGLISH)
def test_the_model_knows_every_english_symbol(english: Reader, text: str) -> None:
    assert known(phonemes(english, normalise(text, "en")))[1] == ""


@pytest.mark.parametrize("text", MANDARIN)
def test_the_model_knows_every_mandarin_symbol(mandarin: Reader, text: str) -> None:
    assert known(phonemes(mandarin, normalise(text, "zh")))[1] == ""


def test_words_are_the_words_of_the_text(english: Reader, mandarin: Reader) -> None:
    words = [part.text for part in english.read("She can't come, sorry.") if part.is_word]
    assert words == ["She", "can't", "come", "sorry"]
    hanzi = "".join(part.text for part in mandarin.read("请到三号窗口。") if part.is_word)
    assert hanzi == "请到三号窗口"


def test_nothing_sounds_like_nothing(english: Reader, mandarin: Reader) -> None:
    assert english.read("  ") == []
    assert mandarin.read("") == []


def test_the_splitter_keeps_its_cache_to_itself(english: Reader, tmp_path: Path) -> None:
    MandarinReader(english, tmp_path).read("您好")
    assert (tmp_path / "jieba.cache").is_file()

import pytest

from kiosk.speech.sentences import Stretch, languages, sentences


def shown(text: str) -> list[str]:
    return [text[stretch.start : stretch.end].strip() for stretch in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("您好！请坐。", ["您好！", "请坐。"]),
        ("He said “Stop!” Then he left.", ["He said “Stop!”", "Then he left."]),
        ("It is 3.14. Dr. Lee knows.", ["It is 3.14.", "Dr. Lee knows."]),
        ("Well... perhaps. e.g. this.", ["Well... perhaps. e.g. this."]),
        ("Come at 5 p.m. Bring it.", ["Come at 5 p.m.", "Bring it."]),
        ("No. 5 is open. No. Really.", ["No. 5 is open.", "No.", "Really."]),
        ("One\n\nTwo", ["One", "Two"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there, everybody in here.", ["en"]),
        ("请坐。", ["zh"]),
        ("请连接WiFi网络", ["zh"]),
        ("请打开 Settings and then Wireless Network 页面", ["zh", "en", "zh"]),
        ("12", ["xx"]),
    ],
)
def test_languages(text: str, expected: list[str]) -> None:
    runs = list(languages(text, Stretch(0, len(text), 0.0), "xx"))
    assert [language for _, language in runs] == expected
    assert "".join(text[run.start : run.end] for run, _ in runs) == text


def test_digits_go_with_what_they_touch() -> None:
    text = "Go to the window called 3号窗口"
    runs = [text[run.start : run.end] for run, _ in languages(text, Stretch(0, 30, 0.0), "en")]
    assert runs[-1].startswith("3号")

"""Commands in, errors out."""

import pytest

from kiosk.api import ProblemError
from kiosk.speech.speak_messages import Command, CommandError, command, invalid, refusal


def test_commands_are_read() -> None:
    assert command('{"type": "text", "text": "Hel"}') == Command("text", "Hel")
    assert command('{"type": "text", "text": "\\ud83d"}').piece == "\ud83d"
    assert [command(f'{{"type": "{kind}"}}').kind for kind in ("flush", "end", "cancel")] == [
        "flush",
        "end",
        "cancel",
    ]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no type"),
        ("{}", "no type"),
        ('{"type": ["text"]}', "no type"),
        ('{"type": "shout", "text": "x"}', "no type"),
        ('{"type": "text"}', "'text' is missing"),
        ('{"type": "text", "text": 5}', "'text' is missing"),
        ('{"type": "\ud83d"}', "no type"),
    ],
)
def test_what_is_no_command_is_told_with_the_remedy(message: str, says: str) -> None:
    with pytest.raises(CommandError, match=says) as caught:
        command(message)
    answer = invalid(caught.value)
    assert answer["code"] == "invalid_message" and '"flush"' in str(answer["remedy"])
    str(answer["message"]).encode()
    assert len(str(answer["message"])) < 200


def test_problems_are_told_with_code_and_remedy() -> None:
    answer = refusal(ProblemError(404, "unknown_stage", "there is no such stage", "see the list"))
    assert answer == {
        "type": "error",
        "code": "unknown_stage",
        "message": "there is no such stage",
        "remedy": "see the list",
    }

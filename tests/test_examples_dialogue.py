"""The example of a conversation, against a fake chat server, recogniser and kiosk."""

import asyncio
import base64
import contextlib
import sys

import pytest

from examples import dialogue
from examples.dialogue import SORRY, options
from tests.dialogue_utils import WAV, FakeServers, conversing, said, until


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_TOKEN", "kiosk-secret")
    monkeypatch.setenv("CHAT_KEY", "chat-secret")
    monkeypatch.setattr(dialogue, "RETRY_S", 0.05)
    monkeypatch.setattr(dialogue, "STOP_S", 0.5)


async def test_a_visitor_s_words_are_recognised_answered_and_remembered() -> None:
    async with conversing("--system", "Be brief.") as (servers, going):
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 2)
        assert servers.sounds == [WAV]
        assert servers.words == "It is on the left." and servers.spoken[-1]["type"] == "end"
        assert going.history == said("where is desk five", "It is on the left.")
        going.hear("thanks")
        await until(lambda: len(going.history) == 4)
        assert servers.asked[1] == [
            {"role": "system", "content": "Be brief."},
            *said("where is desk five", "It is on the left.", "thanks"),
        ]


async def test_an_interrupted_answer_is_no_longer_written_and_kept_as_far_as_it_was_heard() -> None:
    async with conversing() as (servers, going):
        servers.hold.clear()
        servers.reply = ["It is on the left, ", *(["and so on "] * 5000)]
        going.hear("where is it")
        await until(lambda: servers.words)
        await servers.tell("started")
        await asyncio.sleep(0.05)
        servers.visitor("started", interrupted="u1", characters_spoken=5)
        await servers.tell("interrupted", 5)
        await until(lambda: len(going.history) == 2)
        assert going.history == said("where is it", "It is")
        await until(lambda: servers.closed_early)
        servers.hold.set()
        servers.reply = ["Yes."]
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 4)
        assert servers.asked[1][1:] == said("where is it", "It is", "where is desk five")


async def test_who_goes_on_before_the_answer_began_is_answered_as_a_whole() -> None:
    async with conversing() as (servers, going):
        servers.hold.clear()
        going.hear("where is")
        await until(lambda: servers.words)
        servers.visitor("started", interrupted=None, characters_spoken=0)
        await until(lambda: any(m["type"] == "cancel" for m in servers.spoken))
        servers.hold.set()
        going.hear("desk five")
        await until(lambda: going.history[-1]["role"] == "assistant" and len(servers.asked) == 2)
        assert going.history[-2]["content"].endswith("desk five")


async def test_a_line_that_is_typed_interrupts() -> None:
    async with conversing() as (servers, going):
        servers.finishes = False
        going.hear("one")
        await until(lambda: servers.spoken and servers.spoken[-1]["type"] == "end")
        await servers.tell("started")
        await asyncio.sleep(0.05)
        servers.finishes = True
        going.hear("two", interrupts=True)
        await until(lambda: len(going.history) == 4)
        assert going.history == said("one", "It", "two", "It is on the left.")


@pytest.mark.parametrize(
    ("status", "raw", "told"),
    [
        (404, None, "404: no such model"),
        (200, b"data: {oops\n\n", "JSONDecodeError"),
        (200, b'data: {"error": {"message": "out of memory"}}\n\n', "out of memory"),
        (200, b'data: {"choices": [7]}\n\n', "AttributeError"),
    ],
)
async def test_a_chat_server_that_fails_is_told_of_and_apologised_for(
    status: int, raw: bytes | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with conversing() as (servers, going):
        servers.chat_status, servers.chat_raw = status, raw
        going.hear("hello")
        await until(lambda: len(going.history) == 2)
        assert servers.words == SORRY
        shown = capsys.readouterr().out
        assert told in shown and "are --chat, --model and CHAT_KEY right?" in shown
        servers.chat_status, servers.chat_raw = 200, None
        going.hear("again")
        await until(lambda: len(going.history) == 4)


async def test_a_kiosk_that_goes_away_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    async with conversing() as (servers, going):
        servers.events.put_nowait({"type": object})  # breaks the fake's connection
        await until(lambda: capsys.readouterr().out.count("no kiosk at"))
        await asyncio.sleep(0.2)
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 2)


async def test_a_voice_that_breaks_off_ends_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    async with conversing() as (servers, going):
        servers.finishes = False
        going.hear("hello")
        await until(lambda: servers.spoken and servers.spoken[-1]["type"] == "end")
        await servers.voice.close()
        await until(lambda: going._answer is None)
        assert going.history == said("hello"), "nobody knows what was heard of it"
        going.hear("once more")
        await until(lambda: servers.spoken[-1]["type"] == "end" and going._answer)
        error = {"type": "error", "message": "the stage is closed", "remedy": "open the page"}
        await servers.voice.send_json({**error, "code": "stage_closed"})
        await until(lambda: going._answer is None)
        assert "the stage is closed: open the page" in capsys.readouterr().out


async def test_a_voice_that_is_not_understood_ends_the_answer_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def too_long(servers: FakeServers) -> None:  # the connection gives an error in its place
        with contextlib.suppress(ConnectionError):  # the dialogue has hung up by then
            await servers.voice.send_bytes(bytes(5 * 1024 * 1024))

    async def no_json(servers: FakeServers) -> None:
        await servers.voice.send_str("hello?")

    async with conversing() as (servers, going):
        for spoil in (too_long, no_json):
            servers.spoken.clear()
            servers.finishes = False
            going.hear("hello")
            await until(lambda: servers.spoken and servers.spoken[-1]["type"] == "end")
            await spoil(servers)
            await until(lambda: going._answer is None)
            assert "the kiosk is not understood" in capsys.readouterr().out
        servers.finishes = True
        going.hear("once more")
        await until(lambda: going.history[-1]["role"] == "assistant")


@pytest.mark.parametrize("more", [(), ("--show",)])
async def test_what_is_said_is_printed_only_if_asked_for(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    async with conversing(*more) as (servers, going):
        servers.visitor("ended", audio=base64.b64encode(WAV).decode())
        await until(lambda: len(going.history) == 2)
        shown = capsys.readouterr().out
        for words in ("where is desk five", "It is on the left."):
            assert (words in shown) is bool(more)
            assert (f"spoke ({len(words)} characters)" in shown) is not bool(more)


def test_nobody_to_listen_to_is_an_error_with_the_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        options(["--chat", "http://chat/v1", "--model", "m"])
    assert ended.value.code == 2 and "--recogniser ADDRESS, or --typed" in capsys.readouterr().err


async def test_it_runs_as_a_program_and_tells_its_options() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "examples/dialogue.py", "--help", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    for option in ("--chat", "--model", "--recogniser", "--typed", "--kiosk", "--stage"):
        assert option in out.decode()

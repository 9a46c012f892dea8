"""What waits for the voice: all of it in order, within a bound, and whole utterances beyond it."""

import asyncio

import pytest

from kiosk.speech.backlog import MESSAGE_CHARACTERS, Backlog
from kiosk.speech.speak_messages import Command

END = Command("end")


def text(letters: str) -> Command:
    return Command("text", letters)


async def taken(backlog: Backlog) -> list[str]:
    """What waits, as the pieces of text and the kinds of the rest."""
    backlog.put(Command("flush"))
    found: list[str] = []
    while (command := await backlog.get()).kind != "flush":
        backlog.done()
        found.append(str(command.piece) or command.kind)
    backlog.done()
    return found


async def test_commands_come_in_order() -> None:
    backlog = Backlog()
    assert not any(backlog.put(command) for command in (text("a"), text("b"), END, text("c")))
    assert await taken(backlog) == ["a", "b", "end", "c"]
    await asyncio.wait_for(backlog.join(), 1)


async def test_without_room_an_utterance_is_ended_and_told_of_once() -> None:
    backlog = Backlog(3 * (MESSAGE_CHARACTERS + 1))
    for letter in "abc":
        assert not backlog.put(text(letter))
    assert backlog.put(text("d"))
    assert not backlog.put(text("e")) and not backlog.put(END)
    assert backlog.dropped == 3
    assert await backlog.get() == text("a")
    assert not backlog.put(Command("flush")), "still no room: the end takes some"
    assert await taken_after(backlog, 3) == [text("b"), text("c"), END]
    assert not backlog.put(text("f")), "the next utterance, and room"
    assert await backlog.get() == text("f")


async def taken_after(backlog: Backlog, count: int) -> list[Command]:
    return [await backlog.get() for _ in range(count)]


async def test_a_flood_without_end_takes_no_more_than_the_bound() -> None:
    backlog = Backlog(1000)
    told = [backlog.put(each) for _ in range(10_000) for each in (text("word "), END)]
    assert 1 < sum(told) < 10_000
    assert backlog._commands.qsize() < 1000 / MESSAGE_CHARACTERS + 2
    assert backlog.dropped > 19_000


@pytest.mark.parametrize("full", [False, True])
async def test_a_clear_backlog_is_as_new(full: bool) -> None:
    backlog = Backlog(100)
    for _ in range(20 if full else 2):
        backlog.put(text("word "))
    backlog.clear()
    await asyncio.wait_for(backlog.join(), 1)
    assert not backlog.put(text("x" * 80))
    assert await backlog.get() == text("x" * 80)

"""What a writer at ``WS /v1/speak`` has sent and the voice has not yet taken.

The socket is read on whatever waits here, so that a cancel is seen and a ping answered at once; so
what waits is bounded, and what goes beyond the bound is left out, told and counted.
"""

import asyncio
from typing import Final

from kiosk.speech.speak_messages import Command

HELD_CHARACTERS: Final = 400_000
"""That may wait; each message counts as ``MESSAGE_CHARACTERS`` more. Hours of speech."""

MESSAGE_CHARACTERS: Final = 16


class Backlog:
    """Commands in order. Used from the event loop only."""

    def __init__(self, held_characters: int | None = None) -> None:
        """Empty.

        Args:
            held_characters: that may wait; by default ``HELD_CHARACTERS``.
        """
        self._most = HELD_CHARACTERS if held_characters is None else held_characters
        self._commands: asyncio.Queue[Command] = asyncio.Queue()
        self._held = 0
        self._cut = False
        """Whether the utterance that is being sent was ended, for want of room."""
        self._ended = False
        """Whether what waits last is an end."""
        self.dropped = 0
        """Commands that found no room."""

    def put(self, command: Command) -> bool:
        """Let *command* wait its turn.

        Without room an utterance is ended where it is, and the rest of it dropped.

        Returns:
            Whether it finds no room and is the first of its utterance that does not: to be told.
        """
        if not self._cut and self._held + _size(command) <= self._most:
            self._append(command)
            return False
        told = not self._cut and command.kind == "text"
        self.dropped += 1
        if told or command.kind == "end":
            self._cut = told
            if not self._ended:
                self._append(Command("end"))
        return told

    async def get(self) -> Command:
        """The next command, as soon as there is one."""
        command = await self._commands.get()
        self._held -= _size(command)
        return command

    def done(self) -> None:
        """What ``get`` gave was carried out."""
        self._commands.task_done()

    async def join(self) -> None:
        """Wait until everything was carried out."""
        await self._commands.join()

    def clear(self) -> None:
        """Drop everything; what comes next begins anew."""
        while not self._commands.empty():
            self._commands.get_nowait()
            self._commands.task_done()
        self._held = 0
        self._cut = self._ended = False

    def _append(self, command: Command) -> None:
        self._held += _size(command)
        self._ended = command.kind == "end"
        self._commands.put_nowait(command)


def _size(command: Command) -> int:
    return len(command.piece) + MESSAGE_CHARACTERS

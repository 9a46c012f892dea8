"""Who speaks to a stage now, and what its viewers' pages are told of it."""

from collections.abc import Callable

from kiosk.broadcast import Message


class Visitors:
    """The visitors who are heard to speak. For the event loop."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        """Nobody speaks; *send* tells the pages."""
        self._send = send
        self._speakers: set[object] = set()

    @property
    def current(self) -> tuple[Message, ...]:
        """What a page that joins now has missed."""
        return (_message(speaking=True),) if self._speakers else ()

    def speaks(self, who: object, speaking: bool) -> None:
        """*who* begins to speak or ends; the pages hear of the first and of the last alone."""
        before = bool(self._speakers)
        (self._speakers.add if speaking else self._speakers.discard)(who)
        if bool(self._speakers) != before:
            self._send(_message(speaking))


def _message(speaking: bool) -> Message:
    return {"type": "visitor", "speaking": speaking}

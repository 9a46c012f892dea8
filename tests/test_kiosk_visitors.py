"""What pages are told of visitors who speak, several at a time."""

from kiosk.broadcast import Message
from kiosk.visitors import Visitors


def test_pages_hear_of_the_first_who_speaks_and_of_the_last_who_ends() -> None:
    sent: list[Message] = []
    visitors = Visitors(sent.append)
    assert visitors.current == ()
    visitors.speaks("one", True)
    visitors.speaks("two", True)
    visitors.speaks("one", False)
    visitors.speaks("one", False)
    assert sent == [{"type": "visitor", "speaking": True}]
    assert visitors.current == tuple(sent), "who joins now is told the same"
    visitors.speaks("two", False)
    assert sent[1:] == [{"type": "visitor", "speaking": False}] and visitors.current == ()

"""One stage's events: what happens there, with its media time, for the hub."""

from collections.abc import Mapping
from typing import Literal

from engine.media import FloatArray
from kiosk.clock import MediaClock
from kiosk.events import EventHub
from kiosk.transcript import media_ms


class StageEvents:
    """Tells the hub what happens on one stage. For the event loop."""

    def __init__(self, hub: EventHub, stage: str, clock: MediaClock) -> None:
        """Tell of the stage called *stage*, whose media time *clock* tells."""
        self._hub = hub
        self._stage = stage
        self._clock = clock

    def tell(self, event: Mapping[str, object], sound: FloatArray | None = None) -> None:
        """Publish *event*, which happens now unless it has a ``media_ms`` of its own.

        Args:
            event: JSON's types, with ``type``.
            sound: what was heard, mono at ``events.SOUND_RATE_HZ``.
        """
        now = {"media_ms": media_ms(self._clock.now_pts)}
        self._hub.publish(self._stage, {**now, **event}, sound)

    def opened(self, avatar: str) -> None:
        """The stage is open."""
        self.tell({"type": "stage", "event": "opened", "avatar": avatar})

    def closed(self) -> None:
        """The stage is gone."""
        self.tell({"type": "stage", "event": "closed"})

    def viewers(self, change: Literal["joined", "left"], session: str, count: int) -> None:
        """A viewer came or went.

        Args:
            change: which.
            session: the viewer's.
            count: of those who watch now.
        """
        self.tell({"type": "viewer", "event": change, "session": session, "viewers": count})

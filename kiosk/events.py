"""Events out: what happens on the stages, for programs that carry on a conversation.

A hub takes every stage's events and gives each subscriber its own bounded queue. Nobody who reads
slowly holds up a stage, or another reader: it loses its oldest events, and they are counted.
"""

import asyncio
import base64
import io
import wave
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from engine.media import FloatArray

SOUND_RATE_HZ: Final = 16_000
"""Of the sound that an event may carry."""

MAX_HELD_EVENTS: Final = 512
"""Of one subscriber; a minute of words and more."""

MAX_HELD_SAMPLES: Final = 120 * SOUND_RATE_HZ
"""Of sound, of one subscriber: two minutes, 8 MB."""


@dataclass(frozen=True)
class Event:
    """Something that happened on a stage."""

    id: int
    """Grows with every event of the hub."""
    stage: str
    body: Mapping[str, object]
    """What is told of it, ``type`` included."""
    sound: FloatArray | None = None
    """What was heard, mono at ``SOUND_RATE_HZ``, shape (samples,), within -1..1."""

    def message(self, audio: bool = False) -> dict[str, object]:
        """The event as it is sent: JSON's types only.

        Args:
            audio: whether the sound goes along, as the WAV file of ``wav``.
        """
        told: dict[str, object] = {**self.body, "stage": self.stage, "id": self.id}
        if audio and self.sound is not None:
            told["audio"] = self.wav
        return told

    @cached_property
    def wav(self) -> str:
        """The sound as a WAV file (s16le, mono, ``SOUND_RATE_HZ``) in base64, made once for all."""
        sound = np.zeros(0, np.float32) if self.sound is None else self.sound
        return base64.b64encode(wav_file(sound)).decode("ascii")


class Subscription:
    """One reader's events: ``async for event in subscription``. For the event loop."""

    def __init__(
        self,
        hub: "EventHub",
        stage: str | None,
        max_events: int = MAX_HELD_EVENTS,
        max_samples: int = MAX_HELD_SAMPLES,
    ) -> None:
        self.stage = stage
        """Whose events it gets; None: every stage's."""
        self.dropped_events = 0
        """Oldest ones that were lost because they were not read in time."""
        self._hub = hub
        self._max_events = max_events
        self._max_samples = max_samples
        self._held: deque[Event] = deque()
        self._held_samples = 0
        self._told_dropped = 0
        self._changed = asyncio.Event()
        self.closed = False
        """Nothing more comes; what is held can still be read."""

    def put(self, event: Event) -> None:
        """Hold *event* until it is read; the oldest ones make room."""
        if self.closed or self.stage not in (None, event.stage):
            return
        self._held.append(event)
        self._held_samples += _samples(event)
        while len(self._held) > self._max_events or self._too_much_sound:
            self._held_samples -= _samples(self._held.popleft())
            self.dropped_events += 1
        self._changed.set()

    @property
    def _too_much_sound(self) -> bool:
        # The newest event is kept whatever it weighs: a reader must hear of it.
        return self._held_samples > self._max_samples and len(self._held) > 1

    def newly_dropped(self) -> int:
        """How many events were lost since this was last asked."""
        count = self.dropped_events - self._told_dropped
        self._told_dropped = self.dropped_events
        return count

    def close(self) -> None:
        """Get nothing more; the reader's loop ends once it has read what is held."""
        self.closed = True
        self._hub.forget(self)
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while self._held:
                event = self._held.popleft()
                self._held_samples -= _samples(event)
                yield event
            if self.closed:
                return
            self._changed.clear()
            await self._changed.wait()


class EventHub:
    """Takes events and gives them to all who subscribed. For the event loop."""

    def __init__(self) -> None:
        """Make a hub that nobody listens to."""
        self._subscriptions: list[Subscription] = []
        self._next_id = 1
        self._gone_dropped = 0

    @property
    def dropped_events(self) -> int:
        """Events that readers lost because they read too slowly; gone readers' included."""
        return self._gone_dropped + sum(each.dropped_events for each in self._subscriptions)

    def publish(
        self, stage: str, event: Mapping[str, object], sound: FloatArray | None = None
    ) -> None:
        """Tell what happened.

        Args:
            stage: where.
            event: JSON's types, with ``type``.
            sound: what was heard, mono at ``SOUND_RATE_HZ``; only who asks for it gets it.
        """
        told = Event(self._next_id, stage, dict(event), sound)
        self._next_id += 1
        for subscription in list(self._subscriptions):
            subscription.put(told)

    def subscribe(self, stage: str | None = None) -> Subscription:
        """Events from now on: of *stage*, open or not yet; None: of every stage."""
        subscription = Subscription(self, stage)
        self._subscriptions.append(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Give *subscription* nothing more; unknown ones are ignored."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self._gone_dropped += subscription.dropped_events

    def close(self) -> None:
        """End every subscription."""
        for subscription in list(self._subscriptions):
            subscription.close()


def wav_file(sound: FloatArray) -> bytes:
    """*sound*, mono at ``SOUND_RATE_HZ``, as a WAV file of 16-bit samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SOUND_RATE_HZ)
        out.writeframes(np.rint(np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return file.getvalue()


def _samples(event: Event) -> int:
    return 0 if event.sound is None else len(event.sound)

"""Opus as it arrives by RTP (RFC 7587), to sound: put in order, gaps bridged, at once.

aiortc's own way is not taken: its jitter buffer gives a packet when four later ones are there,
80 ms after it came; one lost packet costs four good ones and 280 ms of nothing, and from then on
everything is 280 ms late, for ever. The time that jitter needs is spent once, in
``jitter.JitterBuffer``; here a packet is heard the moment it comes.
"""

import logging
from collections.abc import Callable
from typing import Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.listen.bridge import BLEND_SAMPLES, blended, bridge

logger = logging.getLogger(__name__)

REORDER_PACKETS: Final = 1
"""So many later ones are awaited before a missing packet is given up."""

RESTART_PACKETS: Final = 100
"""A jump further than this is a sender that began anew."""

HISTORY_SAMPLES: Final = SAMPLE_RATE_HZ * 40 // 1000
"""Of what was heard last, kept to bridge a gap with."""

MAX_BRIDGE_SAMPLES: Final = SAMPLE_RATE_HZ * 120 // 1000
"""A longer gap has been heard as silence already."""

WARN_EVERY_PACKETS: Final = 500

_NOTHING: Final = np.zeros(0, np.float32)
_SILENCE_BEFORE: Final = np.zeros(HISTORY_SAMPLES, np.float32)


class OpusStream:
    """One stream of packets; numbers and timestamps may begin anywhere and wrap."""

    def __init__(self, hear: Callable[[FloatArray], None]) -> None:
        """Decode for *hear*, which is given mono sound at ``SAMPLE_RATE_HZ``, any length."""
        self._hear = hear
        self.heard = 0
        """Packets that were played."""
        self.lost = 0
        """Packets that never came, or came too late."""
        self.broken = 0
        """Packets that are not Opus."""
        self._decoder = _decoder()
        self._held: dict[int, tuple[int, bytes]] = {}
        self._next: int | None = None
        self._due: int | None = None
        """RTP timestamp just after what was heard last."""
        self._recent = _SILENCE_BEFORE
        self._guess = _NOTHING
        """How a bridge would have gone on: what comes is blended with it."""

    def take(self, sequence: int, timestamp: int, payload: bytes) -> None:
        """Take one packet.

        Args:
            sequence: 16-bit number of the packet.
            timestamp: 32-bit time of its first sample, at 48 kHz.
            payload: one Opus packet; empty: nothing to hear.
        """
        ahead = 0 if self._next is None else _signed(sequence - self._next, 16)
        if self._next is None or abs(ahead) > RESTART_PACKETS:
            self._restart(sequence)
        elif ahead < 0:
            return  # late, and counted as lost when it was given up; or twice the same
        self._held.setdefault(sequence, (timestamp, payload))
        self._play_held()

    def _restart(self, sequence: int) -> None:
        self._held.clear()
        self._next, self._due = sequence, None

    def _play_held(self) -> None:
        while self._held:
            assert self._next is not None
            if self._next not in self._held:
                if len(self._held) <= REORDER_PACKETS:
                    return
                self._give_up()
            timestamp, payload = self._held.pop(self._next)
            self._next = (self._next + 1) & 0xFFFF
            self._play(timestamp, payload)

    def _give_up(self) -> None:
        """Go on with the earliest packet that is here."""
        expected = self._next
        assert expected is not None
        missing = min((sequence - expected) & 0xFFFF for sequence in self._held)
        self._next = (expected + missing) & 0xFFFF
        self.lost += missing
        timestamp, _ = self._held[self._next]
        gap = 0 if self._due is None else _signed(timestamp - self._due, 32)
        if 0 < gap <= MAX_BRIDGE_SAMPLES:
            guess = bridge(self._recent, gap + BLEND_SAMPLES)
            self._emit(guess[:gap])
            self._guess = guess[gap:]

    def _play(self, timestamp: int, payload: bytes) -> None:
        samples = self._decode(payload) if payload else _NOTHING
        self._due = (timestamp + len(samples)) & 0xFFFFFFFF
        if len(samples) and len(self._guess):
            samples, self._guess = blended(self._guess, samples), _NOTHING
        self._emit(samples)

    def _emit(self, samples: FloatArray) -> None:
        if len(samples):
            self._recent = np.concatenate([self._recent, samples])[-HISTORY_SAMPLES:]
            self._hear(samples)

    def _decode(self, payload: bytes) -> FloatArray:
        try:
            frames = self._decoder.decode(av.Packet(payload))
        except av.FFmpegError as error:
            self.broken += 1
            if self.broken % WARN_EVERY_PACKETS == 1:
                logger.warning("%d packets that are not Opus: %s", self.broken, error)
            self._decoder = _decoder()
            return _NOTHING
        self.heard += 1
        parts = [frame.to_ndarray().reshape(-1) for frame in frames]
        return np.concatenate([np.zeros(0, np.int16), *parts]).astype(np.float32) / 32768.0


def _decoder() -> AudioCodecContext:
    """libopus, which mixes what is stereo down to mono."""
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate = SAMPLE_RATE_HZ
    decoder.layout = "mono"
    decoder.format = "s16"
    return decoder


def _signed(value: int, bits: int) -> int:
    """*value* modulo 2^bits, in the range around 0."""
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half

"""Opus packets for tests, as a sender of RTP makes them."""

from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ

PACKET_SAMPLES = 960
LOOKAHEAD_SAMPLES = 312
"""By how much libopus is late."""


class Packet(NamedTuple):
    sequence: int
    timestamp: int
    payload: bytes


def opus_packets(
    sound: FloatArray, sequence: int = 0, timestamp: int = 0, layout: str = "mono"
) -> list[Packet]:
    """*sound*, mono at 48 kHz, as packets of 20 ms numbered from *sequence* on."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.bit_rate, encoder.sample_rate = 64_000, SAMPLE_RATE_HZ
    encoder.layout, encoder.format = layout, "s16"
    encoder.time_base = Fraction(1, SAMPLE_RATE_HZ)
    pcm = (np.clip(sound, -1.0, 1.0) * 32767).astype(np.int16)
    payloads = []
    for start in range(0, len(pcm) - PACKET_SAMPLES + 1, PACKET_SAMPLES):
        block = pcm[start : start + PACKET_SAMPLES]
        block = np.repeat(block, 2) if layout == "stereo" else block
        frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout=layout)
        frame.sample_rate, frame.pts = SAMPLE_RATE_HZ, start
        payloads += [bytes(packet) for packet in encoder.encode(frame)]
    return [
        Packet((sequence + i) % 2**16, (timestamp + i * PACKET_SAMPLES) % 2**32, payload)
        for i, payload in enumerate(payloads)
    ]


def voice(duration_s: float, pitch_hz: float = 140.0) -> FloatArray:
    """A buzz with the harmonics of a voice, mono at 48 kHz."""
    t = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    harmonics = [np.sin(2 * np.pi * pitch_hz * n * t) / n for n in range(1, 12)]
    return np.asarray(0.2 * np.sum(harmonics, axis=0), np.float32)

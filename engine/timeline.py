"""Every rate of the engine, and the arithmetic between samples, hops, motion steps and frames.

The master timeline counts audio samples at 48 kHz since the stage began. Everything else is due at
a sample index of it; nothing else keeps time.
"""

from typing import Final

SAMPLE_RATE_HZ: Final = 48_000
"""The master timeline: what leaves through WebRTC."""

MEL_SAMPLE_RATE_HZ: Final = 16_000
"""What the mel encoder hears: the master timeline decimated by three."""

MEL_DECIMATION: Final = SAMPLE_RATE_HZ // MEL_SAMPLE_RATE_HZ

MEL_WINDOW_SAMPLES: Final = 400
"""25 ms at 16 kHz."""

MEL_HOP_SAMPLES: Final = 160
"""10 ms at 16 kHz."""

MEL_BANDS: Final = 80

HOP_SAMPLES: Final = MEL_HOP_SAMPLES * MEL_DECIMATION
"""One mel hop in samples of the master timeline."""

MOTION_RATE_HZ: Final = 50

MOTION_STEP_SAMPLES: Final = SAMPLE_RATE_HZ // MOTION_RATE_HZ
"""One motion step in samples of the master timeline."""

HOPS_PER_MOTION_STEP: Final = MOTION_STEP_SAMPLES // HOP_SAMPLES

PACKET_SAMPLES: Final = 960
"""20 ms: one Opus packet, and one motion step."""

FRAME_RATES_HZ: Final = (20, 25)
"""Picture rates whose frames last a whole number of samples and of packets' halves."""


def seconds(samples: int) -> float:
    """Duration of *samples* of the master timeline, in seconds."""
    return samples / SAMPLE_RATE_HZ


def samples(duration_s: float) -> int:
    """The nearest whole number of samples of the master timeline in *duration_s* seconds."""
    return round(duration_s * SAMPLE_RATE_HZ)


def frame_samples(frame_rate_hz: int) -> int:
    """Samples of the master timeline that one picture lasts.

    Raises:
        ValueError: if *frame_rate_hz* is not one of ``FRAME_RATES_HZ``.
    """
    if frame_rate_hz not in FRAME_RATES_HZ:
        raise ValueError(f"frame rate {frame_rate_hz} Hz: allowed are {FRAME_RATES_HZ}")
    return SAMPLE_RATE_HZ // frame_rate_hz


def frame_pts(index: int, frame_rate_hz: int) -> int:
    """The sample index at which picture *index* is due."""
    return index * frame_samples(frame_rate_hz)

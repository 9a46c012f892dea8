"""How well ears tell a visitor from the room and from the avatar itself.

    python -m kiosk.bench.vad_table [--seconds 120] [--minutes 10] [--set report]

Speech and noise are made on the spot (``ear_sounds``); what is speech is known from the clean
recording. Thresholds were tuned on the set ``tune``; the set ``report`` has other voices and seeds.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.media import FloatArray
from engine.timeline import MEL_DECIMATION, PACKET_SAMPLES, SAMPLE_RATE_HZ
from kiosk.bench import ear_sounds as sounds
from kiosk.bench.ear_scene import Scene, scene
from kiosk.config_listen import ListenSettings
from kiosk.listen import canceller
from kiosk.listen.ear import Ear, VisitorSpeech
from kiosk.listen.frames import FRAME_S, FRAME_SAMPLES, RATE_HZ
from kiosk.listen.sensitivity import thresholds
from kiosk.listen.vad import BORDER, DetectorName, detector

DETECTORS: Final[tuple[DetectorName, ...]] = ("webrtc", "silero")
SNRS_DB: Final = (None, 20, 10, 5)

SPEECH_DB: Final = -26.0
"""Active level of a visitor in the microphone."""
HISS_DB: Final = -75.0
OFFICE_DB: Final = -46.0
"""Of the office, where nobody speaks to the kiosk: 20 dB below a visitor."""
ECHO_DB: Final = -20.0
"""Of the avatar's voice, from what is played to what the microphone hears."""
ECHO_DELAY_S: Final = 0.18
"""Browser, sound card and room."""
NEAR_DELAY_S: Final = 0.06
"""Likewise, where nothing but the sound card and the room is in between."""
ROOM_RINGS_S: Final = 0.15

EARLY_S: Final = 0.2
LATE_S: Final = 0.5
"""A start within these of an utterance is of it."""


@dataclass
class Heard:
    """When an ear said that a visitor speaks, in seconds of sound."""

    times_s: list[float] = field(default_factory=list)
    now_s: float = 0.0

    def started(self, speech: VisitorSpeech) -> None:
        """Note the time."""
        self.times_s.append(self.now_s)


def listen(settings: ListenSettings, heard: FloatArray, played: FloatArray | None = None) -> Heard:
    """Have an ear hear *heard* (16 kHz), frame by frame, while *played* (48 kHz) is emitted."""
    out = Heard()
    ear = Ear(settings, out.started, lambda speech: None)
    for index in range(len(heard) // FRAME_SAMPLES):
        if played is not None:
            ear.played(played[index * PACKET_SAMPLES : (index + 1) * PACKET_SAMPLES])
        out.now_s = (index + 1) * FRAME_S
        ear.hear(heard[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES])
    return out


def noisy(visitors: Scene, which: sounds.Set, snr_db: float | None, seed: int) -> FloatArray:
    """A scene in the office, or in silence: the sound that the microphone gives."""
    count = len(visitors.sound)
    out = sounds.db(SPEECH_DB) * visitors.sound + sounds.db(HISS_DB) * sounds.hiss(count, seed)
    if snr_db is not None:
        out = out + sounds.db(SPEECH_DB - snr_db) * sounds.office(which, count, seed)
    return np.asarray(out, np.float32)


def frame_rates(
    name: DetectorName, sound: FloatArray, labels: NDArray[np.bool_], sensitivity: float
) -> tuple[float, float]:
    """Shares of frames of speech that are missed, and of others that are taken for speech."""
    judge = detector(name, thresholds(sensitivity))
    frames = sound.reshape(-1, FRAME_SAMPLES)
    speech = np.array([judge.score(frame) >= BORDER for frame in frames])
    return float(np.mean(~speech[labels])), float(np.mean(speech[~labels]))


@dataclass(frozen=True, slots=True)
class Onsets:
    """What became of the beginnings of utterances."""

    missed: int
    false_starts: int
    delays_s: tuple[float, ...]
    """From the first sound to the ear's word, of those that were heard."""


def match(times_s: list[float], spans: tuple[tuple[float, float], ...]) -> Onsets:
    """Join the starts that an ear told with the utterances there were."""
    delays: dict[int, float] = {}
    false_starts = 0
    for time_s in times_s:
        of = [
            index
            for index, (start_s, end_s) in enumerate(spans)
            if start_s - EARLY_S <= time_s <= end_s + LATE_S
        ]
        if not of:
            false_starts += 1
        elif of[0] not in delays:
            delays[of[0]] = time_s - spans[of[0]][0]
    return Onsets(len(spans) - len(delays), false_starts, tuple(delays.values()))


def vad_table(
    seconds: float, which: sounds.Set = "report", sensitivity: float = 0.5
) -> list[dict[str, object]]:
    """Both detectors in noise: one row for each of them and each signal-to-noise ratio.

    Args:
        seconds: length of the scene.
        which: the set of voices and seeds.
        sensitivity: as configured.

    Returns:
        Rows with ``detector``, ``snr_db`` (None: no noise), ``miss_rate`` and ``false_alarm_rate``
        of frames, ``onsets``, ``missed_onsets``, ``false_starts_per_min`` of the whole ear, and
        ``onset_delay_ms`` (median) with ``onset_delay_p95_ms``.
    """
    seed = _seed(which)
    visitors = scene(sounds.visitors(which), seconds, seed)
    rows: list[dict[str, object]] = []
    for snr_db in SNRS_DB:
        sound = noisy(visitors, which, snr_db, seed)
        for name in DETECTORS:
            missed, alarmed = frame_rates(name, sound, visitors.labels, sensitivity)
            settings = ListenSettings(detector=name, sensitivity=sensitivity, echo_guard=False)
            found = match(listen(settings, sound).times_s, visitors.spans)
            rows.append(
                {
                    "detector": name,
                    "snr_db": snr_db,
                    "miss_rate": round(missed, 4),
                    "false_alarm_rate": round(alarmed, 4),
                    "onsets": len(visitors.spans),
                    "missed_onsets": found.missed,
                    "false_starts_per_min": round(60.0 * found.false_starts / seconds, 2),
                    **_delays(found.delays_s),
                }
            )
    return rows


def _delays(delays_s: tuple[float, ...]) -> dict[str, float | None]:
    if not delays_s:
        return {"onset_delay_ms": None, "onset_delay_p95_ms": None}
    middle, late = np.quantile(np.array(delays_s) * 1000.0, [0.5, 0.95])
    return {"onset_delay_ms": round(float(middle)), "onset_delay_p95_ms": round(float(late))}


def _seed(which: sounds.Set) -> int:
    return 11 if which == "tune" else 4711


def echo_of(
    played: FloatArray, seed: int, gain_db: float = ECHO_DB, delay_s: float = ECHO_DELAY_S
) -> FloatArray:
    """What the microphone hears of *played* (48 kHz): at 16 kHz, in a room, with its hiss."""
    import soxr  # type: ignore[import-untyped]

    low = np.asarray(soxr.resample(played, SAMPLE_RATE_HZ, RATE_HZ), np.float32)
    low = low[: len(played) // MEL_DECIMATION]
    response = sounds.room(seed, ROOM_RINGS_S, delay_s)
    echo = sounds.db(gain_db) * sounds.reverberant(low, response)
    return np.asarray(echo + sounds.db(HISS_DB) * sounds.hiss(len(low), seed), np.float32)


def false_interrupts(
    minutes: float, which: sounds.Set = "report", name: DetectorName = "silero"
) -> dict[str, float | int | None]:
    """Visitors who were heard where there were none, and one who speaks over the avatar.

    Args:
        minutes: of each of: the avatar's own echo, and office noise.
        which: the set of voices and seeds.
        name: the detector.

    Returns:
        ``echo`` and ``office``: false starts in *minutes* each; ``talked_over``: how often a
        visitor speaks while the avatar does; ``talked_over_missed`` of these not heard;
        ``talked_over_delay_ms``: the median of the others.
    """
    seed = _seed(which)
    settings = ListenSettings(detector=name)
    frames = round(minutes * 60.0 / FRAME_S)
    said = sounds.avatar(which)
    played = sounds.loop(said, frames * PACKET_SAMPLES)
    echo = listen(settings, echo_of(played, seed), played)
    noise = sounds.db(OFFICE_DB) * sounds.office(which, frames * FRAME_SAMPLES, seed)
    office = listen(settings, noise, np.zeros_like(played))
    visitors = scene(sounds.visitors(which), min(120.0, minutes * 60.0), seed)
    over = sounds.loop(said, len(visitors.sound) * MEL_DECIMATION)
    both = echo_of(over, seed) + np.float32(sounds.db(SPEECH_DB)) * visitors.sound
    found = match(listen(settings, both, over).times_s, visitors.spans)
    return {
        "minutes": minutes,
        "echo": len(echo.times_s),
        "office": len(office.times_s),
        "talked_over": len(visitors.spans),
        "talked_over_missed": found.missed,
        "talked_over_delay_ms": _delays(found.delays_s)["onset_delay_ms"],
    }


def echo_return_loss_db(which: sounds.Set = "report", seconds: float = 20.0) -> float | None:
    """By how much the canceller of this machine weakens the echo once it has learnt the room.

    Args:
        which: the set of voices and seeds.
        seconds: how long it hears; the second half counts.

    Returns:
        dB; None where no canceller is installed.
    """
    echo_canceller = canceller.installed()
    if echo_canceller is None:
        return None
    played = sounds.loop(sounds.avatar(which), round(seconds / FRAME_S) * PACKET_SAMPLES)
    heard = echo_of(played, _seed(which), delay_s=NEAR_DELAY_S).reshape(-1, FRAME_SAMPLES)
    far, clean = canceller.FarSound(), np.zeros_like(heard)
    for index, packet in enumerate(played.reshape(-1, PACKET_SAMPLES)):
        far.push(packet)
        clean[index] = echo_canceller.cancel(heard[index], far.frame(index))
    half = len(heard) // 2
    was, left = (float(np.sum(sound[half:] ** 2)) for sound in (heard, clean))
    return round(10.0 * float(np.log10(was / left)), 1)


def main(arguments: list[str] | None = None, tell: Callable[[str], object] | None = None) -> None:
    """Print everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--set", choices=("tune", "report"), default="report")
    asked = parser.parse_args(arguments)
    begun_s = time.perf_counter()
    report = {
        "vad_table": vad_table(asked.seconds, asked.set),
        "false_interrupts": {
            name: false_interrupts(asked.minutes, asked.set, name) for name in DETECTORS
        },
        "echo_return_loss_db": echo_return_loss_db(asked.set),
        "took_s": round(time.perf_counter() - begun_s, 1),
    }
    (tell or sys.stdout.write)(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

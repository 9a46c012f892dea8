"""What the bench of the ears sends: where things begin, and that it goes out in real time."""

import time

import numpy as np

from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.bench.ears_sound import CHUNK_SAMPLES, click, onset, script, send
from tests.fakes import tone


class Sink:
    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append((time.monotonic(), data))


def test_a_script_knows_when_each_part_begins() -> None:
    late = np.concatenate([np.zeros(samples(0.1), np.float32), tone(0.2)])
    made = script([click(), late], every_s=1.0, before_s=0.5)
    assert len(made.sound) == samples(2.5)
    assert np.allclose(made.onsets_s, [0.5, 1.6], atol=0.005)
    assert abs(made.sound[samples(1.6) + 20]) > 0.01


def test_silence_has_no_onset() -> None:
    assert onset(np.zeros(4800, np.float32)) == 0


async def test_a_chunk_leaves_when_its_last_sample_was_spoken() -> None:
    sink, sound = Sink(), tone(0.1)
    begun_s = await send(sink, sound)
    for number, (at_s, data) in enumerate(sink.sent, 1):
        assert at_s >= begun_s + number * CHUNK_SAMPLES / SAMPLE_RATE_HZ
        assert len(data) == 2 * CHUNK_SAMPLES
    sent = np.frombuffer(b"".join(data for _, data in sink.sent), "<i2") / 32767
    assert np.abs(sent - sound).max() < 1e-4

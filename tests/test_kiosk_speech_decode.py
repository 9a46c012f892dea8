import io
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.speech.decode import AudioFileError, decode, to_master_rate
from kiosk.speech.voice import Speech

TONE_HZ = 440.0


def tone(rate_hz: int, seconds: float = 1.0, gain: float = 0.5) -> FloatArray:
    time_s = np.arange(round(rate_hz * seconds)) / rate_hz
    return (gain * np.sin(2 * np.pi * TONE_HZ * time_s)).astype(np.float32)


def wav(rate_hz: int, channels: int, seconds: float = 1.0) -> bytes:
    sound = (np.repeat(tone(rate_hz, seconds)[:, None], channels, axis=1) * 32767).astype("<i2")
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return target.getvalue()


def encoded(container: str, codec: str, layout: str = "stereo") -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=SAMPLE_RATE_HZ, layout=layout)
        assert isinstance(stream, av.AudioStream)
        channels = len(av.AudioLayout(layout).channels)
        sound = np.repeat(tone(SAMPLE_RATE_HZ)[None], channels, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", layout)
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        resampler = av.AudioResampler(stream.format, layout, SAMPLE_RATE_HZ)
        fifo = av.AudioFifo()
        for converted in resampler.resample(frame):
            fifo.write(converted)
        size = stream.frame_size or 1024
        while part := fifo.read(size, partial=True):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return target.getvalue()


def whole(data: bytes | Path) -> FloatArray:
    return np.concatenate(list(decode(data)))


def assert_tone(sound: FloatArray) -> None:
    assert sound.dtype == np.float32
    assert len(sound) == pytest.approx(SAMPLE_RATE_HZ, rel=0.06)
    middle = sound[12_000:36_000]
    assert float(np.sqrt(np.mean(middle**2))) == pytest.approx(0.5 / np.sqrt(2), rel=0.06)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * SAMPLE_RATE_HZ / len(middle) == pytest.approx(TONE_HZ, abs=3)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_of_any_rate(rate_hz: int, channels: int) -> None:
    sound = whole(wav(rate_hz, channels))
    assert_tone(sound)
    assert len(sound) == pytest.approx(SAMPLE_RATE_HZ, abs=48)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp3", "libmp3lame"), ("ogg", "libopus"), ("flac", "flac"), ("mp4", "aac")],
)
def test_any_codec(container: str, codec: str) -> None:
    assert_tone(whole(encoded(container, codec)))


def test_surround_sound_is_mixed_into_one() -> None:
    sound = whole(encoded("flac", "flac", layout="5.1"))
    assert len(sound) == pytest.approx(SAMPLE_RATE_HZ, abs=48)
    assert 0.3 < float(np.abs(sound).max()) <= 1.0


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(16_000, 1))
    assert_tone(whole(path))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"this is no sound file at all" * 10, "not a sound file"),
        (wav(16_000, 1, 0.0), "decoded"),
        (wav(16_000, 1)[:20], "sound"),
    ],
)
def test_bad_files_are_refused_with_a_reason(data: bytes, says: str) -> None:
    with pytest.raises(AudioFileError, match=says):
        list(decode(data))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no file"):
        list(decode(tmp_path / "none.wav"))


def test_a_file_without_sound_is_refused() -> None:
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((96, 64), np.uint8), "yuv420p")
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(AudioFileError, match="no sound"):
        list(decode(target.getvalue()))


def test_a_sound_that_is_too_long_is_refused() -> None:
    with pytest.raises(AudioFileError, match=r"longer than 0\.5 s"):
        list(decode(wav(16_000, 1), max_duration_s=0.5))


def test_what_can_be_decoded_of_a_damaged_file_is_played() -> None:
    data = bytearray(encoded("mp3", "libmp3lame"))
    middle = len(data) // 2
    data[middle : middle + 600] = bytes(600)
    sound = whole(bytes(data))
    assert 0.5 * SAMPLE_RATE_HZ < len(sound) < 1.1 * SAMPLE_RATE_HZ
    assert len(whole(bytes(data[:middle]))) > 0.3 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 48_000])
def test_speech_comes_to_the_master_rate_exactly_as_long(rate_hz: int) -> None:
    speech = Speech("", tone(rate_hz, 0.731), rate_hz)
    sound = to_master_rate(speech)
    assert len(sound) == round(len(speech.samples) * SAMPLE_RATE_HZ / rate_hz)
    assert sound.dtype == np.float32
    steady = sound[2_000:-2_000]
    assert float(np.abs(np.diff(steady)).max()) < 2 * np.pi * TONE_HZ / SAMPLE_RATE_HZ * 0.5 * 1.02

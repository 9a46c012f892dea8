"""Bad sound, from the file to the face: what happens is defined, and nothing crashes."""

import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped]

from engine.media import Audio, FloatArray, MotionFrame
from engine.motion.lips import gather, opening
from engine.motion.stream import LOOKAHEAD_SAMPLES, MotionStream
from engine.timeline import MOTION_STEP_SAMPLES, SAMPLE_RATE_HZ
from kiosk import cli, sound
from tests.motion_utils import silence, speech_like

SPEECH = speech_like()
SHUT = 0.05
"""Of an open vowel's opening."""


def faces(heard: FloatArray) -> list[MotionFrame]:
    """What the face does while it hears *heard*, one frame for each motion step."""
    motion = MotionStream()
    motion.push(Audio(0, heard))
    motion.push(Audio(len(heard), silence(LOOKAHEAD_SAMPLES / SAMPLE_RATE_HZ)))
    return [motion.at(pts) for pts in range(0, motion.ready_pts, MOTION_STEP_SAMPLES)]


def lips(heard: FloatArray) -> FloatArray:
    """Lip opening at each motion step; every coefficient is checked to be within bounds."""
    shown = faces(heard)
    coefficients = np.array([frame.coefficients for frame in shown])
    assert np.isfinite(coefficients).all()
    assert 0.0 <= coefficients.min() <= coefficients.max() <= 1.0
    return np.asarray(opening(gather(coefficients)))


def likeness(a: FloatArray, b: FloatArray) -> float:
    count = min(len(a), len(b))
    return float(np.corrcoef(a[:count], b[:count])[0, 1])


def wav(path: Path, samples: FloatArray, rate_hz: int, channels: int = 1, width: int = 2) -> Path:
    heard = (
        samples if rate_hz == SAMPLE_RATE_HZ else soxr.resample(samples, SAMPLE_RATE_HZ, rate_hz)
    )
    if width == 1:
        whole = np.round(127 * np.clip(heard, -1, 1) + 128).astype(np.uint8)
    else:
        whole = np.round(32767 * np.clip(heard, -1, 1)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(whole, channels).tobytes())
    return path


def float_wav(path: Path, samples: FloatArray) -> Path:
    """Format 3, IEEE float, which the standard library does not write."""
    data = samples.astype("<f4").tobytes()
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, SAMPLE_RATE_HZ, 4 * SAMPLE_RATE_HZ, 4, 32)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    return path


@pytest.fixture(scope="module")
def plain() -> FloatArray:
    return lips(SPEECH)


@pytest.mark.parametrize(
    "heard",
    [silence(3.0), np.full(144_000, 0.5, np.float32), np.full(144_000, -1.0, np.float32)],
    ids=["silence", "offset", "full offset"],
)
def test_without_a_voice_the_lips_stay_shut(heard: FloatArray) -> None:
    assert lips(heard).max() < SHUT


@pytest.mark.parametrize("count", [0, 1, 479, 480, 481])
def test_ten_milliseconds_or_less(count: int) -> None:
    assert lips(SPEECH[40_000 : 40_000 + count]).max(initial=0.0) < 0.5


def test_speech_on_an_offset_moves_the_lips_as_without(plain: FloatArray) -> None:
    assert likeness(lips(0.5 * SPEECH + np.float32(0.3)), plain) > 0.7


@pytest.mark.parametrize("gain", [8.0, 1000.0], ids=["clipped", "square"])
def test_clipped_speech_still_moves_the_lips(plain: FloatArray, gain: float) -> None:
    clipped = lips(np.clip(np.float32(gain) * SPEECH, -1.0, 1.0))
    assert clipped.max() > 0.2
    assert clipped[:20].max() < SHUT  # before the first vowel
    assert clipped[-8:].max() < SHUT
    if gain < 100.0:  # a square wave makes a murmur as loud as a vowel
        assert likeness(clipped, plain) > 0.6


def test_what_is_no_number_counts_as_silence_and_speech_goes_on(plain: FloatArray) -> None:
    broken = SPEECH.copy()
    broken[30_000:40_000:2], broken[60_000:60_100], broken[60_100:60_200] = np.nan, np.inf, -np.inf
    shown = lips(broken)
    assert likeness(shown[70:], plain[70:]) > 0.95
    motion = MotionStream()
    motion.push(Audio(0, broken))
    assert motion.bad_samples == 5200


@pytest.mark.parametrize(
    "write",
    [
        lambda path: wav(path, SPEECH, 8_000),
        lambda path: wav(path, SPEECH, 44_100),
        lambda path: wav(path, SPEECH, 96_000),
        lambda path: wav(path, SPEECH, SAMPLE_RATE_HZ, channels=2),
        lambda path: wav(path, SPEECH, SAMPLE_RATE_HZ, width=1),
        lambda path: float_wav(path, SPEECH),
    ],
    ids=["8 kHz", "44.1 kHz", "96 kHz", "stereo", "8 bit", "float"],
)
def test_files_of_any_kind_move_the_lips_alike(
    tmp_path: Path, plain: FloatArray, write: Callable[[Path], Path]
) -> None:
    heard = sound.from_file(write(tmp_path / "speech.wav"))
    assert abs(len(heard) - len(SPEECH)) <= 48
    assert likeness(lips(heard), plain) > 0.85


def test_a_file_with_what_is_no_number_is_read(tmp_path: Path) -> None:
    broken = SPEECH.copy()
    broken[30_000:31_000], broken[40_000:40_010] = np.nan, 1e30
    heard = sound.from_file(float_wav(tmp_path / "broken.wav", broken))
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    assert lips(heard).max() > 0.2


def test_of_a_file_cut_short_what_is_there_is_shown(tmp_path: Path, plain: FloatArray) -> None:
    path = wav(tmp_path / "short.wav", SPEECH, SAMPLE_RATE_HZ)
    path.write_bytes(path.read_bytes()[:150_001])
    heard = sound.from_file(path)
    assert len(heard) == pytest.approx(75_000, abs=1200)
    assert likeness(lips(heard)[:-8], plain) > 0.95


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty: send"),
        (b"Dear sir or madam,\n" * 40, "not a sound file, or is damaged: send"),
        (b"RIFF\x24\x00\x00\x00WAVE", "damaged"),
        (None, "give a sound file that can be read"),
    ],
    ids=["empty", "text", "head alone", "absent"],
)
@pytest.mark.parametrize("command", [("motion",), ("render", "ada")])
def test_what_is_no_sound_is_told_in_one_line_with_a_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    content: bytes | None,
    says: str,
) -> None:
    monkeypatch.setenv("KIOSK_CONFIG", str(tmp_path / "kiosk.toml"))
    (tmp_path / "kiosk.toml").touch()
    path = tmp_path / "speech.wav"
    if content is not None:
        path.write_bytes(content)
    out = tmp_path / ("out.csv" if command == ("motion",) else "out.mp4")
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, str(path), str(out)])
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"kiosk: {path}: ") and says in line
    assert not out.exists()

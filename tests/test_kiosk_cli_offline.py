"""``kiosk render`` and ``kiosk motion``: arguments, sizes, and a whole small run of each."""

import json
import wave
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media import FloatArray
from engine.synthesis.look import NO_REFINER
from engine.synthesis.refiner import Crop, Refiner
from kiosk import cli, sound
from kiosk.cli_offline import avatar_name, frame_size
from kiosk.cli_options import UsageError
from kiosk.config import Settings, SpeechSettings
from kiosk.motion_file import COLUMNS
from tests.fake_refiner import install, uninstall

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one: the defaults."""
    path = tmp_path / "kiosk.toml"
    path.touch()
    monkeypatch.setenv("KIOSK_CONFIG", str(path))


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """A fifth of a second of noise at 16 kHz."""
    path = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).normal(0, 3000, 3200).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(noise.tobytes())
    return path


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def test_render_makes_a_film(wav: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out.mp4"
    assert run("render", "ada", wav, out, "--size", "256x320", "--fps", "20", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "out": str(out), "frames": 12, "duration_s": 0.6, "frame_rate_hz": 20,
        "width": 256, "height": 320, "preset": "fast", "mark": True,
        "inference_steps": 0, "steps_run": 0,
    }  # fmt: skip
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12
        assert container.metadata["title"] == "ada"


def test_render_speaks_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    spoken: list[tuple[str, str | None]] = []

    def speak(text: str, voice: str | None, settings: SpeechSettings) -> FloatArray:
        spoken.append((text, voice))
        return np.zeros(4800, np.float32)

    monkeypatch.setattr(sound, "spoken", speak)
    out = tmp_path / "out.mp4"
    arguments = ("--size", "256x256", "--voice", "am_adam")
    assert run("render", "ada", "--say", "Welcome.", out, *arguments) == 0
    assert spoken == [("Welcome.", "am_adam")]
    captured = capsys.readouterr()
    assert captured.out == f"{out}: 0.5 s, 13 pictures\n"
    assert "out.mp4" in captured.err  # the progress bar


def test_motion_writes_a_table(wav: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "motion.csv"
    assert run("motion", wav, out) == 0
    assert capsys.readouterr().out == f"{out}: 0.6 s, 15 pictures\n"
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 16


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("render", "ada", "out.mp4"), 'give AUDIO and OUT, or --say "TEXT" and OUT'),
        (("render", "ada", "--say", "Hi", "a.wav", "out.mp4"), "with --say give OUT alone"),
        (("render", "me.jpg", "a.wav", "out.mp4"), "a photo has to be made an avatar first"),
        (("render", "nobody", "WAV", "out.mp4"), "no persona 'nobody': choose one of ada"),
        (("render", "ada", "absent.wav", "out.mp4"), "absent.wav"),
        (("render", "ada", "WAV", "out.avi"), "give a name that ends in .mp4"),
        (("render", "ada", "WAV", "out.mp4", "--size", "big"), "give square, portrait or"),
        (("render", "ada", "WAV", "out.mp4", "--size", "255x300"), "even numbers from 256"),
        (("render", "ada", "WAV", "out.mp4", "--fps", "30"), "allowed: 20 or 25"),
        (("motion", "WAV", "out.xml"), "give a name that ends in .csv or .json"),
        (("motion", "WAV"), 'give AUDIO and OUT, or --say "TEXT" and OUT'),
    ],
)
def test_what_cannot_be_done_is_one_line(
    wav: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*(str(wav) if argument == "WAV" else argument for argument in arguments)) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("kiosk: ") and len(error.splitlines()) == 1
    assert not list(tmp_path.glob("*out*"))


def test_a_file_without_sound_is_told(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF and then nothing of the kind")
    assert run("motion", path, tmp_path / "out.csv") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_sizes() -> None:
    settings = Settings()
    assert frame_size("square", settings) == (512, 512)
    assert frame_size("portrait", settings) == (720, 1280)
    assert frame_size("640x480", settings) == (640, 480)
    for size in ("640", "x", "640x481", "-2x300"):
        with pytest.raises(UsageError):
            frame_size(size, settings)


def test_avatars_are_names_or_rigs() -> None:
    assert avatar_name("ada") == "ada"
    assert avatar_name("folder/lin.rig") is None
    with pytest.raises(UsageError):
        avatar_name("lin.png")


def test_what_is_said_stays_out_of_the_film_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "spoken", lambda *_: np.full(4800, 0.1, np.float32))
    out = tmp_path / "out.mp4"
    arguments = ("render", "ada", "--say", "Ms Ng owes 300", "--size", "256x256")
    for title, expected in ((), "ada"), (("--title", "Notice"), "Notice"):
        assert run(*arguments, *title, out) == 0
        with av.open(str(out)) as container:
            assert container.metadata["title"] == expected
            assert "Ng" not in str(container.metadata)


def test_a_transparent_film_needs_a_kind_that_carries_it(
    wav: Path, tmp_path: Path, capsys: Capture
) -> None:
    flags = ("--background", "transparent", "--size", "256x256")
    assert run("render", "ada", wav, tmp_path / "out.mp4", *flags) == 2
    assert ".webm or .mov" in capsys.readouterr().err
    out = tmp_path / "out.mov"
    assert run("render", "ada", wav, out, *flags) == 0
    with av.open(str(out)) as container:
        alpha = next(container.decode(video=0)).to_ndarray(format="rgba")[..., 3]
    assert alpha[4, 4] == 0 and alpha[120, 128] == 255
    assert alpha[250, 240] > 120  # the mark


def test_quality_is_larger_and_says_that_no_refiner_ran(
    wav: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(tmp_path / "none", monkeypatch)
    out = tmp_path / "out.mp4"
    assert run("render", "ada", wav, out, "--preset", "quality", "--no-mark", "--json") == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["width"], told["height"], told["mark"]) == (1024, 1024, False)
    assert (told["inference_steps"], told["steps_run"]) == (1, 0)
    assert told["steps_reason"] == NO_REFINER
    assert f"1 inference step asked, 0 run: {NO_REFINER}" in captured.err
    assert "without the AI mark" in captured.err


def test_a_film_is_refined_in_as_many_steps_as_are_asked(
    wav: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "some", monkeypatch)
    asked: list[int] = []
    run_network = Refiner.run

    def counted(self: Refiner, crops: Sequence[Crop]) -> list[FloatArray]:
        asked.extend(crop.steps for crop in crops)
        return run_network(self, crops)

    monkeypatch.setattr(Refiner, "run", counted)
    arguments = ("render", "ada", wav, tmp_path / "out.mp4", "--size", "256x256", "--json")
    assert run(*arguments, "--inference-steps", "20") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["inference_steps"], told["steps_run"]) == (20, 20)
    assert "steps_reason" not in told
    assert asked == [20] * told["frames"]


def test_a_film_is_made_without_a_refiner_too_and_that_is_said(
    wav: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(tmp_path / "none", monkeypatch)
    arguments = ("render", "ada", wav, tmp_path / "out.mp4", "--size", "256x256")
    assert run(*arguments, "--inference-steps", "2") == 0
    assert f"2 inference steps asked, 0 run: {NO_REFINER}" in capsys.readouterr().err

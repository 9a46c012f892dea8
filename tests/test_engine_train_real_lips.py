from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.motion.lips import FULL_GAP, SPEECH, SPEECH_INDEX
from engine.train import real_lips

EYES_PX = 100.0


def face(opening: FloatArray, width: FloatArray) -> FloatArray:
    """Landmarks (frames, 478, 2) of a mouth with these measures, in eye distances."""
    points = np.zeros((len(opening), 478, 2), np.float32)
    points[:, 263, 0] = EYES_PX
    points[:, 14, 1] = opening * EYES_PX
    points[:, 0, 1], points[:, 17, 1] = -10.0, opening * EYES_PX + 10.0
    points[:, 291, 0] = width * EYES_PX
    return points


def mouth(steps: int) -> FloatArray:
    curves = np.zeros((steps, len(SPEECH)), np.float32)
    curves[:, SPEECH_INDEX["jawOpen"]] = 0.2 + 0.2 * np.sin(np.arange(steps) / 7)
    curves[:, SPEECH_INDEX["mouthPucker"]] = 0.3 + 0.3 * np.sin(np.arange(steps) / 11)
    return curves


def landmarks_of(curves: FloatArray) -> FloatArray:
    ours = real_lips.measures_of(curves[::2])
    return face(ours["opening"] * FULL_GAP, 0.5 + ours["width"])


def test_measures_are_in_eye_distances() -> None:
    found = real_lips.measured(face(np.full(3, 0.2), np.full(3, 0.5)))
    assert found["opening"] == pytest.approx(np.full(3, 0.2))
    assert found["width"] == pytest.approx(np.full(3, 0.5))
    assert found["pucker"] == pytest.approx(np.full(3, 0.2 - 0.5))


def test_a_pucker_narrows_and_a_smile_widens() -> None:
    one = np.eye(len(SPEECH), dtype=np.float32)
    form = real_lips.measures_of(one)
    pucker, smile = SPEECH_INDEX["mouthPucker"], SPEECH_INDEX["mouthSmile"]
    assert form["width"][pucker] < 0 < form["width"][smile]
    assert form["pucker"][smile] < 0 < form["pucker"][pucker]


def test_lips_that_move_as_the_speaker_did_are_perfect(tmp_path: Path) -> None:
    curves = mouth(150)
    sound = np.zeros(3 * 16_000, np.int16)
    clips: dict[str, Any] = {}
    for speaker in ("s1", "s2", "s3"):
        clips[f"grid_{speaker}_a.landmarks_px"] = landmarks_of(curves).astype(np.float16)
        clips[f"grid_{speaker}_a.pcm"] = sound
    np.savez(tmp_path / "lips.npz", **clips)
    found = real_lips.figures(tmp_path / "lips.npz", lambda _: curves)
    assert found["r_lips_speakers"] == 2
    assert found["r_lips"] == pytest.approx(1.0, abs=0.02)
    assert found["r_lips_width"] == pytest.approx(1.0, abs=0.02)
    assert found["r_lips_energy"] == 0.0


def test_nobody_to_judge_on_is_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "none.npz", nothing=np.zeros(1))
    with pytest.raises(ValueError, match="no clips"):
        real_lips.figures(tmp_path / "none.npz", lambda _: mouth(10))

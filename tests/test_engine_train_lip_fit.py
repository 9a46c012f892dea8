import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.motion.lips import SPEECH, SPEECH_INDEX, opening
from engine.train import lip_fit
from engine.train.data import Take
from engine.train.lip_fit import POINTS, STILL, Clip

RNG = np.random.default_rng(0)
MOVES = RNG.normal(0, 0.08, (len(SPEECH), len(POINTS), 2)).astype(np.float32)


def face() -> FloatArray:
    """A resting face, 478 points with the eyes' corners one apart and the inner lips shut."""
    points = RNG.uniform(-0.5, 0.5, (478, 2)).astype(np.float32)
    points[33], points[263] = (-0.5, -0.3), (0.5, -0.3)
    points[13] = points[14] = (0.0, 0.3)
    return points


def spoken(coefficients: FloatArray) -> Clip:
    rest = face()
    landmarks = np.repeat(rest[None], len(coefficients), axis=0)
    landmarks[:, list(POINTS)] += np.einsum("fk,kpd->fpd", coefficients, MOVES)
    words = ((0.0, 0.4, "sil"), (0.4, 9.0, "word"), (9.0, 9.2, "sil"))
    return Clip(landmarks, np.zeros(16_000, np.float32), words)


def test_coefficients_are_found_again() -> None:
    wanted = np.zeros((40, len(SPEECH)), np.float32)
    wanted[12:, SPEECH_INDEX["jawOpen"]] = np.linspace(0, 0.6, 28)
    wanted[20:, SPEECH_INDEX["mouthPucker"]] = 0.4
    clip = spoken(wanted)
    given = lip_fit.fitted(clip, MOVES, np.zeros((len(POINTS), 2), np.float32))
    assert given.min() >= 0.0
    for name in ("jawOpen", "mouthPucker"):
        i = SPEECH_INDEX[name]
        assert np.abs(given[:, i] - wanted[:, i]).max() < 0.08


def test_head_motion_is_taken_away() -> None:
    rest = face()
    turn, size = 0.3, 140.0
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = (rest @ rotation.T * size + (30.0, -12.0)).astype(np.float32)
    steady = lip_fit.steadied(moved[None], rest)[0]
    assert np.abs(steady[list(STILL)] - rest[list(STILL)]).max() < 1e-4
    assert np.abs(steady - rest).max() < 1e-3


def test_hidden_coefficients_are_taught_and_the_opening_is_as_seen() -> None:
    curves = np.zeros((3, len(SPEECH)), np.float32)
    taught = np.zeros_like(curves)
    taught[2, SPEECH_INDEX["mouthPress"]] = 0.35
    seen = np.array([0.0, 0.09, 0.004], np.float32)
    out = lip_fit.completed(curves, taught, seen)
    assert out[2, SPEECH_INDEX["mouthPress"]] == pytest.approx(0.35)
    assert np.allclose(opening(out), [0.0, 0.5, 0.0], atol=0.03)


def test_a_jaw_that_hangs_behind_shut_lips_shuts_them() -> None:
    curves = np.zeros((1, len(SPEECH)), np.float32)
    curves[0, SPEECH_INDEX["mouthFunnel"]] = 0.4
    out = lip_fit.completed(curves, np.zeros_like(curves), np.zeros(1, np.float32))
    assert opening(out)[0] < 0.02


def test_only_speakers_for_training_are_read(tmp_path: Path) -> None:
    landmarks = np.repeat(face()[None], 5, axis=0).astype(np.float16) * 100
    pcm = np.zeros(3200, np.int16)
    arrays = {f"grid_{s}_x.{k}": v for s in ("s1", "s2") for k, v in
              (("landmarks_px", landmarks), ("pcm", pcm))}  # fmt: skip
    np.savez(tmp_path / "lips.npz", **arrays)  # type: ignore[arg-type]  # arrays
    words = {f"grid_{s}_x": [[0.0, 0.1, "sil"], [0.1, 0.2, "now"]] for s in ("s1", "s2")}
    (tmp_path / "words.json").write_text(json.dumps(words))
    clips = list(lip_fit.read(tmp_path / "lips.npz", tmp_path / "words.json"))
    assert len(clips) == 1
    assert clips[0].spoken == ["now"]
    eyes = clips[0].landmarks[:, 33] - clips[0].landmarks[:, 263]
    assert np.allclose(np.linalg.norm(eyes, axis=1), 1.0, atol=0.01)


def test_takes_are_kept(tmp_path: Path) -> None:
    take = Take(
        RNG.uniform(-1, 1, 800).astype(np.float32),
        RNG.uniform(0, 1, (5, len(SPEECH))).astype(np.float32),
        np.array([0.3, 1, 1, 1, 0.3], np.float32),
        np.array([-1, 0, 3, 2, 0]),
    )
    lip_fit.write(tmp_path / "a.npz", [take, take])
    first, again = lip_fit.load(tmp_path / "a.npz")
    assert np.abs(first.samples - take.samples).max() < 1e-4
    assert np.abs(first.curves - take.curves).max() < 1e-3
    assert np.array_equal(again.labels, take.labels)

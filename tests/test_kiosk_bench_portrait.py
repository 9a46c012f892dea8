from pathlib import Path

import cv2
import pytest

from engine import personas
from engine.synthesis.synthesizer import Synthesizer
from kiosk.bench import portrait as bench
from kiosk.bench.portrait import LIVE, judge, memory_mb, neutral_mae, noise
from tests.portrait_utils import ada, needs_faces, portrait, smiley


def test_the_neutral_face_is_the_photo_and_stands_still() -> None:
    synthesizer = Synthesizer(ada(), LIVE)
    assert neutral_mae(synthesizer, ada(), portrait()) < 1
    assert noise(synthesizer) == 0
    shifted = (portrait() * 0.9).astype("uint8")
    assert neutral_mae(synthesizer, ada(), shifted) > 5


def test_memory_counts_pictures_and_flows() -> None:
    assert 5 < memory_mb(personas.path("ada")) < 80


@needs_faces
def test_photos_are_taken_refused_or_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SPEECH_FRAMES", 12)
    cv2.imwrite(str(tmp_path / "a.png"), portrait())
    cv2.imwrite(str(tmp_path / "b.png"), smiley())
    (tmp_path / "c.jpg").write_text("hello")
    taken, drawing, text = judge(sorted(tmp_path.iterdir()))
    assert taken.figures is not None
    assert len(taken.figures.frame_ms) == 12
    assert taken.figures.jump > 0
    assert drawing.refused[0] == "no_face"
    assert text.refused == ("not_a_photo",)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(bench.Bench, "figures", broken)
    (failed,) = judge([tmp_path / "a.png"])
    assert failed.failed == "ZeroDivisionError: by nothing"

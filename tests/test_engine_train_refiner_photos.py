"""What photos say of teeth."""

from pathlib import Path

import cv2
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.portrait.onboard import Candidate
from engine.train.refiner.photos import cheeks, drawn, main, shown
from tests.portrait_utils import landmarks, needs_faces, portrait, smiley, with_teeth
from tests.truth_utils import ada_truth


def of(photo: object) -> Candidate:
    return Candidate(photo, landmarks(), landmarks(), ())  # type: ignore[arg-type]


def test_closed_lips_say_nothing_and_an_open_smile_does() -> None:
    assert shown(of(portrait())) is None
    found = shown(of(with_teeth()))
    assert found is not None
    assert 0.8 < found[0] <= found[1] < 1.6


def test_the_truth_s_teeth_are_as_bright_as_in_photos() -> None:
    warp, true = drawn(ada_truth(), cheeks(of(portrait())))
    assert 0.85 < true[0] < 1.15  # photos: 1.05 to 1.10
    assert warp[0] < true[0]


@needs_faces
def test_photos_without_teeth_are_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "smiley.png"), smiley())
    assert main([str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "smiley: left out" in told and "none of them shows teeth" in told

"""Making the training data."""

from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.portrait.prior import load_prior
from engine.synthesis.region import fold, unfold
from engine.train.refiner.make import halved, keep, main, shard, styled
from tests.portrait_utils import needs_faces, portrait, smiley
from tests.truth_utils import subject


def test_halving_keeps_each_plane_s_mean() -> None:
    rng = np.random.default_rng(1)
    luma, u, v = (rng.normal(size=(n, n)).astype(np.float32) for n in (64, 32, 32))
    small = unfold(halved(fold(luma, u, v)))
    assert [plane.shape for plane in small] == [(32, 32), (16, 16), (16, 16)]
    for plane, whole in zip(small, (luma, u, v), strict=True):
        assert plane.mean() == pytest.approx(whole.mean(), abs=1e-5)


def test_a_style_changes_teeth_but_no_skin() -> None:
    other, style = styled(subject(), np.random.default_rng(8))
    assert not np.array_equal(other.rig.upper_teeth, subject().rig.upper_teeth)
    assert np.array_equal(other.rig.plate, subject().rig.plate)
    assert style.enamel != styled(subject(), np.random.default_rng(9))[1].enamel


def test_a_shard_holds_both_sizes_of_the_same_frames() -> None:
    made = shard(subject(), load_prior(), np.random.default_rng(2), 2, None)
    assert {len(values) for values in made.values()} == {4}
    for side in (256, 128):
        for name in ("picture", "neutral", "residual"):
            assert made[f"{name}_{side}"].shape == (4, 6, side // 2, side // 2)
        assert made[f"mask_{side}"].shape == (4, 2, side // 2, side // 2)
    large, small = (made[f"picture_{side}"].astype(np.float32) for side in (256, 128))
    assert np.abs(halved(large[1]) - small[1]).mean() < 4
    assert np.abs(made["residual_256"]).max() > 16 * 8


def test_what_is_broken_off_is_no_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: BinaryIO, **_: object) -> None:
        file.write(b"half of it")
        raise OSError("No space left on device")

    keep({"coefficients": np.ones(3)}, tmp_path / "ada.npz")
    monkeypatch.setattr(np, "savez", full)
    for name in ("ada", "lin"):
        with pytest.raises(OSError, match="No space"):
            keep({"coefficients": np.zeros(3)}, tmp_path / f"{name}.npz")
    assert [path.name for path in tmp_path.glob("*.npz")] == ["ada.npz"]
    with np.load(tmp_path / "ada.npz") as stored:
        assert np.array_equal(stored["coefficients"], np.ones(3))


@needs_faces
def test_the_command_goes_on_where_it_was_and_leaves_out_what_is_no_portrait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    cv2.imwrite(str(photos / "ada.png"), portrait())
    cv2.imwrite(str(photos / "smiley.png"), smiley())
    arguments = [
        str(photos),
        str(tmp_path / "out"),
        "--pairs",
        "2",
        "--rigs",
        str(tmp_path / "rigs"),
    ]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "ada: 4 frames" in told and "smiley: left out" in told
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ada.npz"]
    assert main(arguments) == 0
    assert "ada" not in capsys.readouterr().out

"""The perceptual distance: what it must do with any weights, and with those that it is made for."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from engine.media import ByteArray
from kiosk.bench import perceptual
from kiosk.bench.browser import BenchError
from kiosk.bench.perceptual import MISSING, Perceptual
from tests.portrait_utils import portrait

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="torch is not installed: pip install -e '.[perceptual]'"
)
needs_weights = pytest.mark.skipif(Perceptual.missing() is not None, reason=MISSING)

SHAPES: dict[str, tuple[int, ...]] = {
    "net.slice1.0": (8, 3, 11, 11), "net.slice2.5": (12, 8, 5, 5), "net.slice3.9": (16, 12, 3, 3),
    "net.slice4.11": (12, 16, 3, 3), "net.slice5.13": (12, 12, 3, 3),
}  # fmt: skip
"""Of a small network of the same making."""


def mouth(side_px: int = 64) -> ByteArray:
    face = cv2.cvtColor(portrait(), cv2.COLOR_BGR2RGB)
    x, y = 512 - side_px // 2, 560 - side_px // 2
    return np.ascontiguousarray(face[y : y + side_px, x : x + side_px], np.uint8)


def blurred(picture: ByteArray, sigma_px: float) -> ByteArray:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


@pytest.fixture
def random_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Perceptual:
    """The distance with weights of no meaning."""
    import torch

    torch.manual_seed(0)
    weights: dict[str, Any] = {"scaling_layer.shift": torch.zeros(1, 3, 1, 1),
                               "scaling_layer.scale": torch.ones(1, 3, 1, 1)}  # fmt: skip
    for layer, (name, shape) in enumerate(SHAPES.items()):
        weights |= {f"{name}.weight": torch.randn(shape) / 8, f"{name}.bias": torch.randn(shape[0])}
        weights[f"lin{layer}.model.1.weight"] = torch.rand(1, shape[0], 1, 1)
    blur = torch.tensor([1.0, 2.0, 1.0])
    kernel = blur[:, None] * blur / 16
    for name, channels in (("slice1.1", 8), ("slice2.4", 8), ("slice3.8", 12)):
        weights[f"net.{name}.filt"] = kernel.repeat(channels, 1, 1, 1)
    path = tmp_path / "weights.pth"
    torch.save(weights, path)
    monkeypatch.setattr(perceptual, "_weights", lambda: path)
    return Perceptual()


@needs_torch
def test_a_picture_is_like_itself_and_unlike_others(random_network: Perceptual) -> None:
    picture = mouth()
    others = [picture, blurred(picture, 1), blurred(picture, 3)]
    same, little, much = random_network.distances(picture, others)
    assert same == 0
    assert 0 < little < much
    (back,) = random_network.distances(others[2], [picture])
    assert back == pytest.approx(much, rel=1e-5)


@needs_torch
def test_pictures_must_be_of_one_size_and_not_tiny(random_network: Perceptual) -> None:
    for one, other in ((64, 66), (16, 16)):
        with pytest.raises(ValueError, match="one size"):
            random_network.distances(mouth(one), [mouth(other)])


def test_without_the_package_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual, "find_spec", lambda _: None)
    assert Perceptual.missing() == MISSING
    with pytest.raises(BenchError, match="perceptual"):
        Perceptual()


@needs_weights
def test_a_shift_is_less_than_a_blur_and_more_blur_is_more() -> None:
    picture = mouth(128)
    others = [np.roll(picture, 1, 1), *(blurred(picture, sigma) for sigma in (1, 2, 4))]
    shifted, *blurs = Perceptual().distances(picture, others)
    assert shifted < 0.01 < blurs[0] < blurs[1] < blurs[2]


@needs_weights
def test_it_is_the_packages_own_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torchvision", "torchsummary", "IPython"):  # imported there, and not used
        stub = ModuleType(name)
        for each in ("models", "summary", "embed"):
            setattr(stub, each, None)
        monkeypatch.setitem(sys.modules, name, stub)
    import torch
    from stlpips_pytorch import stlpips

    theirs = stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)
    picture, other = mouth(128), blurred(mouth(128), 2)
    pair = [torch.from_numpy(p).permute(2, 0, 1)[None] / 127.5 - 1 for p in (picture, other)]
    with torch.no_grad():
        wanted = float(theirs(*pair))
    assert Perceptual().distances(picture, [other]) == [pytest.approx(wanted, rel=1e-5)]

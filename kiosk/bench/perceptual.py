"""How different two pictures look: the shift-tolerant LPIPS distance.

LPIPS (Zhang, Isola, Efros, Shechtman, Wang 2018) compares what a network's layers see in two
pictures; its shift-tolerant kin (Ghildyal, Liu 2022) was trained anew, with blurred subsampling, on
the same judgements of people, and does not mind a pixel's shift. 0 is the same picture. Of the
package ``stlpips-pytorch`` (BSD-2-Clause) the weights alone are used, those of its AlexNet; its
code imports what is not needed here, and a part of it may not be used commercially. It runs in
PyTorch, which reads them.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.media import ByteArray
from kiosk.bench.browser import BenchError

NAME: Final = "ST-LPIPS (AlexNet)"
MISSING: Final = (
    "stlpips-pytorch or torch is not installed: .venv/bin/pip install -e '.[perceptual]'"
)
_WEIGHTS: Final = "weights/vST0.0/alex_shift_tolerant.pth"
_SMALLEST_PX: Final = 32
_CONVOLUTIONS: Final = (
    ("slice1.0", 2), ("slice2.5", 2), ("slice3.9", 1), ("slice4.11", 1), ("slice5.13", 1),
)  # fmt: skip
"""Each layer's convolution, and how far its picture is carried on."""
_BLURS: Final = ("slice1.1", "slice2.4", "slice3.8")


class Perceptual:
    """Compares pictures. Thread-safe."""

    def __init__(self) -> None:
        """Load the weights; takes a second.

        Raises:
            BenchError: they, or PyTorch, are not installed; the message says how to.
        """
        path = _weights()
        if path is None:
            raise BenchError(MISSING)
        self._torch: Any = import_module("torch")
        self._functional: Any = import_module("torch.nn.functional")
        self._weights: dict[str, Any] = self._torch.load(
            os.fspath(path), map_location="cpu", weights_only=True
        )

    @staticmethod
    def missing() -> str | None:
        """What to do if it cannot be loaded."""
        return MISSING if _weights() is None else None

    def distances(self, one: ByteArray, others: Sequence[ByteArray]) -> list[float]:
        """How different each of *others* looks from *one*, at least 0.

        Args:
            one: (rows, columns, 3), red-green-blue.
            others: of the same size.

        Raises:
            ValueError: they differ in size, or are smaller than 32 pixels.
        """
        shapes = {picture.shape for picture in (one, *others)}
        if len(shapes) > 1 or min(one.shape[:2]) < _SMALLEST_PX:
            raise ValueError(f"{sorted(shapes)}: give pictures of one size, {_SMALLEST_PX} pixels "
                             "or larger")  # fmt: skip
        with self._torch.inference_mode():
            stack = self._torch.from_numpy(np.stack([one, *others])).permute(0, 3, 1, 2)
            totals = self._torch.zeros(len(others))
            for layer, seen in enumerate(self._layers(stack.float() / 127.5 - 1.0)):
                unit = seen / (seen.square().sum(1, keepdim=True).sqrt() + 1e-10)
                apart = (unit[1:] - unit[:1]).square()
                heeded = self._functional.conv2d(apart, self._weights[f"lin{layer}.model.1.weight"])
                totals = totals + heeded.mean((1, 2, 3))
        return [float(total) for total in totals]

    def _layers(self, x: Any) -> list[Any]:  # noqa: ANN401  # PyTorch has no types here
        """What each layer sees of (n, 3, rows, columns), −1 to 1."""
        weights, functional = self._weights, self._functional
        x = (x - weights["scaling_layer.shift"]) / weights["scaling_layer.scale"]
        seen = []
        for layer, (name, pad) in enumerate(_CONVOLUTIONS):
            if layer in (1, 2):
                x = self._halved(functional.max_pool2d(x, 3, 1), _BLURS[layer])
            kernel, bias = (weights[f"net.{name}.{part}"] for part in ("weight", "bias"))
            x = functional.conv2d(x, kernel, bias, padding=pad)
            if layer == 0:
                x = self._halved(x, _BLURS[0])
            x = functional.relu(x)
            seen.append(x)
        return seen

    def _halved(self, x: Any, name: str) -> Any:  # noqa: ANN401
        """Blurred, then every other sample (Zhang 2019)."""
        kernel = self._weights[f"net.{name}.filt"]
        wider = self._functional.pad(x, (2, 2, 2, 2), mode="reflect")
        return self._functional.conv2d(wider, kernel, stride=2, groups=len(kernel))


def _weights() -> Path | None:
    spec = find_spec("stlpips_pytorch")
    if spec is None or not spec.submodule_search_locations or find_spec("torch") is None:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / _WEIGHTS
    return path if path.is_file() else None

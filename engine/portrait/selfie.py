"""Where a portrait's person is, as MediaPipe's selfie segmentation sees it.

The network (Apache-2.0, © Google; 249 KB) is fetched when the kiosk is set up. Where it is missing
a portrait is made without, and the person is cut out by colours alone.
"""

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.portrait.models import Model, ModelError, Singles

SELFIE: Final = "selfie_segmentation"
"""(1, 256, 256, 3) in 0..1: how surely each pixel is person."""

REMEDY: Final = "run: kiosk portrait fetch"
_LACKING: Final = b"Convolution2DTransposeBias"
"""MediaPipe's own operator, the last but one, that LiteRT has not."""


class Segmenter:
    """Tells a person from what is behind. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Load the network from *folder*.

        Raises:
            ModelError: it is missing or damaged, or LiteRT is not installed.
        """
        self._model = Model(SELFIE, folder, suit=_shortened, remedy=REMEDY)

    def mask(self, portrait: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(256, 256) how surely each part of *portrait*, square, is person: 0 to 255."""
        size = (self._model.size_px, self._model.size_px)
        small = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA)
        outputs = self._model.run(small[..., ::-1].astype(np.float32) / np.float32(255))
        if [output.ndim for output in outputs] != [3, 3, 0]:
            raise ModelError(f"the {SELFIE} network is another than is known: {REMEDY}")
        return _finished(*outputs)


def _finished(features: Singles, kernel: Singles, bias: Singles) -> NDArray[np.uint8]:
    """What the network's last two operators do: twice the size, then a sigmoid.

    Strides are as long as the kernel, so every output has one input.
    """
    rows, columns, _ = features.shape
    high, wide, _ = kernel.shape
    large = np.einsum("hwc,ijc->hiwj", features, kernel).reshape(rows * high, columns * wide)
    sure = 1 / (1 + np.exp(-np.clip(large + bias, -30, 30)))
    return np.asarray(np.rint(255 * sure), np.uint8)


def _shortened(content: bytes) -> bytes:
    """The network without its last two operators; their inputs are its outputs."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    network: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph = network.subgraphs[0]
    custom = [network.operatorCodes[op.opcodeIndex].customCode for op in graph.operators]
    last = custom.index(_LACKING)
    graph.outputs = graph.operators[last].inputs
    graph.operators = graph.operators[:last]
    network.signatureDefs = network.metadata = network.metadataBuffer = None  # of the old outputs
    builder = flatbuffers.Builder(len(content))
    builder.Finish(network.Pack(builder), b"TFL3")
    return bytes(builder.Output())

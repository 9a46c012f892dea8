"""Eyes drawn into the head's planes."""

import numpy as np
import pytest

from engine.motion.coefficients import COEFFICIENTS, INDEX
from engine.synthesis.eyes import Eyes
from engine.synthesis.framing import frame, layer
from tests.portrait_utils import ada

FRAMING = frame((1024, 1024), ada().pivot_px[0], 1024, 1024)


@pytest.fixture
def planes() -> tuple[Eyes, np.ndarray, np.ndarray]:
    rect = FRAMING.rect(ada().box, 1024, 1024)
    head = FRAMING.place(ada().head, ada().box, rect, alpha_outside=False)
    drawn = layer(head)
    return Eyes(ada(), FRAMING, rect, head), drawn.luma, drawn.chroma


def weights(**values: float) -> np.ndarray:
    out = np.zeros(len(COEFFICIENTS), np.float32)
    for name, value in values.items():
        out[INDEX[name]] = value
    return out


def test_rest_leaves_the_photo(planes: tuple[Eyes, np.ndarray, np.ndarray]) -> None:
    eyes, luma, chroma = planes
    before, before_chroma = luma.copy(), chroma.copy()
    eyes.draw(weights(), luma, chroma)
    assert np.abs(luma.astype(int) - before).max() <= 1
    assert np.abs(chroma.astype(int) - before_chroma).max() <= 1


def test_a_blink_is_undone_by_the_next_frame(planes: tuple[Eyes, np.ndarray, np.ndarray]) -> None:
    eyes, luma, chroma = planes
    eyes.draw(weights(), luma, chroma)
    before = luma.copy()
    eyes.draw(weights(eyeBlink_L=1.0, eyeBlink_R=1.0), luma, chroma)
    assert np.abs(luma.astype(int) - before).max() > 60
    assert np.array_equal(luma[..., 1], before[..., 1])
    eyes.draw(weights(), luma, chroma)
    assert np.array_equal(luma, before)


def test_a_little_blink_changes_little(planes: tuple[Eyes, np.ndarray, np.ndarray]) -> None:
    eyes, luma, chroma = planes
    eyes.draw(weights(), luma, chroma)
    before = luma.copy()
    eyes.draw(weights(eyeBlink_L=0.02, eyeBlink_R=0.02), luma, chroma)
    changed = np.abs(luma[..., 0].astype(int) - before[..., 0])
    assert np.quantile(changed[changed > 0], 0.9) < 30


def test_lids_come_down_steadily(planes: tuple[Eyes, np.ndarray, np.ndarray]) -> None:
    eyes, luma, chroma = planes
    x, y, r = ada().irises[0]
    column = int(x) - ada().box[0]
    top = int(y - 1.2 * r) - ada().box[1]
    dark = []
    for blink in (0.0, 0.3, 0.6, 1.0):
        eyes.draw(weights(eyeBlink_R=blink), luma, chroma)
        strip = luma[top : top + int(2 * r), column - 2 : column + 3, 0]
        dark.append(int((strip < 75).sum()))
    assert dark[0] > dark[2] > dark[3]

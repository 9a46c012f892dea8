"""The slate: flash and beep of one instant, a barcode that survives, timing finer than pictures."""

import numpy as np
import pytest

from engine.media import Audio, ByteArray, FloatArray
from engine.timeline import PACKET_SAMPLES, SAMPLE_RATE_HZ
from kiosk import slate

FRAME = 1920


def cells_of(planes: ByteArray) -> FloatArray:
    cell = planes.shape[1] // slate.GRID
    top = planes[: slate.PATCH_CELLS * cell, : slate.GRID * cell].astype(np.float32)
    return np.asarray(top.reshape(slate.PATCH_CELLS, cell, slate.GRID, cell).mean((1, 3)))


def picture(index: int, shown_pts: int, width: int = 512, height: int = 512) -> slate.Reading:
    planes = np.full((height * 3 // 2, width), 90, np.uint8)
    slate.draw(planes, index, shown_pts, FRAME)
    return slate.read(cells_of(planes))


@pytest.mark.parametrize("index", [0, 1, 25, 12_345, 2**22 - 1])
@pytest.mark.parametrize("size", [(512, 512), (720, 1280), (256, 256)])
def test_the_barcode_reads_back(index: int, size: tuple[int, int]) -> None:
    assert picture(index, 10_000, *size).index == index


def test_a_damaged_barcode_is_not_believed() -> None:
    wrong = 0
    for bit in range(28):
        planes = np.full((768, 512), 90, np.uint8)
        slate.draw(planes, 12_345, 10_000, FRAME)
        cells = cells_of(planes)
        cells[:2, slate.PATCH_CELLS + bit] = 251 - cells[:2, slate.PATCH_CELLS + bit]
        wrong += slate.read(cells).index is not None
    assert wrong == 0


def test_it_flashes_in_the_very_pictures_of_the_beep() -> None:
    lit = [picture(i, i * FRAME).lit for i in range(50)]
    assert [i for i, light in enumerate(lit) if light > 0.5] == [0, 1, 25, 26]
    assert all(light < 0.02 or light > 0.98 for light in lit)


@pytest.mark.parametrize("shift", [-1500, -480, 0, 333, 960, 1900])
def test_the_flash_can_be_timed_within_a_picture(shift: int) -> None:
    """The centre of its light lies in the middle of the beep, however the content is shifted."""
    slots = np.arange(15, 40) * FRAME
    lit = np.array([slate.flash_share(int(pts) + shift, FRAME) for pts in slots])
    centre = float((lit * (slots + FRAME / 2)).sum() / lit.sum()) + shift
    assert centre == pytest.approx(SAMPLE_RATE_HZ + slate.BEEP_SAMPLES / 2, abs=1.0)


def beeps(level: float) -> FloatArray:
    sound = np.full(2 * SAMPLE_RATE_HZ, level, np.float32)
    packets = [
        slate.mix(Audio(pts, sound[pts : pts + PACKET_SAMPLES]))
        for pts in range(0, len(sound), PACKET_SAMPLES)
    ]
    assert [packet.pts for packet in packets[:2]] == [0, PACKET_SAMPLES]
    return np.concatenate([packet.samples for packet in packets])


def test_the_beep_sounds_each_second_for_as_long_as_the_flash() -> None:
    loud = np.flatnonzero(np.abs(beeps(0.0)) > 0.2)
    for second in (0, SAMPLE_RATE_HZ):
        within = loud[(loud >= second) & (loud < second + SAMPLE_RATE_HZ // 2)]
        assert within[0] - second < 100
        assert slate.BEEP_SAMPLES - (within[-1] - second) < 100


def test_speech_is_lowered_for_the_beep_without_a_click() -> None:
    sound = beeps(0.5)
    assert abs(sound[SAMPLE_RATE_HZ - 1] - 0.05) < 0.01
    assert sound[SAMPLE_RATE_HZ // 2] == pytest.approx(0.5)
    steepest = 2 * np.pi * slate.BEEP_HZ / SAMPLE_RATE_HZ * slate.BEEP_LEVEL
    assert np.abs(np.diff(sound)).max() < 1.2 * steepest

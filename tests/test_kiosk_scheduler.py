"""The frame ring: slots, repeats, and a count of everything lost."""

import numpy as np

from engine.media import PictureFrame
from kiosk.scheduler import FrameRing, SlotGrid

FRAME = 1920


def picture(index: int, generation: int = 0) -> PictureFrame:
    return PictureFrame(index, index * FRAME, np.zeros((6, 4), np.uint8), generation)


def test_each_slot_gets_its_own_picture() -> None:
    ring = FrameRing()
    for index in (2, 0, 1):
        assert ring.put(picture(index))
    shown = [ring.take(index * FRAME) for index in range(3)]
    assert [frame.index for frame in shown if frame] == [0, 1, 2]
    assert ring.counters.repeated == 0
    assert ring.counters.emitted == 3


def test_an_empty_slot_repeats_the_last_picture_and_is_counted() -> None:
    ring = FrameRing()
    ring.put(picture(0))
    first = ring.take(0 * FRAME)
    assert ring.take(1 * FRAME) is first
    assert ring.counters.repeated == 1


def test_before_the_first_picture_there_is_nothing_to_repeat() -> None:
    ring = FrameRing()
    assert ring.take(0 * FRAME) is None
    assert ring.counters.emitted == ring.counters.repeated == 0


def test_a_late_picture_loses_its_slot_but_is_shown_in_the_next_empty_one() -> None:
    ring = FrameRing()
    ring.put(picture(0))
    ring.take(0 * FRAME)
    ring.take(1 * FRAME)
    ring.take(2 * FRAME)
    assert not ring.put(picture(2))
    assert not ring.put(picture(1))
    assert ring.counters.late == 2
    shown = ring.take(3 * FRAME)
    assert shown is not None and shown.index == 2
    assert ring.counters.repeated == 3


def test_even_the_first_picture_may_be_late() -> None:
    ring = FrameRing()
    assert ring.take(0 * FRAME) is None
    ring.put(picture(0))
    shown = ring.take(1 * FRAME)
    assert shown is not None and shown.index == 0


def test_a_full_ring_refuses_and_counts() -> None:
    ring = FrameRing(capacity=2)
    assert ring.put(picture(0)) and ring.put(picture(1))
    assert not ring.put(picture(2))
    assert ring.counters.overrun == 1
    assert len(ring) == 2


def test_a_newer_generation_replaces_and_an_older_one_does_not() -> None:
    ring = FrameRing()
    ring.put(picture(0, generation=1))
    assert ring.put(picture(0, generation=2))
    assert not ring.put(picture(0, generation=1))
    frame = ring.take(0 * FRAME)
    assert frame is not None and frame.generation == 2
    assert ring.counters.stale == 2


def test_slots_passed_over_free_their_pictures() -> None:
    ring = FrameRing()
    for index in range(4):
        ring.put(picture(index))
    ring.take(0)
    ring.take(3 * FRAME)
    ring.skip(2)
    assert len(ring) == 0
    assert ring.counters.skipped == ring.counters.dropped == 2


def slots(grid: SlotGrid, end_pts: int) -> list[int]:
    found = [0]
    while (pts := grid.at_or_after(found[-1] + 1)) < end_pts:
        found.append(pts)
    return found


def test_the_grid_is_even() -> None:
    assert slots(SlotGrid(25), 9600) == [0, 1920, 3840, 5760, 7680]
    assert slots(SlotGrid(20), 9600) == [0, 2400, 4800, 7200]


def test_the_rate_changes_at_a_slot_of_both_rates() -> None:
    grid = SlotGrid(25)
    grid.change(20, 10_000)
    found = slots(grid, 30_000)
    assert 19_200 in found
    assert np.diff([pts for pts in found if pts <= 19_200]).tolist() == [1920] * 10
    assert np.diff([pts for pts in found if pts >= 19_200]).tolist() == [2400] * 4
    assert all(grid.at_or_before(pts + 100) == pts for pts in found)
    assert grid.count(0, 30_000) == len(found)
    assert (grid.length(19_199), grid.length(19_200)) == (1920, 2400)


def test_a_second_change_holds_too() -> None:
    grid = SlotGrid(25)
    grid.change(20, 9600)
    grid.change(25, 48_000)
    assert np.diff([p for p in slots(grid, 60_000) if p >= 48_000]).tolist() == [1920] * 6

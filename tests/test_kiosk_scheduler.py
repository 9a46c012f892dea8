"""The frame ring: slots, repeats, and a count of everything lost."""

import numpy as np

from engine.media import PictureFrame
from kiosk.scheduler import FrameRing


def picture(index: int, generation: int = 0) -> PictureFrame:
    return PictureFrame(index, index * 1920, np.zeros((6, 4), np.uint8), generation)


def test_each_slot_gets_its_own_picture() -> None:
    ring = FrameRing()
    for index in (2, 0, 1):
        assert ring.put(picture(index))
    shown = [ring.take(index) for index in range(3)]
    assert [frame.index for frame in shown if frame] == [0, 1, 2]
    assert ring.counters.repeated == 0
    assert ring.counters.emitted == 3


def test_an_empty_slot_repeats_the_last_picture_and_is_counted() -> None:
    ring = FrameRing()
    ring.put(picture(0))
    first = ring.take(0)
    assert ring.take(1) is first
    assert ring.counters.repeated == 1


def test_before_the_first_picture_there_is_nothing_to_repeat() -> None:
    ring = FrameRing()
    assert ring.take(0) is None
    assert ring.counters.emitted == ring.counters.repeated == 0


def test_a_late_picture_loses_its_slot_but_is_shown_in_the_next_empty_one() -> None:
    ring = FrameRing()
    ring.put(picture(0))
    ring.take(0)
    ring.take(1)
    ring.take(2)
    assert not ring.put(picture(2))
    assert not ring.put(picture(1))
    assert ring.counters.late == 2
    shown = ring.take(3)
    assert shown is not None and shown.index == 2
    assert ring.counters.repeated == 3


def test_even_the_first_picture_may_be_late() -> None:
    ring = FrameRing()
    assert ring.take(0) is None
    ring.put(picture(0))
    shown = ring.take(1)
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
    frame = ring.take(0)
    assert frame is not None and frame.generation == 2
    assert ring.counters.stale == 2


def test_slots_passed_over_count_as_skipped_and_free_their_pictures() -> None:
    ring = FrameRing()
    for index in range(4):
        ring.put(picture(index))
    ring.take(0)
    ring.take(3)
    assert ring.counters.skipped == 2
    assert len(ring) == 0
    assert ring.counters.dropped == 2


def test_reset_forgets_the_pictures_and_keeps_the_counts() -> None:
    ring = FrameRing()
    ring.put(picture(0))
    ring.take(0)
    ring.reset(next_index=10)
    assert ring.take(10) is None
    assert ring.counters.emitted == 1
    assert ring.counters.skipped == 0

"""The grid of slots, the frame ring and the choice of the picture that is due.

Pictures are keyed by the sample index of their slot. A picture that comes after its time has lost
its slot; a slot that has none shows the newest picture there is. Both are counted.
"""

from dataclasses import dataclass, fields
from math import lcm

from engine.media import PictureFrame
from engine.timeline import FRAME_RATES_HZ, frame_samples


class SlotGrid:
    """The sample indices at which pictures are due.

    The rate can change while pictures are on their way: it does so at an instant that is a slot of
    either rate, so that no slot is moved.
    """

    def __init__(self, frame_rate_hz: int) -> None:
        """Begin with *frame_rate_hz*.

        Raises:
            ValueError: the rate is none of ``timeline.FRAME_RATES_HZ``.
        """
        self._before = self._after = frame_samples(frame_rate_hz)
        self._change_pts = 0
        self._common = lcm(*(frame_samples(rate_hz) for rate_hz in FRAME_RATES_HZ))

    def change(self, frame_rate_hz: int, pts: int) -> None:
        """Use *frame_rate_hz* from the first common slot at or after *pts* on."""
        self._before = self.length(pts)
        self._after = frame_samples(frame_rate_hz)
        self._change_pts = _ceil(pts, self._common)

    def length(self, pts: int) -> int:
        """How many samples the slot at *pts* lasts."""
        return self._after if pts >= self._change_pts else self._before

    def at_or_after(self, pts: int) -> int:
        """The first slot that is not before *pts*."""
        slot = _ceil(pts, self._before)
        return slot if slot < self._change_pts else max(self._change_pts, _ceil(pts, self._after))

    def at_or_before(self, pts: int) -> int:
        """The last slot that is not after *pts*."""
        return pts - pts % self.length(pts)

    def count(self, begin_pts: int, end_pts: int) -> int:
        """Slots from *begin_pts* on and before *end_pts*."""
        slots = 0
        while (begin_pts := self.at_or_after(begin_pts)) < end_pts:
            slots += 1
            begin_pts += 1
        return slots


def _ceil(pts: int, step: int) -> int:
    return -(-pts // step) * step


@dataclass(slots=True)
class FrameCounters:
    """What became of the pictures since the stage began."""

    emitted: int = 0
    """Slots sent, repeats included."""
    repeated: int = 0
    """Slots that had no picture of their own (underrun)."""
    late: int = 0
    """Pictures that came after their slot was sent."""
    overrun: int = 0
    """Pictures refused because the ring was full."""
    skipped: int = 0
    """Slots never sent because sending itself fell behind."""
    stale: int = 0
    """Pictures replaced before they were shown because a newer generation redrew them."""

    @property
    def dropped(self) -> int:
        """Pictures drawn in vain or slots lost: late, overrun and skipped together."""
        return self.late + self.overrun + self.skipped

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


class FrameRing:
    """Pictures waiting for their slot, at most *capacity* of them."""

    def __init__(self, capacity: int = 16) -> None:
        """Make an empty ring.

        Args:
            capacity: pictures held at most.
        """
        self._capacity = capacity
        self._frames: dict[int, PictureFrame] = {}
        self._next_pts = 0
        self._last: PictureFrame | None = None
        self.counters = FrameCounters()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: PictureFrame) -> bool:
        """Store *frame* for its slot, in place of an older generation's; False if dropped.

        A late picture has lost its slot, but where later slots are empty they show it: an engine
        that is too slow shows a face that lags rather than one that is frozen.
        """
        if frame.pts < self._next_pts:
            self.counters.late += 1
            if self._last is None or frame.pts > self._last.pts:
                self._last = frame
            return False
        held = self._frames.get(frame.pts)
        if held is not None:
            if held.generation > frame.generation:
                self.counters.stale += 1
                return False
            self.counters.stale += 1
        elif len(self._frames) >= self._capacity:
            self.counters.overrun += 1
            return False
        self._frames[frame.pts] = frame
        return True

    def take(self, pts: int) -> PictureFrame | None:
        """The picture for the slot at *pts*: its own, else the newest before it, else None.

        Slots must be taken in rising order; ``skip`` counts those passed over.
        """
        for passed in [held for held in self._frames if held < pts]:
            del self._frames[passed]
        self._next_pts = pts + 1
        frame = self._frames.pop(pts, None)
        if frame is not None:
            self._last = frame
        elif self._last is not None:
            self.counters.repeated += 1
        if self._last is not None:
            self.counters.emitted += 1
        return self._last

    def skip(self, slots: int) -> None:
        """Count *slots* that are over before they could be sent."""
        self.counters.skipped += slots

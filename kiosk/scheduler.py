"""The frame ring and the choice of the picture that is due.

Pictures are keyed by their index on the timeline. A picture that comes after its time has lost its
slot; a slot that has none shows the newest picture there is. Both are counted.
"""

from dataclasses import dataclass, fields

from engine.media import PictureFrame


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
        self._next_index = 0
        self._last: PictureFrame | None = None
        self.counters = FrameCounters()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: PictureFrame) -> bool:
        """Store *frame* for its slot, in place of an older generation's; False if dropped.

        A late picture has lost its slot, but where later slots are empty they show it: an engine
        that is too slow shows a face that lags rather than one that is frozen.
        """
        if frame.index < self._next_index:
            self.counters.late += 1
            if self._last is None or frame.index > self._last.index:
                self._last = frame
            return False
        held = self._frames.get(frame.index)
        if held is not None:
            if held.generation > frame.generation:
                self.counters.stale += 1
                return False
            self.counters.stale += 1
        elif len(self._frames) >= self._capacity:
            self.counters.overrun += 1
            return False
        self._frames[frame.index] = frame
        return True

    def take(self, index: int) -> PictureFrame | None:
        """The picture for slot *index*: its own, else the newest before it, else None.

        Slots must be taken in rising order; those passed over count as skipped.
        """
        self.counters.skipped += max(0, index - self._next_index)
        for passed in [i for i in self._frames if i < index]:
            del self._frames[passed]
        self._next_index = index + 1
        frame = self._frames.pop(index, None)
        if frame is not None:
            self._last = frame
        elif self._last is not None:
            self.counters.repeated += 1
        if self._last is not None:
            self.counters.emitted += 1
        return self._last

    def reset(self, next_index: int = 0) -> None:
        """Empty the ring and go on from slot *next_index*; the counters stay."""
        self._frames.clear()
        self._next_index = next_index
        self._last = None

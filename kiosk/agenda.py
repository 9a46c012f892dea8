"""What the inference thread does next: by deadline, pictures that are due together as one batch.

Pure. Three rules keep one stage from harming another. The nearest deadline goes first. A batch
takes only what would have come next anyway, so no picture in it overtakes sound or a flush that is
wanted earlier. And no job is wanted before it was asked for: those that are late already take their
turn in the order in which they came, so a stage that is always late cannot keep the others waiting.
"""

import heapq
import itertools
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from engine.runtime.runner import BATCH_MOST

TICK_S: Final = 0.04
"""Pictures whose deadlines lie within this are due together: one picture's time."""

J = TypeVar("J")


@dataclass(order=True, slots=True)
class _Entry(Generic[J]):
    deadline_s: float
    order: int
    job: J = field(compare=False)
    joins: Hashable = field(compare=False)


class Agenda(Generic[J]):
    """Jobs that wait. Not thread-safe."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._entries: list[_Entry[J]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, now_s: float, deadline_s: float, job: J, joins: Hashable = None) -> None:
        """Add *job*.

        Args:
            now_s: the time, by the clock of *deadline_s*.
            deadline_s: by when its result is wanted.
            job: what is to be done.
            joins: jobs that give the same here may be taken together; None: alone.
        """
        entry = _Entry(max(deadline_s, now_s), next(self._order), job, joins)
        heapq.heappush(self._entries, entry)

    def take(self) -> list[J]:
        """The job that is due next, and those that are done in one batch with it.

        Raises:
            IndexError: nothing waits.
        """
        first = heapq.heappop(self._entries)
        batch = [first.job]
        while first.joins is not None and self._follows(first) and len(batch) < BATCH_MOST:
            batch.append(heapq.heappop(self._entries).job)
        return batch

    def clear(self) -> None:
        """Forget all jobs."""
        self._entries.clear()

    def _follows(self, first: _Entry[J]) -> bool:
        """Whether the next one joins *first* and is due together with it."""
        if not self._entries:
            return False
        entry = self._entries[0]
        return entry.joins == first.joins and entry.deadline_s - first.deadline_s <= TICK_S

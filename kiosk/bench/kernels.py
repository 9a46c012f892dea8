"""Which nodes of a network a compiler for GPUs would run as one kernel: a model of it.

Element-wise nodes join the kernel that makes what they read, if it makes as many elements and
nothing between them has to wait for another kernel; so do they after a convolution or a matrix
product, as its epilogue. What passes inside a kernel never goes through memory. Slices and other
views are read in place. Everything else is a kernel of its own. Compilers do more (they read
samplings and transpositions in place, too): the number of kernels is an upper bound.
"""

from dataclasses import dataclass, field

from kiosk.bench.node_work import MOVES, NORMS, POOLS, PRODUCTS, REDUCTIONS, VIEWS, Work
from kiosk.bench.operations import Counted

_ALONE = MOVES | NORMS | REDUCTIONS | POOLS | {"GridSample", "Resize"}
_IN_PLACE = VIEWS | {"Slice", "Split", "Expand"}


@dataclass(slots=True)
class Kernel:
    """Nodes that run as one."""

    works: list[Work] = field(default_factory=list)
    count: int = 0
    """Elements that it makes."""
    read_bytes: int = 0
    written_bytes: int = 0

    @property
    def multiply_adds(self) -> int:
        """Of all its nodes."""
        return sum(work.multiply_adds for work in self.works)

    @property
    def others(self) -> int:
        """Other operations of all its nodes."""
        return sum(work.others for work in self.works)

    @property
    def moved_bytes(self) -> int:
        """Read and written."""
        return self.read_bytes + self.written_bytes

    @property
    def product(self) -> tuple[int, int]:
        """Rows and columns of its matrix product; (0, 0) without one."""
        return self.works[0].product

    @property
    def half(self) -> bool:
        """Whether its product is of float16."""
        return self.works[0].half


def unfused(counted: Counted) -> list[Kernel]:
    """Every node a kernel, but for views."""
    return [
        Kernel([work], counted.values[work.outputs[0]].count, work.read_bytes, work.written_bytes)
        for work in counted.works
        if work.kind not in VIEWS
    ]


def fused(counted: Counted) -> list[Kernel]:
    """As a compiler would join them; bytes are those that cross a kernel's edge."""
    return _Fusion(counted).kernels()


class _Fusion:
    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._kernels: list[Kernel] = []
        self._waits_for: list[set[int]] = []
        """For each kernel all those that run before it."""
        self._maker: dict[str, int] = {}
        """The kernel that makes a value."""
        self._parts: set[str] = set()
        """Values that are parts of others: they are there only once the whole is."""

    def kernels(self) -> list[Kernel]:
        for work in self._counted.works:
            if work.kind in _IN_PLACE:
                self._see_through(work)
            else:
                self._add(work)
        self._weigh()
        return self._kernels

    def _see_through(self, work: Work) -> None:
        if work.inputs[0] in self._maker:
            self._maker.update(dict.fromkeys(work.outputs, self._maker[work.inputs[0]]))
        if work.kind not in VIEWS or work.inputs[0] in self._parts:
            self._parts.update(work.outputs)

    def _add(self, work: Work) -> None:
        count = self._counted.values[work.outputs[0]].count
        home = None if work.kind in _ALONE | PRODUCTS else self._home(work, count)
        if home is None:
            home = len(self._kernels)
            self._kernels.append(Kernel(count=count))
            self._waits_for.append(set())
        self._kernels[home].works.append(work)
        self._wait(home, self._needs(work) - {home})
        self._maker.update(dict.fromkeys(work.outputs, home))

    def _needs(self, work: Work) -> set[int]:
        return {self._maker[name] for name in work.inputs if name in self._maker}

    def _home(self, work: Work, count: int) -> int | None:
        """The kernel that an element-wise node can join, the last one if there are several."""
        needs = self._needs(work)
        whole = {self._maker[n] for n in work.inputs if n in self._maker and n in self._parts}
        for each in sorted(needs - whole, reverse=True):
            kernel = self._kernels[each]
            fits = kernel.count == count and kernel.works[0].kind not in _ALONE
            # Nothing that it reads may come from a kernel that waits for this one.
            if fits and not any(each in self._waits_for[other] for other in needs):
                return each
        return None

    def _wait(self, kernel: int, needs: set[int]) -> None:
        """*kernel*, and all that waits for it, waits for *needs* and what they wait for."""
        more = needs.union(*(self._waits_for[need] for need in needs))
        for index, before in enumerate(self._waits_for):
            if index == kernel or kernel in before:
                before |= more

    def _weigh(self) -> None:
        """Find what crosses the kernels' edges."""
        elsewhere = self._read_elsewhere()
        sizes = {name: value.size_bytes for name, value in self._counted.values.items()}
        for index, kernel in enumerate(self._kernels):
            made = [name for work in kernel.works for name in work.outputs]
            kernel.written_bytes = sum(sizes[name] for name in made if name in elsewhere)
            if kernel.works[0].kind == "GridSample":
                kernel.read_bytes = kernel.works[0].read_bytes
                continue
            read = {name for work in kernel.works for name in work.inputs}
            kernel.read_bytes = sum(sizes[name] for name in read if self._maker.get(name) != index)

    def _read_elsewhere(self) -> set[str]:
        """Values that a kernel other than their own reads, or the caller."""
        out = set(self._counted.outputs)
        for index, kernel in enumerate(self._kernels):
            read = {name for work in kernel.works for name in work.inputs}
            out |= {name for name in read if self._maker.get(name) != index}
        for work in reversed(self._counted.works):  # who reads a view reads what it is of
            if work.kind in _IN_PLACE and out.intersection(work.outputs):
                out.add(work.inputs[0])
        return out

"""Cards for which a network's time is estimated, and how: a roofline for each kernel.

Williams, Waterman, Patterson 2009: a kernel takes the longer of what it calculates and what it
moves, at the card's rates, here times a share that real kernels reach; and a small one takes as
long as it takes to start. Rates are those of the maker's data sheets at boost clock, without
sparsity.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kiosk.bench.kernels import Kernel

PRODUCT_SHARE: Final = 0.5
"""Of the tensor rate that a large convolution reaches."""
SIMPLE_SHARE: Final = 0.5
"""Of the float32 rate that element-wise work reaches."""
MEMORY_SHARE: Final = 0.7
"""Of the memory's rate."""
TILE: Final = 64
"""Rows and columns of a product that one multiprocessor works on at a time. A product of few tiles
leaves the others idle; that its sums could be shared out as well is not counted on."""
START_US: Final = 2.0
"""From one kernel's end to the next one's work, within a CUDA graph: 0.5 µs beside a kernel of
2.9 µs in NVIDIA's own measurement (Gray, "Getting Started with CUDA Graphs", 2019), and what it
takes to fill the card and to drain it."""
LAUNCH_US: Final = 7.5
"""Without a CUDA graph the host starts a kernel in 5 to 10 µs, and the card waits for it."""


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card's rates."""

    name: str
    capability: str
    multiprocessors: int
    float_tflops: float
    """float32, on the shader cores."""
    tensor_tflops: float
    """float16 products, sums kept in float32, dense."""
    memory_gb_s: float


CARDS: Final = (
    Card("RTX 3060 12 GB", "8.6", 28, 12.7, 25.5, 360),
    Card("RTX 4060", "8.9", 24, 15.1, 30.2, 272),
    Card("RTX 4090", "8.9", 128, 82.6, 165.2, 1008),
    Card("T4", "7.5", 40, 8.1, 65.1, 320),
    Card("A2", "8.6", 10, 4.5, 18.1, 200),
)
"""GeForce cards sum float16 products in float32 at half the rate at which they sum in float16 (the
RTX 3060: 25.5 and 51 TFLOPS); the slower is assumed."""


def kernel_us(kernel: Kernel, card: Card) -> float:
    """How long *kernel* works, in microseconds, once it runs."""
    rows, columns = kernel.product
    products = 2 * kernel.multiply_adds if rows else 0
    simple = kernel.others + (0 if rows else 2 * kernel.multiply_adds)
    rate = card.tensor_tflops if kernel.half else card.float_tflops
    calculated = simple / (card.float_tflops * SIMPLE_SHARE)
    if products:
        calculated += products / (rate * PRODUCT_SHARE * busy(rows, columns, card.multiprocessors))
    moved = kernel.moved_bytes / (card.memory_gb_s * MEMORY_SHARE)
    return max(calculated / 1e6, moved / 1e3)


def busy(rows: int, columns: int, multiprocessors: int) -> float:
    """Share of the multiprocessors that a product of *rows* by *columns* keeps busy."""
    tiles = math.ceil(rows / TILE) * math.ceil(columns / TILE)
    return tiles / (multiprocessors * math.ceil(tiles / multiprocessors))


def pass_ms(kernels: Iterable[Kernel], card: Card, graph: bool = True) -> float:
    """How long *kernels* take one after the other, in milliseconds.

    Args:
        kernels: of one pass.
        card: on which.
        graph: whether they are started by a CUDA graph.
    """
    least = 0.0 if graph else LAUNCH_US
    return sum(max(kernel_us(each, card) + START_US, least) for each in kernels) / 1e3

"""A kernel's time on a card, worked out by hand."""

import pytest

from kiosk.bench.cards import (
    CARDS,
    LAUNCH_US,
    MEMORY_SHARE,
    PRODUCT_SHARE,
    SIMPLE_SHARE,
    START_US,
    Card,
    busy,
    kernel_us,
    pass_ms,
)
from kiosk.bench.kernels import Kernel
from kiosk.bench.node_work import Work

CARD = Card("a card", "8.6", 10, 10.0, 20.0, 100.0)


def kernel(multiply_adds: int = 0, others: int = 0, moved: int = 0, half: bool = True,
           product: tuple[int, int] = (0, 0)) -> Kernel:  # fmt: skip
    work = Work("Conv", (), (), multiply_adds, others, half=half, product=product)
    return Kernel([work], 1, moved, 0)


def test_what_moves_takes_the_memorys_time() -> None:
    assert kernel_us(kernel(moved=10_000_000), CARD) == pytest.approx(100 / MEMORY_SHARE)


def test_a_product_takes_the_tensor_cores_time_and_a_float32_one_the_shaders() -> None:
    full = (10 * 64, 64)
    half, whole = (kernel(10**10, half=half, product=full) for half in (True, False))
    assert kernel_us(half, CARD) == pytest.approx(1000 / PRODUCT_SHARE)
    assert kernel_us(whole, CARD) == pytest.approx(2000 / PRODUCT_SHARE)


def test_other_work_takes_the_shaders_time() -> None:
    assert kernel_us(kernel(10**9, others=8 * 10**9), CARD) == pytest.approx(1000 / SIMPLE_SHARE)


def test_few_tiles_leave_multiprocessors_idle() -> None:
    assert busy(640, 64, 10) == 1
    assert busy(64, 64, 10) == pytest.approx(0.1)
    assert busy(1, 1, 10) == pytest.approx(0.1)
    assert busy(641, 64, 10) == pytest.approx(11 / 20)


def test_many_small_kernels_take_as_long_as_they_take_to_start() -> None:
    small = [kernel()] * 1000
    assert pass_ms(small, CARD) == pytest.approx(START_US)
    assert pass_ms(small, CARD, graph=False) == pytest.approx(LAUNCH_US)
    large = [kernel(moved=10_000_000)]
    assert pass_ms(large, CARD, graph=False) == pytest.approx(pass_ms(large, CARD))


def test_the_first_card_is_the_one_that_has_a_budget() -> None:
    assert CARDS[0].name.startswith("RTX 3060")
    assert CARDS[0].float_tflops == pytest.approx(2 * 3584 * 1.777e-3, rel=0.01)
    assert CARDS[0].tensor_tflops == pytest.approx(28 * 256 * 2 * 1.777e-3, rel=0.01)

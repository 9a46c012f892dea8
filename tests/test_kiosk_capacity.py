"""How many stages fit: by what is set, or by what pictures cost."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.pipeline import Pipeline
from kiosk.capacity import SENDING_S, SHARE, Capacity, Kind
from kiosk.ladder import BUSY
from kiosk.picture_cost import PictureCost
from kiosk.worker import Worker
from tests.fakes import fake_pipeline

SMALL, LARGE = Kind((512, 512)), Kind((1024, 1024))
SLOT_S = 0.04


def measured(draw_s: float, encode_s: float = 0.0, cores: int = 64) -> Capacity:
    made = Capacity(0, 25, cores)
    made.costs = {SMALL: PictureCost(draw_s, encode_s)}
    return made


@pytest.mark.parametrize("stages", [1, 3])
def test_what_is_set_counts(stages: int) -> None:
    made = Capacity(stages, 25)
    assert made.places(SMALL) == stages
    assert made.fits([SMALL] * (stages - 1), LARGE)
    assert not made.fits([SMALL] * stages, SMALL)


def test_before_it_is_measured_nobody_is_refused() -> None:
    made = Capacity(0, 25)
    assert made.places(SMALL) is None
    assert made.fits([SMALL] * 20, SMALL)


def test_one_thread_draws_for_all() -> None:
    made = measured(draw_s=SHARE * SLOT_S / 3.01)
    assert made.places(SMALL) == 3
    assert made.fits([SMALL, SMALL], SMALL) and not made.fits([SMALL] * 3, SMALL)


def test_a_picture_waits_for_its_encoding_too() -> None:
    half_s = SHARE * SLOT_S / 2.01 / 2
    assert measured(half_s, half_s).places(SMALL) == 2


def test_fewer_than_the_ladder_would_begin_to_go_down_for() -> None:
    assert SHARE < BUSY


def test_a_single_core_sends_as_well() -> None:
    half_s = (SHARE * SLOT_S / 3.01 - SENDING_S) / 2
    assert measured(half_s, half_s, cores=1).places(SMALL) == 3
    assert (measured(half_s, half_s, cores=2).places(SMALL) or 0) > 3


def test_the_first_is_shown_however_slow_the_machine_is() -> None:
    made = measured(draw_s=1.0)
    assert made.places(SMALL) == 1
    assert made.fits([], SMALL) and not made.fits([SMALL], SMALL)


def test_larger_pictures_cost_as_their_pixels_do() -> None:
    made = measured(0.004)
    assert made.share(LARGE) == pytest.approx(4 * made.share(SMALL))
    made = measured(SHARE * SLOT_S / 6.01)
    assert made.fits([LARGE, SMALL], SMALL) and not made.fits([LARGE, SMALL, SMALL], SMALL)


def test_another_preset_is_unknown_and_counts_as_what_is_known_until_it_is_measured() -> None:
    refined = Kind((512, 512), "balanced", 1)
    made = measured(0.004)
    assert not Capacity(0, 25).unknown(refined), "nothing is measured: the kiosk only starts"
    assert made.unknown(refined) and not made.unknown(LARGE)
    assert made.share(refined) == made.share(SMALL)
    made.costs[refined] = PictureCost(0.012, 0.0)
    assert not made.unknown(refined)
    assert made.share(refined) == pytest.approx(3 * made.share(SMALL))
    assert made.share(LARGE) == pytest.approx(4 * made.share(SMALL)), "and each stays its own"


async def test_every_size_is_measured_once() -> None:
    asked: list[tuple[int, int]] = []

    def make(width: int, height: int) -> Pipeline:
        asked.append((width, height))
        return fake_pipeline(width, height)

    made, worker = Capacity(0, 25), Worker("test")
    with ThreadPoolExecutor(1) as pool:
        kinds = [Kind(size) for size in ((64, 64), (64, 128), (64, 64))]
        await made.measure(make, kinds, worker, pool)
        assert asked == [(64, 64), (64, 128)] == [kind.size for kind in made.costs]
        await Capacity(2, 25).measure(make, [Kind((32, 32))], worker, pool)
    assert len(asked) == 2, "what is set needs no measuring"
    worker.close()

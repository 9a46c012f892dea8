from typing import Any

from playwright.async_api import Page


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/clock.js'); {body} }}"
    )


async def test_differences_of_timestamps_wrap_at_32_bits(library: Page) -> None:
    assert await call(library, "return m.ticksBetween(5, 2 ** 32 - 4);") == 9


async def test_media_time_counts_from_the_origin(library: Page) -> None:
    ticks = 90 * 1500
    assert await call(library, f"return m.mediaMs(1000 + {ticks}, 1000, 90);") == 1500


async def test_media_time_goes_on_after_the_timestamp_wraps(library: Page) -> None:
    origin, elapsed_ms = 7, 20 * 3600 * 1000
    rtp = (origin + elapsed_ms * 90) % 2**32
    assert (
        await call(library, f"return m.mediaMs({rtp}, 7, 90, {elapsed_ms + 4000});") == elapsed_ms
    )


async def test_media_time_just_before_the_origin_is_negative(library: Page) -> None:
    assert await call(library, "return m.mediaMs(100, 100 + 90 * 40, 90);") == -40


async def test_the_offset_is_positive_when_the_picture_is_late(library: Page) -> None:
    offset = await call(library, "return m.lagMs(5000, 900) - m.lagMs(5000 + 30, 1000);")
    assert offset == 70


async def test_the_mean_of_the_middle_sees_through_a_screens_ticks(library: Page) -> None:
    """25 frames a second on a screen of 60: each waits for the next tick."""
    mean = await call(
        library,
        """const lags = Array.from({ length: 12 }, (_, i) =>
             m.lagMs(Math.ceil((i * 40 + 3) / (1000 / 60)) * (1000 / 60), i * 40));
           return m.middleMean([...lags, 500, -500]);""",
    )
    assert abs(mean - 3 - 1000 / 120) < 2.5
    assert await call(library, "return m.middleMean([7]);") == 7
    assert await call(library, "return m.middleMean([]);") is None


async def test_a_delta_mean_tells_only_what_is_new(library: Page) -> None:
    means = await call(
        library,
        """const mean = new m.DeltaMean();
           return [mean.next(10, 5), mean.next(40, 10), mean.next(40, 10)];""",
    )
    assert means == [2, 6, 6]


FREEZES = """const counter = new m.FrameCounter(200);
    for (const [at, presented] of %s) counter.add(at, presented);
    return [counter.freezes, counter.shown];"""


async def test_a_gap_longer_than_200_ms_is_a_freeze(library: Page) -> None:
    frames = "[[0, 1], [40, 2], [300, 3], [340, 4]]"
    assert await call(library, FREEZES % frames) == [1, 4]


async def test_frames_shown_behind_the_pages_back_are_no_freeze(library: Page) -> None:
    frames = "[[0, 1], [40, 2], [300, 8], [340, 9]]"
    assert await call(library, FREEZES % frames) == [0, 9]


async def test_a_hidden_page_is_not_frozen(library: Page) -> None:
    freezes = await call(
        library,
        """const counter = new m.FrameCounter(200);
           counter.add(0, 1); counter.pause(); counter.add(60000, 2); return counter.freezes;""",
    )
    assert freezes == 0


async def test_the_frame_rate_is_that_of_the_last_two_seconds_and_falls_when_stuck(
    library: Page,
) -> None:
    rates = await call(
        library,
        """const counter = new m.FrameCounter(200);
           for (let i = 0; i <= 100; i += 1) counter.add(40 * i, i);
           return [counter.rateHz(4000), counter.rateHz(6000)];""",
    )
    assert abs(rates[0] - 25) < 0.1
    assert abs(rates[1] - 12.5) < 0.1

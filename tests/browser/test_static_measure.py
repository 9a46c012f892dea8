from playwright.async_api import Page

from kiosk.bench.browser import until
from tests.browser.fake_server import FakeServer

MEASURED = "window.kiosk?.history.filter((r) => r.av_offset_ms !== null).length >= 2"
KEYS = {
    "type",
    "av_offset_ms",
    "frame_rate_hz",
    "freezes",
    "frames_dropped",
    "audio_buffer_ms",
    "video_buffer_ms",
    "playout_delay_ms",
    "hidden",
}


async def test_the_page_reports_what_it_measures(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, MEASURED)
    report = fake.reports[-1]
    assert set(report) == KEYS
    assert report["type"] == "report"
    assert report["hidden"] is False
    assert 5 < report["frame_rate_hz"] < 40
    assert report["playout_delay_ms"] > 0


async def test_the_offset_follows_the_origin_the_server_tells(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, MEASURED)
    before_ms = await page.evaluate("kiosk.history.at(-1).av_offset_ms")
    stage = next(iter(fake.sessions.values()))[1]
    late_ms = 5000
    moved = {**stage.origins, "video_rtp": (stage.origins["video_rtp"] + late_ms * 90) % 2**32}
    stage.send(type="origin", **moved)
    await until(page, f"kiosk.history.at(-1).av_offset_ms > {before_ms + late_ms - 2000}")
    after_ms = await page.evaluate("kiosk.history.at(-1).av_offset_ms")
    assert abs(after_ms - before_ms - late_ms) < 1500, "a video whose time 0 is later is later"


async def test_the_media_time_is_the_servers(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, MEASURED)
    stage = next(iter(fake.sessions.values()))[1]
    seen_ms = await page.evaluate("kiosk.stats().media_ms")
    assert 0 < stage.now_ms() - seen_ms < 2500


async def test_the_figures_tell_the_picture_and_the_sound(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, MEASURED)
    stats = await page.evaluate("kiosk.stats()")
    assert (stats["width_px"], stats["height_px"]) == (512, 512)
    assert stats["frames_decoded"] > 0
    quiet = stats["audio_energy"]
    next(iter(fake.sessions.values()))[1].say("one two three four", "u")
    await until(page, f"kiosk.stats().audio_energy > {quiet} + 0.001")

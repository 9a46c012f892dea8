from playwright.async_api import Page


async def test_the_figures_are_written_short_and_the_unknown_as_a_dash(library: Page) -> None:
    text = await library.evaluate(
        """async () => {
          const { overlayText } = await import('/static/overlay.js');
          return overlayText({ av_offset_ms: null, frame_rate_hz: 24.96, width_px: 512,
            height_px: 512, freezes: 1, frames_dropped: 2, packets_lost: 3,
            audio_buffer_ms: 80.4, video_buffer_ms: 60, playout_delay_ms: 30 });
        }"""
    )
    assert text.splitlines() == [
        "offset – ms",
        "measured –, corrected – ms",
        "ladder –",
        "frames 25.0 Hz, 512×512",
        "freezes 1, dropped 2, lost 3",
        "buffers 80 / 60 ms",
        "playout 30 ms",
    ]


async def test_what_remains_after_correction_comes_first(library: Page) -> None:
    lines = await library.evaluate(
        """async () => {
          const { overlayText } = await import('/static/overlay.js');
          return overlayText({ offset_ms: -1.26, shift_ms: 40, rung: 'full', av_offset_ms: 38.7 });
        }"""
    )
    assert lines.splitlines()[:3] == [
        "offset -1.3 ms", "measured 38.7, corrected 40.0 ms", "ladder full",
    ]  # fmt: skip

from typing import Any

import pytest
from playwright.async_api import Page

from kiosk.bench.browser import until
from tests.browser.fake_server import FakeServer

READY = "window.kiosk?.state === 'ready'"


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/whep.js'); {body} }}"
    )


async def test_the_wait_doubles_within_its_limits(library: Page) -> None:
    waits = await call(library, "return [0, 1, 2, 3, 4, 50].map((n) => m.backoffMs(n, 0.5));")
    assert waits == [500, 1000, 2000, 4000, 5000, 5000]


async def test_the_wait_is_scattered_and_never_outside_its_limits(library: Page) -> None:
    waits = await call(
        library,
        "return [0, 1, 2, 9].flatMap((n) => [0, 0.999].map((random) => m.backoffMs(n, random)));",
    )
    assert waits[2] == pytest.approx(800)
    assert waits[3] == pytest.approx(1200, abs=1)
    assert all(500 <= wait <= 5000 for wait in waits)


ANSWER = """v=0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=msid:one sound
a=ssrc:7 cname:x
m=video 9 UDP/TLS/RTP/SAVPF 97
a=msid:one picture
a=ssrc:8 msid:one picture
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
"""


async def test_sound_and_picture_get_streams_of_their_own(library: Page) -> None:
    apart = await call(library, f"return m.streamsApart({ANSWER!r});")
    assert apart == (
        ANSWER.replace("msid:one sound", "msid:kiosk-1 sound").replace(
            "msid:one picture", "msid:kiosk-2 picture"
        )
    )


FREEZE = """const watch = new m.FreezeWatch(0);
    return [%s].map(([now, decoded, hidden]) => watch.frozen(now, decoded, hidden));"""


async def test_no_new_frame_for_two_seconds_is_a_freeze(library: Page) -> None:
    seen = await call(library, FREEZE % "[100, 5, false], [2000, 5, false], [2101, 5, false]")
    assert seen == [False, False, True]


async def test_the_first_frame_has_more_time(library: Page) -> None:
    seen = await call(library, FREEZE % "[2500, 0, false], [9999, 0, false], [10001, 0, false]")
    assert seen == [False, False, True]


async def test_a_hidden_page_is_not_frozen_and_gets_time_when_shown_again(library: Page) -> None:
    seen = await call(library, FREEZE % "[100, 5, false], [60000, 5, true], [61000, 5, false]")
    assert seen == [False, False, False]


async def test_a_frozen_picture_is_replaced_by_a_new_session(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, READY)
    next(iter(fake.sessions.values()))[1].frozen = True
    await until(page, "window.kiosk.state === 'lost'", 6)
    assert await page.evaluate("!document.querySelector('#still').hidden"), "the last picture stays"
    await until(page, READY)
    assert await page.evaluate("document.querySelector('#still').hidden")
    assert fake.deleted == ["s1"]
    assert list(fake.sessions) == ["s2"]


async def test_leaving_the_page_ends_the_session(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, READY)
    await page.goto(f"{fake.url}/static/icon.svg")
    await until(page, "document.title === ''")
    assert fake.deleted == ["s1"]


async def test_a_full_hall_is_told_and_tried_again_when_the_server_says(
    page: Page, fake: FakeServer
) -> None:
    fake.whep_problem = {
        "status": 503,
        "title": "Full",
        "code": "full",
        "headers": {"Retry-After": "2"},
    }
    await page.goto(fake.url)
    await until(page, "window.kiosk?.state === 'full'")
    assert await page.inner_text("#screen-title") == "All places are taken just now"
    assert "2 s" in await page.inner_text("#screen-detail")
    fake.whep_problem = None
    await until(page, READY)
    assert len(fake.queries) == 2, "no try before the time the server named"


async def test_a_refusal_shows_the_servers_words(page: Page, fake: FakeServer) -> None:
    fake.whep_problem = {
        "status": 401,
        "title": "A token is required",
        "remedy": "Open the page with ?token=",
        "code": "unauthorized",
    }
    await page.goto(fake.url)
    await until(page, "window.kiosk?.state === 'refused'")
    detail = await page.inner_text("#screen-detail")
    assert "A token is required" in detail
    assert "Open the page with ?token=" in detail


async def test_stage_and_avatar_of_the_address_are_asked_for(page: Page, fake: FakeServer) -> None:
    await page.goto(f"{fake.url}/?stage=lobby&avatar=ada")
    await until(page, READY)
    assert fake.queries == [{"size": "square", "stage": "lobby", "avatar": "ada"}]


async def test_a_screen_that_is_turned_gets_the_other_picture(page: Page, fake: FakeServer) -> None:
    await page.goto(fake.url)
    await until(page, READY)
    await page.set_viewport_size({"width": 720, "height": 1280})
    await until(page, "document.querySelector('video').videoHeight === 768")
    assert [query["size"] for query in fake.queries] == ["square", "portrait"]

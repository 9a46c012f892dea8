from typing import Any

from playwright.async_api import Page

from kiosk.bench.browser import until
from tests.browser.fake_server import FakeServer


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/api.js'); {body} }}"
    )


async def test_retry_after_holds_seconds_or_a_date(library: Page) -> None:
    found = await call(
        library,
        """const now = Date.parse('2026-01-01T00:00:00Z');
           return ['5', 'Thu, 01 Jan 2026 00:00:07 GMT', 'Wed, 31 Dec 2025 00:00:00 GMT', 'soon',
             null].map((header) => m.retryAfterS(header, now));""",
    )
    assert found == [5, 7, 0, 0, 0]


async def test_a_problem_document_is_read(library: Page) -> None:
    problem = await call(
        library,
        """const body = JSON.stringify({ title: 'Full', detail: 'd', remedy: 'r', code: 'full' });
           const headers = { 'Retry-After': '3' };
           return {...await m.problemOf(new Response(body, { status: 503, headers }))};""",
    )
    assert problem["title"] == "Full"
    assert problem["remedy"] == "r"
    assert problem["code"] == "full"
    assert problem["status"] == 503
    assert problem["retryAfterS"] == 3


async def test_any_other_failure_still_has_a_title(library: Page) -> None:
    problem = await call(
        library,
        """return {...await m.problemOf(
             new Response('<h1>oops', { status: 502, statusText: 'Bad Gateway' }))};""",
    )
    assert problem["title"] == "502 Bad Gateway"
    assert problem["detail"] == "<h1>oops"


async def test_a_server_that_cannot_be_reached_is_a_problem(library: Page) -> None:
    code = await call(
        library,
        """const down = new m.Api('');
           return down.ask('http://127.0.0.1:1/').catch((problem) => problem.code);""",
    )
    assert code == "unreachable"


async def test_the_token_leaves_the_address_and_goes_into_the_requests(
    page: Page, fake: FakeServer
) -> None:
    seen = []
    page.on("request", lambda request: seen.append(request))
    await page.goto(f"{fake.url}/?token=secret&lang=zh")
    await until(page, "window.kiosk?.state === 'ready'")
    assert "token" not in page.url
    assert "lang=zh" in page.url
    asked = [request for request in seen if "/v1/page" in request.url or "/whep?" in request.url]
    assert {request.headers.get("authorization") for request in asked} == {"Bearer secret"}

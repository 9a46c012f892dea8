from typing import Any

from playwright.async_api import Page


async def detail(page: Page, state: str, wait_ms: float, refusal: str = "null") -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"""async () => {{
          const {{ screenDetail }} = await import('/static/view.js');
          const {{ Problem }} = await import('/static/api.js');
          return screenDetail('{state}', 'en', {wait_ms}, {refusal});
        }}"""
    )


async def test_the_card_counts_whole_seconds_down_and_never_to_zero(library: Page) -> None:
    assert "in 3 s" in await detail(library, "full", 2100)
    assert "in 1 s" in await detail(library, "full", -50)


async def test_a_refusal_is_told_with_its_remedy_in_whole_sentences(library: Page) -> None:
    problem = "new Problem({ status: 401, title: 'A token is required', remedy: 'Add ?token=.' })"
    assert await detail(library, "refused", 900, problem) == (
        "A token is required. Add ?token=. Trying again in 1 s."
    )


async def test_visitors_are_not_told_the_names_of_the_avatars(library: Page) -> None:
    problem = "new Problem({ title: 'Unknown avatar', code: 'unknown_avatar', remedy: 'ada, lin' })"
    assert await detail(library, "refused", 900, problem) == (
        "Unknown avatar. Trying again in 1 s."
    )


async def test_a_lost_connection_says_that_it_recovers(library: Page) -> None:
    assert "recovers by itself" in await detail(library, "lost", 500)

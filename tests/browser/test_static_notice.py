from typing import Any

from playwright.async_api import Page


async def words(page: Page, problem: str, language: str = "en") -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"""async () => {{
          const {{ noticeWords }} = await import('/static/notice.js');
          const {{ Problem }} = await import('/static/api.js');
          return noticeWords(new Problem({problem}), '{language}');
        }}"""
    )


async def test_the_servers_words_are_shown_as_sentences(library: Page) -> None:
    problem = "{ title: 'Full', detail: 'all are taken', remedy: 'Wait.', status: 503 }"
    assert await words(library, problem) == {
        "title": "Full",
        "detail": "All are taken.",
        "remedy": "Wait.",
    }
    key = "{ title: 'Refused', detail: 'expand_ratio is refused', remedy: 'avatar.dir: set it' }"
    assert await words(library, key) == {
        "title": "Refused",
        "detail": "expand_ratio is refused.",
        "remedy": "avatar.dir: set it.",
    }


async def test_a_missing_token_is_asked_for_as_a_browser_can_give_it(library: Page) -> None:
    problem = """{ code: 'token_required', status: 401, title: 'Token required',
      detail: 'no valid token', remedy: 'send Authorization: Bearer TOKEN' }"""
    for language in ("en", "zh"):
        shown = await words(library, problem, language)
        assert "?token=" in shown["remedy"] and "Bearer" not in str(shown)


async def test_the_pages_own_problems_are_told_in_the_visitors_language(library: Page) -> None:
    shown = await words(library, "{ code: 'unreachable' }", "zh")
    assert shown["title"] == "无法连接服务器"
    assert shown["remedy"]


async def test_a_problem_without_words_still_has_a_title(library: Page) -> None:
    assert (await words(library, "{ status: 500 }"))["title"] == "This could not be done"


async def test_a_lone_detail_becomes_the_title_and_is_not_repeated(library: Page) -> None:
    shown = await words(library, "{ status: 500, detail: 'broken' }")
    assert (shown["title"], shown["detail"]) == ("broken", "")

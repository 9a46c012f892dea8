from typing import Any

from playwright.async_api import Page


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/strings.js'); {body} }}"
    )


async def test_both_languages_have_the_same_words(library: Page) -> None:
    english, chinese = await call(library, "return [m.keys('en'), m.keys('zh')];")
    assert english == chinese
    assert len(english) > 20


async def test_a_wish_such_as_zh_cn_is_understood_and_others_are_not_guessed(
    library: Page,
) -> None:
    found = await call(library, "return ['zh-CN', 'EN', 'fr', '', null].map(m.supported);")
    assert found == ["zh", "en", None, None, None]


async def test_values_are_put_into_the_words(library: Page) -> None:
    assert "4" in await call(library, "return m.words('zh', 'retry', { seconds: 4 });")


async def test_the_language_codes_for_the_page(library: Page) -> None:
    assert await call(library, "return ['en', 'zh'].map(m.htmlLanguage);") == ["en", "zh-CN"]


TOPICS = "[{ title: 'Opening hours' }, { title: '办公时间' }, { title: '无线网 Wi-Fi / Wireless' }]"


async def test_topics_are_those_of_the_visitors_language(library: Page) -> None:
    titles = await call(
        library,
        f"return ['en', 'zh'].map((l) => m.topicsFor({TOPICS}, l).map((t) => t.title));",
    )
    assert titles[0] == ["Opening hours", "无线网 Wi-Fi / Wireless"]
    assert titles[1] == ["办公时间", "无线网 Wi-Fi / Wireless"]


async def test_without_topics_in_a_language_all_are_shown(library: Page) -> None:
    titles = await call(
        library, "return m.topicsFor([{ title: 'Opening hours' }], 'zh').map((t) => t.title);"
    )
    assert titles == ["Opening hours"]

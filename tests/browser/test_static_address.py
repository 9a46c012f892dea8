from typing import Any

from playwright.async_api import Page


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"""async () => {{
          const {{ Address, sizeFor }} = await import('/static/address.js');
          const {{ Problem }} = await import('/static/api.js');
          const gone = new Problem({{ code: 'unknown_avatar', status: 404 }});
          {body}
        }}"""
    )


async def test_what_the_page_is_asked_for_is_passed_on_and_nothing_else(library: Page) -> None:
    asked = await call(
        library,
        """const query = new URLSearchParams('avatar=grace&stage=&lang=zh&terminal=east');
        return new Address(query).endpoint('square');""",
    )
    assert asked == "/whep?size=square&avatar=grace&terminal=east"


async def test_a_tall_window_has_a_tall_picture(library: Page) -> None:
    sizes = "[[1080, 1920], [390, 844], [700, 700], [1280, 800]]"
    assert await call(
        library, f"return {sizes}.map(([width, height]) => sizeFor({{ width, height }}));"
    ) == ["portrait", "portrait", "square", "square"]


async def test_an_avatar_that_is_not_there_is_given_up_once_and_wished_again_later(
    library: Page,
) -> None:
    said = await call(
        library,
        """const address = new Address(new URLSearchParams('avatar=gone'));
        const first = [address.yields(gone), address.endpoint('square'), address.yields(gone)];
        address.arrived();
        return [...first, address.endpoint('square')];""",
    )
    assert said == [True, "/whep?size=square", False, "/whep?size=square&avatar=gone"]


async def test_other_refusals_and_screens_without_a_wish_are_told(library: Page) -> None:
    said = await call(
        library,
        """const full = new Problem({ code: 'hall_full', status: 503 });
        return [new Address(new URLSearchParams('avatar=ada')).yields(full),
          new Address(new URLSearchParams('avatar=ada')).yields(null),
          new Address(new URLSearchParams('')).yields(gone)];""",
    )
    assert said == [False, False, False]

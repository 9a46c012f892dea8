import re
from pathlib import Path
from typing import Any

from playwright.async_api import Page

STATIC = Path(__file__).parents[2] / "static"


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/admin_strings.js'); {body} }}"
    )


async def test_both_languages_have_the_same_words(library: Page) -> None:
    english, chinese = await call(library, "return [m.keys('en'), m.keys('zh')];")
    assert english == chinese
    assert len(english) > 80


async def test_what_the_page_says_is_there(library: Page) -> None:
    known = set(await call(library, "return m.keys('en');"))
    html = (STATIC / "admin.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'data-(?:say|label)="([a-z_]+)"', html))
    for script in ("admin.js", "admin_view.js", "newcomer.js", "camera.js"):
        text = (STATIC / script).read_text(encoding="utf-8")
        asked |= set(re.findall(r"\b(?:t|say)\((?:[\w.]*anguage\(?\)?, )?'([a-z_]+)'", text))
    assert len(asked) > 50
    assert asked <= known


async def test_problems_are_told_in_the_operators_language(library: Page) -> None:
    told = await call(
        library,
        """const { Problem } = await import('/static/api.js');
        const { CHINESE } = await import('/static/findings.js');
        const taken = new Problem({ code: 'name_taken', title: 'Name taken', remedy: 'another' });
        const camera = new Problem({ code: 'camera_denied' });
        const told = (p) => ['en', 'zh'].map((l) => m.problemWords(p, l, CHINESE));
        return [taken, camera].flatMap(told);
        """,
    )
    assert told[0]["title"] == "Name taken" and told[0]["remedy"] == "Another."
    assert told[1]["remedy"] == "请换一个名称"
    assert "Allow it" in told[2]["remedy"] and "允许" in told[3]["remedy"]

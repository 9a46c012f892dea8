import tomllib
from typing import Any

import pytest_asyncio
from playwright.async_api import Page

from kiosk.config import Settings
from tests.browser.fake_server import FakeServer


@pytest_asyncio.fixture(loop_scope="session")
async def bare(page: Page, fake: FakeServer) -> Page:
    """A bare page of HTML, which the picture of ``library`` is not."""
    await page.goto(f"{fake.url}/static/style.css")
    return page


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/tuning.js'); {body} }}"
    )


async def test_the_lines_to_keep_are_settings_of_the_kiosk(library: Page) -> None:
    lines = await call(
        library,
        """return m.toml('grace', { ...m.DEFAULTS, dynamic_scale: 1.05, background: '#1f5c4d',
          mark_text: 'AI "made"', mark: false }, '');""",
    )
    settings = Settings.model_validate(tomllib.loads(lines))
    assert (settings.avatar.name, settings.avatar.dynamic_scale) == ("grace", 1.05)
    assert settings.look.background == "#1f5c4d"
    assert settings.look.mark is False and settings.look.mark_text == 'AI "made"'


async def test_the_form_begins_with_the_kiosks_own_defaults(library: Page) -> None:
    settings = Settings()
    shown = await call(library, "return m.DEFAULTS;")
    scales = {key: shown.pop(key) for key in ("dynamic_scale", "motion_scale")}
    assert scales == {key: getattr(settings.avatar, key) for key in scales}
    assert shown == {key: getattr(settings.look, key) for key in shown}


async def test_a_picture_is_kept_by_its_name(library: Page) -> None:
    lines = await call(
        library, "return m.toml('ada', { ...m.DEFAULTS, background: 'image' }, 'hall.jpg');"
    )
    assert tomllib.loads(lines)["look"]["background"] == "hall.jpg"


FORM = """const form = document.createElement('form');
const changes = [];
const tuning = new m.Tuning(form, () => changes.push({ ...tuning.look }));
tuning.render('en');
const set = (name, value) => {
  form.elements.namedItem(name).value = value;
  form.dispatchEvent(new Event('input'));
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));
"""


async def test_the_form_tells_once_what_has_settled(bare: Page) -> None:
    changes = await call(
        bare,
        f"""{FORM} set('dynamic_scale', '1.1'); set('dynamic_scale', '1.15');
        set('mark_text', '  '); set('kind', 'colour'); set('colour', '#102030');
        await settled(); return changes;""",
    )
    assert len(changes) == 1
    assert changes[0]["dynamic_scale"] == 1.15
    assert changes[0]["mark_text"] == "AI-generated", "a mark without words says its usual ones"
    assert changes[0]["background"] == "#102030"


async def test_what_the_server_says_holds_until_the_operator_says_something(bare: Page) -> None:
    looks = await call(
        bare,
        f"""{FORM} const told = {{ ...m.DEFAULTS, motion_scale: 1.05, background: '#00ff00' }};
        tuning.take(told); tuning.render('en'); const first = {{ ...tuning.look }};
        set('dynamic_scale', '1.2'); tuning.take(m.DEFAULTS);
        return [first, tuning.look];""",
    )
    assert looks[0]["motion_scale"] == 1.05 and looks[0]["background"] == "#00ff00"
    assert looks[1]["dynamic_scale"] == 1.2 and looks[1]["motion_scale"] == 1.05


async def test_it_knows_whether_anything_is_tuned(bare: Page) -> None:
    tuned = await call(
        bare,
        f"""{FORM} const said = [tuning.tuned];
        tuning.take({{ ...m.DEFAULTS, motion_scale: 1.05 }}); tuning.render('en');
        said.push(tuning.tuned);
        set('motion_scale', '1.1'); said.push(tuning.tuned);
        set('motion_scale', '1.05'); said.push(tuning.tuned);
        return said;""",
    )
    assert tuned == [False, False, True, False]


async def test_a_picture_goes_along_when_there_is_one(bare: Page) -> None:
    wishes = await call(
        bare,
        f"""{FORM} set('kind', 'image'); const without = await tuning.wish();
        const files = new DataTransfer();
        files.items.add(new File(['abc'], 'hall.jpg'));
        form.querySelector('#image').files = files.files;
        form.dispatchEvent(new Event('input'));
        return [without, await tuning.wish(), tuning.picture];""",
    )
    assert "background" not in wishes[0] and "background_image" not in wishes[0]
    assert wishes[1]["background_image"] == "YWJj"
    assert wishes[2] == "hall.jpg"

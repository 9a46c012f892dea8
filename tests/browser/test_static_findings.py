from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.test_readme import photo_codes, problems

NEAR = "{ code: 'face_close', reason: 'there is little room', remedy: 'go farther away' }"
NOBODY = "{ code: 'no_face', reason: 'no face is seen', remedy: 'show one' }"
OPERATORS = ("admin.py", "baker.py", "drafts.py")


async def call(page: Page, body: str) -> Any:  # noqa: ANN401
    return await page.evaluate(
        f"async () => {{ const m = await import('/static/findings.js'); {body} }}"
    )


async def verdicts(page: Page, findings: str) -> dict[str, str]:
    script = f"return m.verdicts({findings}).map(({{ check, verdict }}) => [check, verdict]);"
    return dict(await call(page, script))


async def test_nothing_is_decided_while_the_photo_is_looked_at(library: Page) -> None:
    assert set((await verdicts(library, "null")).values()) == {"waits"}


async def test_what_is_not_found_wrong_is_fulfilled(library: Page) -> None:
    found = await verdicts(library, f"[{NEAR}]")
    assert found.pop("room") == "failed"
    assert set(found.values()) == {"passed"}


async def test_what_is_only_a_warning_does_not_fail_its_check(library: Page) -> None:
    teeth = "{ code: 'teeth_shown', reason: 'teeth', remedy: 'close the lips' }"
    assert (await verdicts(library, f"[{teeth}]"))["mouth"] == "warned"
    hidden = "{ code: 'mouth_hidden', reason: 'a mask', remedy: 'take it off' }"
    assert (await verdicts(library, f"[{teeth}, {hidden}]"))["mouth"] == "failed"


async def test_without_a_face_nothing_further_was_looked_at(library: Page) -> None:
    found = await verdicts(library, f"[{NOBODY}]")
    assert (found["file"], found["face"]) == ("passed", "failed")
    assert {found[check] for check in ("size", "pose", "eyes", "light")} == {"waits"}


async def test_every_code_of_a_photo_has_its_check_and_its_chinese_words(library: Page) -> None:
    checks, chinese = await call(
        library, "return [Object.values(m.CHECKS).flat(), Object.keys(m.CHINESE)];"
    )
    found = photo_codes() - {"bad_landmarks"}
    assert found - {"not_bakeable"} <= set(checks)
    assert found <= set(chinese)


async def test_what_the_operators_part_refuses_has_chinese_words(library: Page) -> None:
    chinese = set(await call(library, "return Object.keys(m.CHINESE);"))
    room = Path(__file__).parents[2] / "kiosk"
    codes = set(problems(room / name for name in OPERATORS))
    assert codes - {"draft_not_ready", "invalid_request", "no_picture"} <= chinese


async def test_in_english_the_servers_words_stand(library: Page) -> None:
    told = await call(library, f"return ['en', 'zh'].map((l) => m.told({NEAR}, l).remedy);")
    assert told[0] == "go farther away"
    assert "请离远一些" in told[1]


async def test_nobody_in_a_browser_is_told_of_flags(library: Page) -> None:
    told = await call(
        library,
        """return m.told({ code: 'several_faces', reason: 'there are 3 faces in the photo',
          remedy: 'crop it to one person; forced, the largest is taken' }, 'en');""",
    )
    assert told["reason"] == "there are 3 faces in the photo"
    assert "use it nevertheless" in told["remedy"] and "forced" not in told["remedy"]

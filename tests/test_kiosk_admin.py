"""Avatars over HTTP: made, looked at, kept, shown, removed; whatever is sent."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.portrait import rig as rigs
from kiosk import admin, drafts
from kiosk.app import Kiosk
from tests.fake_bakery import DARK, PORTRAIT, SHEET, FakeBakery
from tests.kiosk_client import FakeAvatars, FakeSpeech, KioskClient, settings
from tests.test_kiosk_whep import join, player


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


class Office:
    """A server, a client of it and what is behind."""

    def __init__(self, client: KioskClient, kiosk: Kiosk, folder: Path) -> None:
        self.client = client
        self.kiosk = kiosk
        self.folder = folder
        self.avatars = FakeAvatars()
        self.bakery = FakeBakery()

    async def ask(self, method: str, path: str, **how: Any) -> tuple[int, Any]:  # noqa: ANN401
        response = await self.client.request(method, path, **how)
        is_json = "json" in response.content_type
        return response.status, await (response.json() if is_json else response.read())

    async def draft(self) -> dict[str, Any]:
        """A draft that is ready."""
        status, draft = await self.ask("POST", "/v1/drafts", data=b"good")
        assert status == 201
        work = self.kiosk.drafts.get(draft["draft"]).work
        assert work is not None
        await work
        return dict(draft)

    async def save(self, name: str = "grace") -> tuple[int, Any]:
        draft = await self.draft()
        return await self.ask("POST", "/v1/avatars", json={"draft": draft["draft"], "name": name})


@contextlib.asynccontextmanager
async def office(folder: Path, **overrides: object) -> AsyncIterator[Office]:
    avatars, bakery = FakeAvatars(), FakeBakery()
    chosen = settings(avatar__dir=str(folder), **overrides)
    kiosk = Kiosk(chosen, avatars, FakeSpeech(), bakery.bake)
    async with TestClient(TestServer(kiosk.app)) as client:
        made = Office(client, kiosk, folder)
        made.avatars, made.bakery = avatars, bakery
        yield made


async def test_from_a_photo_to_an_avatar_and_away(tmp_path: Path) -> None:
    async with office(tmp_path / "avatars") as it:
        draft = await it.draft()
        where = f"/v1/drafts/{draft['draft']}"
        assert (await it.ask("GET", where))[1]["state"] == "ready"
        assert await it.ask("GET", f"{where}/sheet") == (200, SHEET)
        assert await it.ask("GET", f"{where}/portrait") == (200, PORTRAIT)
        assert not it.folder.exists(), "nothing is written before it is saved"
        asked = {"draft": draft["draft"], "name": "grace"}
        status, saved = await it.ask("POST", "/v1/avatars", json=asked)
        assert status == 201
        assert saved == {"name": "grace", "ships": False, "shown": False, "sheet": True}
        assert (await it.ask("GET", where))[0] == 404, "what is kept is no draft any more"
        assert await it.ask("GET", "/v1/avatars/grace/sheet") == (200, SHEET)
        assert (await it.ask("DELETE", "/v1/avatars/grace"))[0] == 204
        assert list(it.folder.iterdir()) == []
        assert "grace" in it.avatars.forgotten


async def test_they_are_listed_with_their_pictures(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        _, listed = await it.ask("GET", "/v1/avatars")
        ada = {"name": "ada", "ships": True, "shown": True, "sheet": False}
        assert listed["avatars"][0] == ada
        status, picture = await it.ask("GET", "/v1/avatars/ada/portrait")
        assert status == 200
        decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None and decoded.shape[:2] == (admin.THUMBNAIL_PX, admin.THUMBNAIL_PX)
        assert (await it.ask("GET", "/v1/avatars/ada/sheet"))[1]["code"] == "no_picture"


async def test_another_one_is_shown_and_who_watches_sees_it(tmp_path: Path) -> None:
    async with office(tmp_path) as it, player() as default, player() as asked:
        await join(it.client, default, "?stage=hall")
        await join(it.client, asked, "?stage=office&avatar=ada")
        status, shown = await it.ask("POST", "/v1/avatars/lin/show")
        assert (status, shown["shown"]) == (200, True)
        watched = {stage.name: stage.avatar for stage in it.kiosk.stages}
        assert watched == {"hall": "lin", "office": "ada"}
        assert (await it.ask("GET", "/v1/page"))[1]["avatar"] == "lin"
        assert (await it.ask("POST", "/v1/avatars/nobody/show"))[1]["code"] == "unknown_avatar"


async def test_the_one_that_is_shown_stays(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        assert (await it.save())[0] == 201
        it.kiosk.stages.avatar = "grace"
        assert (await it.ask("DELETE", "/v1/avatars/grace"))[1]["code"] == "avatar_shown"
        it.kiosk.stages.avatar = "ada"
        assert (await it.ask("DELETE", "/v1/avatars/lin"))[1]["code"] == "avatar_ships"
        assert (await it.ask("DELETE", "/v1/avatars/..%2Fgrace"))[1]["code"] == "unknown_avatar"
        assert (it.folder / "grace").is_dir()


async def test_a_photo_that_is_refused_names_every_reason(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        status, problem = await it.ask("POST", "/v1/drafts", data=b"dark")
        assert (status, problem["code"], problem["remedy"]) == (422, "too_dark", DARK.remedy)
        assert [found["code"] for found in problem["findings"]] == ["too_dark", "blurred"]
        assert problem["forcible"] is True
        status, draft = await it.ask(
            "POST", "/v1/drafts?force=true&expand_ratio=0.2&min_resolution=600", data=b"dark"
        )
        assert (status, draft["findings"]) == (201, [DARK.model_dump()])
        wishes = it.bakery.wishes[-1]
        assert (wishes.expand_ratio, wishes.min_resolution_px, wishes.force) == (0.2, 600, True)


@pytest.mark.parametrize(
    "query", ["expand_ratio=0.5", "expand_ratio=nan", "expand_ratio=x", "min_resolution=9",
              "min_resolution=1e3", "force=maybe"],
)  # fmt: skip
async def test_wishes_beyond_their_bounds_are_refused(tmp_path: Path, query: str) -> None:
    async with office(tmp_path) as it:
        status, problem = await it.ask("POST", f"/v1/drafts?{query}", data=b"good")
        assert (status, problem["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("a/b", 422, "invalid_name"),
        ("../../etc", 422, "invalid_name"),
        ("", 422, "invalid_name"),
        ("draft.x", 422, "invalid_name"),
        ("x\x00y", 422, "invalid_name"),
        ("x" * 65, 422, "invalid_name"),
        ("x" * 500, 422, "invalid_request"),
        ("ada", 409, "name_taken"),
        ("grace", 409, "name_taken"),
    ],
)
async def test_a_name_that_may_not_be_leaves_the_draft(
    tmp_path: Path, name: str, status: int, code: str
) -> None:
    async with office(tmp_path) as it:
        (tmp_path / "grace").mkdir()
        draft = (await it.draft())["draft"]
        asked = {"draft": draft, "name": name}
        answered, problem = await it.ask("POST", "/v1/avatars", json=asked)
        assert (answered, problem["code"]) == (status, code)
        assert problem["remedy"] and "kiosk portrait" not in str(problem)
        assert (await it.ask("GET", f"/v1/drafts/{draft}"))[1]["state"] == "ready"
        assert names(tmp_path) == ["grace"]


async def test_a_draft_that_is_not_ready_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "PATIENCE_S", 0.05)
    async with office(tmp_path) as it:
        it.bakery.go_on.clear()
        _, draft = await it.ask("POST", "/v1/drafts", data=b"good")
        where = f"/v1/drafts/{draft['draft']}"
        asked = {"draft": draft["draft"], "name": "grace"}
        assert (await it.ask("POST", "/v1/avatars", json=asked))[1]["code"] == "draft_not_ready"
        assert (await it.ask("GET", f"{where}/sheet"))[1]["code"] == "draft_not_ready"
        assert (await it.ask("POST", "/v1/drafts", data=b"good"))[1]["code"] == "photo_in_work"
        assert (await it.ask("DELETE", where))[0] == 204
        assert (await it.ask("DELETE", where))[1]["code"] == "unknown_draft"
        assert it.bakery.running == 0


async def test_a_photo_nobody_waits_for_makes_way_for_the_next(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.bakery.look_on.clear()
        first = asyncio.create_task(it.ask("POST", "/v1/drafts", data=b"good"))
        await it.bakery.begun.acquire()
        first.cancel()  # the browser has another one, and closes the connection
        await asyncio.wait((first,))
        second = asyncio.create_task(it.ask("POST", "/v1/drafts", data=b"good"))
        await it.bakery.begun.acquire()
        assert it.bakery.running == 1
        it.bakery.look_on.set()
        assert (await second)[0] == 201
        assert len(it.kiosk.drafts) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk_full"), (errno.EROFS, "folder_not_writable")],
)
async def test_a_disk_that_refuses_is_told_and_the_draft_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def save(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(rigs, "save", save)
    async with office(tmp_path) as it:
        draft = (await it.draft())["draft"]
        asked = {"draft": draft, "name": "grace"}
        status, problem = await it.ask("POST", "/v1/avatars", json=asked)
        assert (status, problem["code"]) == (507, code)
        assert names(tmp_path) == []
        monkeypatch.undo()
        assert (await it.ask("POST", "/v1/avatars", json=asked))[0] == 201


async def test_a_photo_that_is_too_large_or_too_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"go"
        await asyncio.Event().wait()

    async with office(tmp_path) as it:
        monkeypatch.setattr(admin, "MAX_PHOTO_BYTES", 1 << 18)
        status, problem = await it.ask("POST", "/v1/drafts", data=bytes((1 << 18) + 1))
        assert (status, problem["code"]) == (413, "photo_too_large")
        monkeypatch.setattr(admin, "UPLOAD_S", 0.05)
        status, problem = await it.ask("POST", "/v1/drafts", data=trickle())
        assert (status, problem["code"]) == (408, "upload_too_slow")
        assert it.bakery.wishes == []
        await it.draft()


async def test_the_page_is_open_and_what_it_does_is_not(tmp_path: Path) -> None:
    async with office(tmp_path, server__token="a-secret-of-the-hall") as it:
        status, page = await it.ask("GET", "/admin")
        assert status == 200 and b"admin.js" in page
        for method, path in (
            ("GET", "/v1/avatars"), ("POST", "/v1/avatars"), ("POST", "/v1/drafts"),
            ("GET", "/v1/avatars/ada/portrait"), ("DELETE", "/v1/avatars/ada"),
            ("POST", "/v1/avatars/lin/show"), ("GET", "/v1/drafts/x/sheet"),
        ):  # fmt: skip
            assert (await it.ask(method, path))[1]["code"] == "token_required"
        bearer = {"Authorization": "Bearer a-secret-of-the-hall"}
        assert (await it.ask("GET", "/v1/avatars", headers=bearer))[0] == 200


async def test_other_sites_are_kept_out(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        stranger = {"Origin": "https://evil.example"}
        for method, path in (("POST", "/v1/drafts"), ("DELETE", "/v1/avatars/grace")):
            assert (await it.ask(method, path, headers=stranger))[1]["code"] == "forbidden_origin"

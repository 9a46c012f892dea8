"""The operator's page and what is behind it: photos become avatars, are seen, kept and removed."""

import asyncio
import errno
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import cv2
from aiohttp import web

from engine.portrait.onboard import Wishes
from kiosk import portraits
from kiosk.api import ProblemError, flag, parse
from kiosk.api_avatars import AvatarAnswer, AvatarsAnswer, SaveRequest
from kiosk.config import AvatarSettings
from kiosk.drafts import Drafts, Lends
from kiosk.looks import Looks
from kiosk.memory_file import MemoryFile
from kiosk.portraits import Listed, PortraitError
from kiosk.routes import answer, static_dir
from kiosk.stages import Stages

T = TypeVar("T")

MAX_PHOTO_BYTES: Final = 64 * 1024 * 1024
UPLOAD_S: Final = 120.0
"""How long a photo may be on its way."""
LOOK_S: Final = 0.2
"""How often is looked whether who sent a photo still waits; nothing tells a handler."""
THUMBNAIL_PX: Final = 384
PRIVATE: Final = {"Cache-Control": "no-store"}
"""Faces are not kept by browsers either."""
_STATUS: Final = {"invalid_name": 422, "unknown_avatar": 404}
_REMEDY: Final = {"name_taken": "choose another name, or remove the other one first"}
"""What helps here, where the command line has another way."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Admin:
    """Handlers of the operator's part."""

    def __init__(
        self, settings: AvatarSettings, stages: Stages, looks: Looks, avatars: Lends, drafts: Drafts
    ) -> None:
        """Serve the folder of *settings* and the *drafts*; *stages* show what *avatars* loads."""
        self._settings = settings
        self._stages = stages
        self._looks = looks
        self._avatars = avatars
        self._drafts = drafts
        self._changing = asyncio.Lock()
        """One change of the folder at a time."""

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the paths."""
        router.add_get("/admin", self._page)
        router.add_get("/v1/avatars", self._list)
        router.add_post("/v1/avatars", self._save)
        router.add_delete("/v1/avatars/{name}", self._remove)
        router.add_get("/v1/avatars/{name}/portrait", self._portrait)
        router.add_get("/v1/avatars/{name}/sheet", self._sheet)
        router.add_post("/v1/avatars/{name}/show", self._show)
        router.add_post("/v1/drafts", self._draft)
        router.add_get("/v1/drafts/{draft}", self._draft_state)
        router.add_delete("/v1/drafts/{draft}", self._drop)
        router.add_get("/v1/drafts/{draft}/portrait", self._draft_portrait)
        router.add_get("/v1/drafts/{draft}/sheet", self._draft_sheet)

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(static_dir() / "admin.html", headers={"Cache-Control": "no-cache"})

    # ---- avatars

    async def _list(self, _request: web.Request) -> web.Response:
        listed = await asyncio.to_thread(portraits.listing, self._settings.path)
        return answer(AvatarsAnswer(avatars=[self._told(avatar) for avatar in listed]))

    async def _save(self, request: web.Request) -> web.Response:
        asked = parse(SaveRequest, await request.read())
        draft = self._drafts.get(asked.draft)
        baked = draft.baked()
        folder = self._settings.path
        async with self._changing:
            await _filed(partial(portraits.check_name, asked.name, folder))
            await _filed(partial(portraits.keep, folder, asked.name, baked))
        for stage in self._stages:
            if stage.avatar == draft.avatar:  # who watches the draft goes on with what is kept
                stage.avatar = asked.name
        await self._drafts.drop(draft.id)
        avatar = await self._named(asked.name)
        location = {"Location": f"/v1/avatars/{asked.name}"}
        return answer(self._told(avatar), status=201, headers=location)

    async def _remove(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == self._stages.avatar:
            raise ProblemError(
                409,
                "avatar_shown",
                f"the avatar {name} is shown to viewers who ask for none",
                "show another one first",
            )
        async with self._changing:
            await _filed(partial(portraits.remove, self._settings.path, name))
        self._avatars.forget(name)
        return web.Response(status=204)

    async def _show(self, request: web.Request) -> web.Response:
        avatar = await self._named(request.match_info["name"])
        for stage in await self._stages.show(avatar.name):
            await self._looks.show(stage, avatar.name)
        return answer(self._told(avatar))

    async def _portrait(self, request: web.Request) -> web.Response:
        avatar = await self._named(request.match_info["name"])
        return await _picture(partial(_thumbnail, avatar.path / portraits.PORTRAIT_NAME))

    async def _sheet(self, request: web.Request) -> web.Response:
        avatar = await self._named(request.match_info["name"])
        return await _picture((avatar.path / portraits.SHEET_NAME).read_bytes)

    async def _named(self, name: str) -> Listed:
        for avatar in await asyncio.to_thread(portraits.listing, self._settings.path):
            if avatar.name == name:
                return avatar
        raise ProblemError(404, "unknown_avatar", f"there is no avatar {name!r}", "see /v1/avatars")

    def _told(self, avatar: Listed) -> AvatarAnswer:
        return AvatarAnswer(
            name=avatar.name,
            ships=avatar.ships,
            shown=avatar.name == self._stages.avatar,
            sheet=(avatar.path / portraits.SHEET_NAME).is_file(),
        )

    # ---- drafts

    async def _draft(self, request: web.Request) -> web.Response:
        wishes = _wishes(request, self._settings)
        await self._drafts.wait_until_free()
        with MemoryFile() as photo:
            await _receive(request, photo)
            draft = await _while_asked(request, self._drafts.begin(photo, wishes))
        if _gone(request):
            await self._drafts.drop(draft.id)
        location = {"Location": f"/v1/drafts/{draft.id}"}
        return answer(draft.answer(), status=201, headers=location)

    async def _draft_state(self, request: web.Request) -> web.Response:
        return answer(self._drafts.get(request.match_info["draft"]).answer())

    async def _drop(self, request: web.Request) -> web.Response:
        await self._drafts.drop(request.match_info["draft"])
        return web.Response(status=204)

    async def _draft_portrait(self, request: web.Request) -> web.Response:
        draft = self._drafts.get(request.match_info["draft"])
        return web.Response(body=draft.portrait_png, content_type="image/png", headers=PRIVATE)

    async def _draft_sheet(self, request: web.Request) -> web.Response:
        sheet = self._drafts.get(request.match_info["draft"]).baked().sheet_jpg
        return web.Response(body=sheet, content_type="image/jpeg", headers=PRIVATE)


async def _receive(request: web.Request, photo: MemoryFile) -> None:
    try:
        async with asyncio.timeout(UPLOAD_S):
            async for chunk in request.content.iter_chunked(256 * 1024):
                photo.write(chunk)
                if photo.size > MAX_PHOTO_BYTES:
                    raise ProblemError(
                        413,
                        "photo_too_large",
                        f"the photo is over {MAX_PHOTO_BYTES >> 20} MB",
                        "scale it down, for instance to 4000 pixels a side",
                    )
    except TimeoutError:
        raise ProblemError(
            408,
            "upload_too_slow",
            f"the photo was not here after {UPLOAD_S:.0f} s",
            "send it again over a faster line, or scale it down",
        ) from None


async def _while_asked(request: web.Request, work: Coroutine[Any, Any, T]) -> T:
    """Do *work*, and end it when nobody waits for the answer: another photo may have been chosen.

    Raises:
        ConnectionResetError: nobody waits any more.
    """
    task = asyncio.create_task(work)
    try:
        while not task.done():
            await asyncio.wait((task,), timeout=LOOK_S)
            if _gone(request) and not task.done():
                raise ConnectionResetError
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait((task,))


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _wishes(request: web.Request, settings: AvatarSettings) -> Wishes:
    """How the photo is to be taken, within the bounds of the settings."""
    try:
        ratio = float(request.query.get("expand_ratio", settings.expand_ratio))
        resolution = int(request.query.get("min_resolution", settings.min_resolution))
        AvatarSettings(expand_ratio=ratio, min_resolution=resolution)
    except ValueError:
        raise ProblemError(
            422,
            "invalid_request",
            "expand_ratio or min_resolution is refused",
            "allowed are 0.15 to 0.2, and 512 to 1024",
        ) from None
    return Wishes(ratio, resolution, flag(request.query, "force", default=False))


async def _filed(change: Callable[[], T]) -> T:
    """Change the folder of avatars, in a thread.

    Raises:
        ProblemError: it may not be done, or the disk refuses.
    """
    try:
        return await asyncio.to_thread(change)
    except PortraitError as error:
        status = _STATUS.get(error.code, 409)
        remedy = _REMEDY.get(error.code, error.remedy)
        raise ProblemError(status, error.code, error.reason, remedy) from error
    except OSError as error:
        if error.errno in _FULL:
            raise ProblemError(
                507, "disk_full", "there is no room on the disk", "make room, then save again"
            ) from error
        raise ProblemError(
            507,
            "folder_not_writable",
            f"the folder of avatars cannot be changed ({error.strerror or error})",
            "set avatar.dir to a folder that the kiosk's user may write, such as "
            "/var/lib/sonic-kiosk/avatars for the service, then start it again",
        ) from error


async def _picture(read: Callable[[], bytes]) -> web.Response:
    try:
        data = await asyncio.to_thread(read)
    except OSError:
        raise ProblemError(
            404, "no_picture", "the avatar has no such picture", "those that ship have no sheet"
        ) from None
    return web.Response(body=data, content_type="image/jpeg", headers=PRIVATE)


def _thumbnail(path: Path) -> bytes:
    """The portrait at *path*, (1024, 1024), as a small JPEG."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    small = cv2.resize(image, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", small)
    if not done:
        raise FileNotFoundError(path)
    return data.tobytes()

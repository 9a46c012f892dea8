"""The part of the OpenAPI document about avatars and drafts."""

from typing import Any

from pydantic import BaseModel

from kiosk.api import NAME_PATTERN, PROBLEM_TYPE
from kiosk.api_avatars import (
    AvatarAnswer,
    AvatarsAnswer,
    DraftAnswer,
    PhotoProblem,
    SaveRequest,
)
from kiosk.openapi_parts import Schema, get_path, json_answer, json_body, problems, query, ref

_PHOTO_TYPES = ("application/octet-stream", "image/*")


def avatar_paths() -> Schema:
    """``/admin``, ``/v1/avatars`` and what is below."""
    page = {"description": "HTML.", "content": {"text/html": {"schema": {"type": "string"}}}}
    return {
        "/admin": get_path("admin", "The operator's page.", {"200": page}, is_open=True),
        "/v1/avatars": {
            **get_path("avatars", "The avatars.", _ok(AvatarsAnswer, "All of them.")),
            "post": {
                "operationId": "saveAvatar",
                "summary": "Keep a draft as an avatar.",
                "requestBody": json_body(SaveRequest),
                "responses": _created(AvatarAnswer, "It is kept.")
                | problems("400", "401", "403", "404", "409", "413", "422")
                | _full_disk(),
            },
        },
        "/v1/avatars/{name}": _named(
            delete={
                "operationId": "removeAvatar",
                "summary": "Remove an avatar that was added; who watches it goes on.",
                "responses": {"204": {"description": "It is removed."}}
                | problems("401", "403", "404", "409")
                | _full_disk(),
            }
        ),
        "/v1/avatars/{name}/portrait": _named(
            **_picture("avatarPortrait", "Its portrait, small.", "image/jpeg")
        ),
        "/v1/avatars/{name}/sheet": _named(
            **_picture("avatarSheet", "Its key shapes; those that ship have none.", "image/jpeg")
        ),
        "/v1/avatars/{name}/show": _named(
            post={
                "operationId": "showAvatar",
                "summary": "Show it to all who ask for none, until the server ends.",
                "responses": _ok(AvatarAnswer, "It is shown.")
                | problems("401", "403", "404", "422"),
            }
        ),
    }


def draft_paths() -> Schema:
    """``/v1/drafts`` and what is below."""
    dropped = {"204": {"description": "It is forgotten."}} | problems("401", "403", "404")
    return {
        "/v1/drafts": {"post": _begin()},
        "/v1/drafts/{draft}": {
            "parameters": [_path("draft")],
            **get_path(
                "draft", "How far a draft is.", _ok(DraftAnswer, "Its state.") | problems("404")
            ),
            "delete": {
                "operationId": "dropDraft",
                "summary": "Forget a draft.",
                "responses": dropped,
            },
        },
        "/v1/drafts/{draft}/portrait": {
            "parameters": [_path("draft")],
            **_picture("draftPortrait", "The photo as it is cropped.", "image/png"),
        },
        "/v1/drafts/{draft}/sheet": {
            "parameters": [_path("draft")],
            **_picture("draftSheet", "Its key shapes, once it is ready.", "image/jpeg"),
        },
    }


def _begin() -> Schema:
    refused = {
        "description": "The photo is not taken; every finding has a reason and a remedy.",
        "content": {PROBLEM_TYPE: {"schema": ref(PhotoProblem)}},
    }
    ratio = {"type": "number", "minimum": 0.15, "maximum": 0.2}
    resolution = {"type": "integer", "minimum": 512, "maximum": 1024}
    return {
        "operationId": "addPhoto",
        "summary": "Check a photo and begin to make an avatar of it, in memory.",
        "parameters": [
            query("expand_ratio", "Room about head and shoulders, as a share of them.", ratio),
            query("min_resolution", "Pixels that they must have.", resolution),
            query(
                "force",
                "Whether to go on where a check fails, if that is possible.",
                {"type": "boolean", "default": False},
            ),
        ],
        "requestBody": {
            "required": True,
            "description": "The photo: JPEG, PNG or WebP, at most 64 MB.",
            "content": {kind: {} for kind in _PHOTO_TYPES},
        },
        "responses": _created(DraftAnswer, "It is taken; see the draft for how it goes on.")
        | problems("401", "403", "408", "409", "413", "503")
        | {"422": refused},
    }


def _ok(model: type[BaseModel], description: str) -> Schema:
    return {"200": json_answer(model, description)}


def _created(model: type[BaseModel], description: str) -> Schema:
    location = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
    return {"201": json_answer(model, description) | {"headers": location}}


def _full_disk() -> Schema:
    return problems("507")


def _path(name: str) -> Schema:
    schema = {"type": "string", "maxLength": 64, "pattern": NAME_PATTERN}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _named(**methods: Any) -> Schema:  # noqa: ANN401
    return {"parameters": [_path("name")], **methods}


def _picture(operation: str, summary: str, kind: str) -> Schema:
    answer = {"200": {"description": "A picture.", "content": {kind: {}}}}
    return get_path(operation, summary, answer | problems("404", "409"))

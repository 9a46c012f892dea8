"""The HTTP contract as an OpenAPI 3.1 document, built from the models that enforce it."""

from functools import cache
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kiosk import __version__
from kiosk.api import (
    HealthAnswer,
    InterruptAnswer,
    InterruptRequest,
    PageAnswer,
    Problem,
    ReadyAnswer,
    SayAnswer,
    SayRequest,
    StageAnswer,
    StageRequest,
    StagesAnswer,
    VoicesAnswer,
)
from kiosk.api_avatars import (
    AvatarAnswer,
    AvatarsAnswer,
    DraftAnswer,
    FindingAnswer,
    PhotoProblem,
    SaveRequest,
)
from kiosk.api_look import LookAnswer, LookRequest
from kiosk.api_sync import (
    CalibrationAnswer,
    CalibrationRequest,
    InjectAnswer,
    InjectRequest,
    SyncAnswer,
)
from kiosk.openapi_avatars import avatar_paths, draft_paths
from kiosk.openapi_listen import listen_paths
from kiosk.openapi_parts import (
    Schema,
    get_path,
    json_answer,
    json_body,
    name_query,
    problems,
    query,
)
from kiosk.openapi_stages import stage_paths
from kiosk.openapi_sync import sync_paths

_Models = tuple[type[BaseModel], ...]

_REQUESTS: Final[_Models] = (
    SayRequest, InterruptRequest, LookRequest, SaveRequest, CalibrationRequest, InjectRequest,
    StageRequest,
)  # fmt: skip
_ANSWERS: Final[_Models] = (
    AvatarAnswer, AvatarsAnswer, DraftAnswer, FindingAnswer, HealthAnswer, InterruptAnswer,
    LookAnswer, PageAnswer, PhotoProblem, Problem, ReadyAnswer, SayAnswer, StageAnswer,
    StagesAnswer, VoicesAnswer, CalibrationAnswer, InjectAnswer, SyncAnswer,
)  # fmt: skip
_SDP: Final = "application/sdp"
_SOUND_TYPES: Final = ("application/octet-stream", "audio/*")


@cache
def document() -> Schema:
    """The whole document; callers must not change it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sonic-kiosk",
            "version": __version__,
            "summary": "A talking portrait in the browser.",
            "description": "WHEP brings the picture and the sound; the calls below make it speak. "
            "Every refusal is a problem (RFC 9457) with a stable code and the remedy.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{}, {"bearer": []}],
        "paths": _speech_paths()
        | _whep_paths()
        | _state_paths()
        | _page_paths()
        | avatar_paths()
        | draft_paths()
        | stage_paths()
        | sync_paths()
        | listen_paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Asked for if server.token is set.",
                }
            },
        },
    }


def _schemas() -> Schema:
    models = [(model, "validation") for model in _REQUESTS]
    models += [(model, "serialization") for model in _ANSWERS]
    _, definitions = models_json_schema(
        models,  # type: ignore[arg-type]  # the literals' types are lost in the list
        ref_template="#/components/schemas/{model}",
    )
    schemas: Schema = definitions["$defs"]
    return schemas


def _speech_paths() -> Schema:
    accepted = json_answer(SayAnswer, "Accepted; the data channel tells how it goes on.")
    return {
        "/v1/say": {
            "post": {
                "operationId": "say",
                "summary": "Speak a text.",
                "requestBody": json_body(SayRequest),
                "responses": {"202": accepted}
                | problems("400", "401", "403", "404", "409", "413", "422", "503"),
            }
        },
        "/v1/play": {"post": _play(accepted)},
        "/v1/interrupt": {
            "post": {
                "operationId": "interrupt",
                "summary": "Break off what is being said and drop what waits.",
                "requestBody": json_body(InterruptRequest, required=False),
                "responses": {"200": json_answer(InterruptAnswer, "Silence.")}
                | problems("400", "401", "403", "404", "422"),
            }
        },
    }


def _play(accepted: Schema) -> Schema:
    form = {
        "type": "object",
        "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
        "required": ["file"],
    }
    sound: Schema = {kind: {} for kind in _SOUND_TYPES}
    return {
        "operationId": "play",
        "summary": "Speak a sound file: WAV, MP3, OGG, FLAC and others; any rate, mono or stereo.",
        "parameters": [
            name_query("stage", "Who speaks it; every stage if absent."),
            query(
                "interrupt",
                "Whether to break off what is being said; else to queue after it.",
                {"type": "boolean", "default": True},
            ),
        ],
        "requestBody": {
            "required": True,
            "content": sound | {"multipart/form-data": {"schema": form}},
        },
        "responses": {"202": accepted}
        | problems("400", "401", "403", "404", "409", "413", "415", "422", "503"),
    }


def _whep_paths() -> Schema:
    session = {
        "name": "session",
        "in": "path",
        "required": True,
        "description": "From the Location of the answer.",
        "schema": {"type": "string"},
    }
    ended = {"200": {"description": "The session has ended."}} | problems("401", "403", "404")
    trickled = {"204": {"description": "Taken."}}
    trickled |= problems("401", "403", "404", "415", "422")
    fragment = {"application/trickle-ice-sdpfrag": {"schema": {"type": "string"}}}
    return {
        "/whep": {"post": _whep_post(), "options": _whep_options()},
        "/whep/{session}": {
            "parameters": [session],
            "patch": {
                "operationId": "trickle",
                "summary": "Give further candidates; ICE restarts are refused.",
                "requestBody": {"required": True, "content": fragment},
                "responses": trickled,
            },
            "delete": {
                "operationId": "leave",
                "summary": "End the session.",
                "responses": ended,
            },
        },
    }


def _whep_post() -> Schema:
    headers = {
        "Location": {"description": "The session.", "schema": {"type": "string"}},
        "Kiosk-Lip-Sync": {
            "description": "`on`: the server corrects lip sync by what pages report.",
            "schema": {"type": "string", "enum": ["on", "off"]},
        },
        "ETag": {"description": "Of the ICE session.", "schema": {"type": "string"}},
    }
    created = {
        "description": "The SDP answer, with all candidates.",
        "headers": headers,
        "content": {_SDP: {"schema": {"type": "string"}}},
    }
    return {
        "operationId": "watch",
        "summary": "Watch and hear (WHEP).",
        "parameters": [
            name_query("stage", "Which stage; viewers who name the same one share it. "
                        "A private one if absent."),
            name_query("avatar", "Who shall appear on a new stage; the configured one if absent."),
            query(
                "size",
                "Shape of the picture of a new stage.",
                {"type": "string", "enum": ["square", "portrait"], "default": "square"},
            ),
            query(
                "slate",
                "Whether a new stage shows the test pattern.",
                {"type": "boolean", "default": False},
            ),
            name_query("terminal", "Where the viewer is; see /v1/calibration."),
        ],
        "requestBody": {
            "required": True,
            "description": "The SDP offer: receive video and audio; a data channel is optional.",
            "content": {_SDP: {"schema": {"type": "string"}}},
        },
        "responses": {"201": created}
        | problems("400", "401", "403", "404", "413", "415", "422", "503"),
    }  # fmt: skip


def _whep_options() -> Schema:
    header = {"Accept-Post": {"description": _SDP, "schema": {"type": "string"}}}
    return {
        "operationId": "whepOptions",
        "summary": "What a POST accepts.",
        "security": [{}],
        "responses": {"204": {"description": "See the headers.", "headers": header}},
    }


def _state_paths() -> Schema:
    ready = {
        "200": json_answer(ReadyAnswer, "Viewers can be served."),
        "503": json_answer(ReadyAnswer, "Not yet, or not any more; the detail says why."),
    }
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "/v1/voices": get_path(
            "voices", "The voices.", {"200": json_answer(VoicesAnswer, "All that are installed.")}
        ),
        "/healthz": get_path(
            "health",
            "Whether the server answers.",
            {"200": json_answer(HealthAnswer, "It does.")},
            is_open=True,
        ),
        "/readyz": get_path("ready", "Whether viewers can be served.", ready),
        "/metrics": get_path(
            "metrics", "Figures for Prometheus.", {"200": {"description": "Text.", "content": text}}
        ),
    }


def _page_paths() -> Schema:
    page = {"text/html": {"schema": {"type": "string"}}}
    return {
        "/": get_path(
            "page", "The page.", {"200": {"description": "HTML.", "content": page}}, is_open=True
        ),
        "/v1/page": get_path(
            "pageSettings",
            "What the page needs to draw itself.",
            {"200": json_answer(PageAnswer, "Title, topics and the like.")},
            is_open=True,
        ),
        "/openapi.json": get_path(
            "openapi",
            "This document.",
            {
                "200": {
                    "description": "OpenAPI 3.1.",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                }
            },
        ),
    }

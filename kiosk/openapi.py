"""The HTTP contract as an OpenAPI 3.1 document, built from the models that enforce it."""

from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kiosk import __version__
from kiosk.api import (
    NAME_PATTERN,
    PROBLEM_TYPE,
    HealthAnswer,
    InterruptAnswer,
    InterruptRequest,
    PageAnswer,
    Problem,
    ReadyAnswer,
    SayAnswer,
    SayRequest,
    StagesAnswer,
    VoicesAnswer,
)

Schema = dict[str, Any]
_Models = tuple[type[BaseModel], ...]

_REQUESTS: Final[_Models] = (SayRequest, InterruptRequest)
_ANSWERS: Final[_Models] = (
    HealthAnswer, InterruptAnswer, PageAnswer, Problem, ReadyAnswer, SayAnswer, StagesAnswer,
    VoicesAnswer,
)  # fmt: skip
_SDP: Final = "application/sdp"
_SOUND_TYPES: Final = ("application/octet-stream", "audio/*")
_PROBLEMS: Final[dict[str, str]] = {
    "400": "The body cannot be read: it is not JSON, SDP or sound.",
    "401": "The bearer token is missing or wrong.",
    "403": "Host or Origin is not this server's.",
    "404": "There is no such stage, session or avatar.",
    "409": "No stage is open: nobody would see or hear it.",
    "413": "The body is too large.",
    "415": "The body has another content type.",
    "422": "A key or a value is refused; the detail names it.",
    "503": "The server is full or not ready; try again after Retry-After seconds.",
}


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
        "paths": _speech_paths() | _whep_paths() | _state_paths() | _page_paths(),
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


def _ref(model: type[BaseModel]) -> Schema:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _json(model: type[BaseModel], description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": _ref(model)}}}


def _body(model: type[BaseModel], required: bool = True) -> Schema:
    return {"required": required, "content": {"application/json": {"schema": _ref(model)}}}


def _problems(*statuses: str) -> Schema:
    content = {PROBLEM_TYPE: {"schema": _ref(Problem)}}
    return {s: {"description": _PROBLEMS[s], "content": content} for s in statuses}


def _query(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _name_query(name: str, description: str) -> Schema:
    return _query(name, description, {"type": "string", "maxLength": 64, "pattern": NAME_PATTERN})


def _get(operation: str, summary: str, responses: Schema, is_open: bool = False) -> Schema:
    """A GET; *is_open*: no token is ever asked."""
    security: Schema = {"security": [{}]} if is_open else {}
    guarded = {} if is_open else _problems("401")
    answers = responses | guarded | _problems("403")
    return {"get": {"operationId": operation, "summary": summary, "responses": answers} | security}


def _speech_paths() -> Schema:
    accepted = _json(SayAnswer, "Accepted; the data channel tells how it goes on.")
    return {
        "/v1/say": {
            "post": {
                "operationId": "say",
                "summary": "Speak a text.",
                "requestBody": _body(SayRequest),
                "responses": {"202": accepted}
                | _problems("400", "401", "403", "404", "409", "413", "422", "503"),
            }
        },
        "/v1/play": {"post": _play(accepted)},
        "/v1/interrupt": {
            "post": {
                "operationId": "interrupt",
                "summary": "Break off what is being said and drop what waits.",
                "requestBody": _body(InterruptRequest, required=False),
                "responses": {"200": _json(InterruptAnswer, "Silence.")}
                | _problems("400", "401", "403", "404", "422"),
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
            _name_query("stage", "Who speaks it; every stage if absent."),
            _query(
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
        | _problems("400", "401", "403", "404", "409", "413", "415", "422", "503"),
    }


def _whep_paths() -> Schema:
    session = {
        "name": "session",
        "in": "path",
        "required": True,
        "description": "From the Location of the answer.",
        "schema": {"type": "string"},
    }
    ended = {"200": {"description": "The session has ended."}} | _problems("401", "403", "404")
    trickled = {"204": {"description": "Taken."}}
    trickled |= _problems("401", "403", "404", "415", "422")
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
            _name_query("stage", "Which stage; viewers who name the same one share it. "
                        "A private one if absent."),
            _name_query("avatar", "Who shall appear on a new stage; the configured one if absent."),
            _query(
                "size",
                "Shape of the picture of a new stage.",
                {"type": "string", "enum": ["square", "portrait"], "default": "square"},
            ),
        ],
        "requestBody": {
            "required": True,
            "description": "The SDP offer: receive video and audio; a data channel is optional.",
            "content": {_SDP: {"schema": {"type": "string"}}},
        },
        "responses": {"201": created}
        | _problems("400", "401", "403", "404", "413", "415", "422", "503"),
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
        "200": _json(ReadyAnswer, "Viewers can be served."),
        "503": _json(ReadyAnswer, "Not yet, or not any more; the detail says why."),
    }
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "/v1/voices": _get(
            "voices", "The voices.", {"200": _json(VoicesAnswer, "All that are installed.")}
        ),
        "/v1/stages": _get(
            "stages", "The avatars that are alive.", {"200": _json(StagesAnswer, "All of them.")}
        ),
        "/healthz": _get(
            "health",
            "Whether the server answers.",
            {"200": _json(HealthAnswer, "It does.")},
            is_open=True,
        ),
        "/readyz": _get("ready", "Whether viewers can be served.", ready),
        "/metrics": _get(
            "metrics", "Figures for Prometheus.", {"200": {"description": "Text.", "content": text}}
        ),
    }


def _page_paths() -> Schema:
    page = {"text/html": {"schema": {"type": "string"}}}
    return {
        "/": _get(
            "page", "The page.", {"200": {"description": "HTML.", "content": page}}, is_open=True
        ),
        "/v1/page": _get(
            "pageSettings",
            "What the page needs to draw itself.",
            {"200": _json(PageAnswer, "Title, topics and the like.")},
            is_open=True,
        ),
        "/openapi.json": _get(
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

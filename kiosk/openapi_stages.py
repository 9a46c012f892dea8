"""The part of the OpenAPI document about the stages and what happens on them."""

from kiosk.api import NAME_PATTERN
from kiosk.api_stages import StageAnswer, StageRequest, StagesAnswer
from kiosk.openapi_look import look_path
from kiosk.openapi_parts import (
    Schema,
    get_path,
    json_answer,
    json_body,
    name_query,
    problems,
    query,
)


def stage_paths() -> Schema:
    """``/v1/stages`` and what lies below, and ``/v1/events``."""
    return {
        "/v1/stages": get_path(
            "stages",
            "The avatars that are alive.",
            {"200": json_answer(StagesAnswer, "All of them.")},
        ),
        "/v1/stages/{stage}": _stage(),
        "/v1/stages/{stage}/look": look_path(),
        "/v1/events": {"get": _events()},
    }


def _stage() -> Schema:
    name: Schema = {"type": "string", "maxLength": 64, "pattern": NAME_PATTERN}
    told = {"200": json_answer(StageAnswer, "What it does, and how it listens.")}
    return {
        "parameters": [{"name": "stage", "in": "path", "required": True, "schema": name}],
        "get": {
            "operationId": "stage",
            "summary": "What a stage does, and how it listens.",
            "responses": told | problems("401", "403", "404"),
        },
        "put": {
            "operationId": "changeStage",
            "summary": "Have a stage listen otherwise, until it closes.",
            "requestBody": json_body(StageRequest),
            "responses": told | problems("400", "401", "403", "404", "413", "422"),
        },
    }


def _events() -> Schema:
    switching = {
        "description": "A WebSocket. The server sends JSON texts with a `type`: see the README."
    }
    return {
        "operationId": "events",
        "summary": "What happens on the stages, as it happens (WebSocket).",
        "parameters": [
            name_query("stage", "Whose events, open or not yet; every stage's if absent."),
            query(
                "audio",
                "Whether a visitor's speech comes along, as WAV in base64.",
                {"type": "boolean", "default": False},
            ),
        ],
        "responses": {"101": switching} | problems("401", "403", "422", "426", "503"),
    }

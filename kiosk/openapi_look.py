"""The part of the OpenAPI document about how a stage is shown."""

from kiosk.api import NAME_PATTERN
from kiosk.api_look import LookAnswer, LookRequest
from kiosk.openapi_parts import Schema, json_answer, json_body, problems


def look_path() -> Schema:
    """``/v1/stages/{stage}/look``."""
    name: Schema = {"type": "string", "maxLength": 64, "pattern": NAME_PATTERN}
    stage = {"name": "stage", "in": "path", "required": True, "schema": name}
    shown = {"200": json_answer(LookAnswer, "How it is shown now.")}
    return {
        "parameters": [stage],
        "get": {
            "operationId": "look",
            "summary": "How a stage is shown.",
            "responses": shown | problems("401", "403", "404"),
        },
        "patch": {
            "operationId": "changeLook",
            "summary": "Show a stage otherwise, without a cut.",
            "requestBody": json_body(LookRequest),
            "responses": shown | problems("400", "401", "403", "404", "413", "422"),
        },
    }

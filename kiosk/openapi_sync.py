"""The part of the OpenAPI document about lip sync."""

from kiosk.api_sync import (
    CalibrationAnswer,
    CalibrationRequest,
    InjectAnswer,
    InjectRequest,
    SyncAnswer,
)
from kiosk.openapi_parts import Schema, get_path, json_answer, json_body, name_query, problems


def sync_paths() -> Schema:
    """``/stats``, ``/v1/sync``, ``/v1/calibration`` and ``/v1/inject``."""
    page = {"text/html": {"schema": {"type": "string"}}}
    plots = {"200": {"description": "HTML.", "content": page}}
    now = {"200": json_answer(SyncAnswer, "Offset, correction, ladder and buffers.")}
    return {
        "/stats": get_path("stats", "Lip sync and load, as live plots.", plots, is_open=True),
        "/v1/sync": get_path("sync", "How it stands with lip sync.", now),
        "/v1/calibration": _calibration(),
        "/v1/inject": {
            "post": {
                "operationId": "inject",
                "summary": "Make something go wrong, for tests; only where --inject allows it.",
                "requestBody": json_body(InjectRequest),
                "responses": {"200": json_answer(InjectAnswer, "It is wrong now.")}
                | problems("400", "401", "403", "409", "413", "422"),
            }
        },
    }


def _calibration() -> Schema:
    kept = {"200": json_answer(CalibrationAnswer, "What the terminal adds.")}
    asked = get_path("calibration", "What a terminal adds to the picture's delay.", kept)
    asked["get"]["parameters"] = [name_query("terminal", "The terminal; default: default.")]
    asked["post"] = {
        "operationId": "calibrate",
        "summary": "Keep what a terminal adds, and correct its viewers at once.",
        "requestBody": json_body(CalibrationRequest),
        "responses": kept | problems("400", "401", "403", "413", "422", "500"),
    }
    return asked

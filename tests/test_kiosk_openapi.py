"""The OpenAPI document: valid, and in step with the models."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from kiosk import api, api_avatars, api_look, api_stages, api_sync
from kiosk.openapi import document

PATHS = (
    "/", "/admin", "/healthz", "/metrics", "/openapi.json", "/readyz", "/stats", "/v1/audio",
    "/v1/avatars", "/v1/avatars/{name}", "/v1/avatars/{name}/portrait", "/v1/avatars/{name}/sheet",
    "/v1/avatars/{name}/show", "/v1/calibration", "/v1/drafts", "/v1/drafts/{draft}",
    "/v1/drafts/{draft}/portrait", "/v1/drafts/{draft}/sheet", "/v1/events", "/v1/inject",
    "/v1/interrupt", "/v1/page", "/v1/play", "/v1/say", "/v1/stages", "/v1/stages/{stage}",
    "/v1/stages/{stage}/look", "/v1/sync", "/v1/voices", "/whep", "/whep/{session}",
    "/whip", "/whip/{session}",
)  # fmt: skip
VERBS = ("get", "post", "put", "patch", "delete", "options")


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{verb} {path}", item[verb])
        for path, item in document()["paths"].items()
        for verb in VERBS
        if verb in item
    ]


def test_the_document_is_valid_and_json() -> None:
    OpenAPIV31SpecValidator(document()).validate()
    assert json.loads(json.dumps(document())) == document()


def test_every_path_of_the_contract_is_there() -> None:
    assert tuple(sorted(document()["paths"])) == PATHS


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_model_is_described_key_by_key() -> None:
    for name, schema in document()["components"]["schemas"].items():
        rooms = (api, api_avatars, api_look, api_stages, api_sync)
        model = next(getattr(room, name) for room in rooms if hasattr(room, name))
        assert set(schema["properties"]) == set(model.model_fields)
        for key, property_ in schema["properties"].items():
            assert property_.get("description") or property_.get("$ref"), f"{name}.{key}"


@pytest.mark.parametrize(("where", "operation"), operations())
def test_refusals_are_problems(where: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if status.startswith("4"):
            assert list(answer["content"]) == [api.PROBLEM_TYPE]

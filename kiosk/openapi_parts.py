"""What the paths of the OpenAPI document are put together from."""

from typing import Any, Final

from pydantic import BaseModel

from kiosk.api import NAME_PATTERN, PROBLEM_TYPE, Problem

Schema = dict[str, Any]
_PROBLEMS: Final[dict[str, str]] = {
    "400": "The body cannot be read: it is not JSON, SDP or sound.",
    "401": "The bearer token is missing or wrong.",
    "403": "Host or Origin is not this server's.",
    "404": "There is no such stage, session or avatar.",
    "408": "The body was too long on its way.",
    "409": "It cannot be done now: no stage is open, a name is taken, another is in work.",
    "413": "The body is too large.",
    "415": "The body has another content type.",
    "422": "A key or a value is refused; the detail names it.",
    "426": "The path speaks WebSocket alone.",
    "500": "It cannot be done on this machine; the remedy says what to change.",
    "507": "The disk is full, or the folder may not be written.",
    "503": "The server is full or not ready; try again after Retry-After seconds.",
}


def ref(model: type[BaseModel]) -> Schema:
    """A reference to the schema of *model*."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def json_answer(model: type[BaseModel], description: str) -> Schema:
    """An answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": ref(model)}}}


def json_body(model: type[BaseModel], required: bool = True) -> Schema:
    """A body in JSON."""
    return {"required": required, "content": {"application/json": {"schema": ref(model)}}}


def problems(*statuses: str) -> Schema:
    """The refusals of *statuses*."""
    content = {PROBLEM_TYPE: {"schema": ref(Problem)}}
    return {s: {"description": _PROBLEMS[s], "content": content} for s in statuses}


def query(name: str, description: str, schema: Schema) -> Schema:
    """A parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def name_query(name: str, description: str) -> Schema:
    """A name in the query."""
    return query(name, description, {"type": "string", "maxLength": 64, "pattern": NAME_PATTERN})


def get_path(operation: str, summary: str, responses: Schema, is_open: bool = False) -> Schema:
    """A GET; *is_open*: no token is ever asked."""
    security: Schema = {"security": [{}]} if is_open else {}
    guarded = {} if is_open else problems("401")
    answers = responses | guarded | problems("403")
    return {"get": {"operationId": operation, "summary": summary, "responses": answers} | security}

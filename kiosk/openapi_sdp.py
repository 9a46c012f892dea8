"""The part of the OpenAPI document about WHEP and WHIP."""

from typing import Final

from kiosk.openapi_parts import Schema, name_query, problems, query

_SDP: Final = "application/sdp"
_FRAGMENT: Final = "application/trickle-ice-sdpfrag"
_LOCATION: Final = {
    "Location": {"description": "The session.", "schema": {"type": "string"}},
    "ETag": {"description": "Of the ICE session.", "schema": {"type": "string"}},
}
_LIP_SYNC: Final = {
    "Kiosk-Lip-Sync": {
        "description": "`on`: the server corrects lip sync by what pages report.",
        "schema": {"type": "string", "enum": ["on", "off"]},
    }
}


def sdp_paths() -> Schema:
    """``/whep`` and ``/whip`` with their sessions."""
    return {
        "/whep": {"post": _watch(), "options": _options("whepOptions")},
        "/whep/{session}": _session("trickle", "leave"),
        "/whip": {"post": _publish(), "options": _options("whipOptions")},
        "/whip/{session}": _session("whipTrickle", "whipLeave"),
    }


def _watch() -> Schema:
    size = {"type": "string", "enum": ["square", "portrait"], "default": "square"}
    return {
        "operationId": "watch",
        "summary": "Watch and hear (WHEP).",
        "parameters": [
            name_query("stage", "Which stage; viewers who name the same one share it. "
                        "A private one if absent."),
            name_query("avatar", "Who shall appear on a new stage; the configured one if absent."),
            query("size", "Shape of the picture of a new stage.", size),
            query("slate", "Whether a new stage shows the test pattern.",
                  {"type": "boolean", "default": False}),
            name_query("terminal", "Where the viewer is; see /v1/calibration."),
        ],
        "requestBody": _offer("receive video and audio; a data channel is optional"),
        "responses": _created(_LIP_SYNC)
        | problems("400", "401", "403", "404", "413", "415", "422", "503"),
    }  # fmt: skip


def _publish() -> Schema:
    role = {"type": "string", "enum": ["voice", "visitor"]}
    kind = {"type": "string", "enum": ["whip", "microphone"], "default": "whip"}
    return {
        "operationId": "publish",
        "summary": "Send sound to a stage (WHIP, RFC 9725).",
        "parameters": [
            name_query("stage", "An open stage; the only one if absent."),
            query("role", "voice: she says it; visitor: she hears it; by listen.mode if absent.",
                  role),
            query("kind", "microphone: it is that of the stage's own page.", kind),
            query("takeover", "Whether it breaks off what is being said; else it waits.",
                  {"type": "boolean", "default": False}),
        ],
        "requestBody": _offer("send audio in Opus; anything else is declined in the answer"),
        "responses": _created({})
        | problems("400", "401", "403", "404", "409", "413", "415", "422", "503"),
    }  # fmt: skip


def _offer(what: str) -> Schema:
    return {
        "required": True,
        "description": f"The SDP offer: {what}.",
        "content": {_SDP: {"schema": {"type": "string"}}},
    }


def _created(more_headers: Schema) -> Schema:
    return {
        "201": {
            "description": "The SDP answer, with all candidates.",
            "headers": _LOCATION | more_headers,
            "content": {_SDP: {"schema": {"type": "string"}}},
        }
    }


def _session(trickle: str, leave: str) -> Schema:
    parameter = {
        "name": "session",
        "in": "path",
        "required": True,
        "description": "From the Location of the answer.",
        "schema": {"type": "string"},
    }
    taken = {"204": {"description": "Taken."}} | problems("401", "403", "404", "415", "422")
    ended = {"200": {"description": "The session has ended."}} | problems("401", "403", "404")
    fragment = {_FRAGMENT: {"schema": {"type": "string"}}}
    return {
        "parameters": [parameter],
        "patch": {
            "operationId": trickle,
            "summary": "Give further candidates; ICE restarts are refused.",
            "requestBody": {"required": True, "content": fragment},
            "responses": taken,
        },
        "delete": {"operationId": leave, "summary": "End the session.", "responses": ended},
    }


def _options(operation: str) -> Schema:
    header = {"Accept-Post": {"description": _SDP, "schema": {"type": "string"}}}
    return {
        "operationId": operation,
        "summary": "What a POST accepts.",
        "security": [{}],
        "responses": {"204": {"description": "See the headers.", "headers": header}},
    }

"""The part of the OpenAPI document about live speech."""

from kiosk.openapi_parts import Schema, name_query, problems, query


def listen_paths() -> Schema:
    """``/v1/audio``."""
    upgraded = {"101": {"description": "A WebSocket; the first message is `ready`."}}
    return {
        "/v1/audio": {
            "get": {
                "operationId": "audio",
                "summary": "Live speech over a WebSocket: binary messages are mono samples.",
                "parameters": [
                    name_query("stage", "Where it goes; the one that is open if absent."),
                    query("rate", "Samples a second.", _RATE) | {"required": True},
                    query("format", "Of the samples, little-endian.", _choice("s16le", "f32le")),
                    query(
                        "role",
                        "voice: the avatar says it; visitor: the avatar hears it.",
                        _choice("voice", "visitor"),
                    ),
                    query(
                        "takeover",
                        "Whether to break off what is being said; else to wait for its end.",
                        {"type": "boolean", "default": False},
                    ),
                ],
                "responses": upgraded | problems("401", "403", "404", "409", "422", "426", "503"),
            }
        }
    }


def _choice(default: str, *others: str) -> Schema:
    return {"type": "string", "enum": [default, *others], "default": default}


_RATE: Schema = {"type": "integer", "minimum": 8_000, "maximum": 48_000}

"""Who is alive, and how each stage listens, over HTTP."""

import pytest

from tests.kiosk_client import kiosk_client
from tests.test_kiosk_whep import join, player

HALL = "/v1/stages/hall"


async def test_a_stage_begins_as_configured_and_is_told_otherwise_for_itself() -> None:
    async with (
        kiosk_client(listen__mode="preview", listen__attend=False) as (client, kiosk),
        player() as a,
        player() as b,
    ):
        await join(client, a, "?stage=hall")
        await join(client, b, "?stage=desk")
        read = kiosk.stages.hub.subscribe("hall")
        begun = await (await client.get(HALL)).json()
        assert begun["mode"] == "preview" and begun["barge_in"] and not begun["attend"]
        for _ in range(2):
            answer = await client.put(HALL, json={"barge_in": False, "mode": "speak"})
            assert answer.status == 200
            told = await answer.json()
            assert (told["mode"], told["barge_in"], told["attend"]) == ("speak", False, False)
            assert told["stage"] == "hall" and told["viewers"] == 1
        listed = await (await client.get("/v1/stages")).json()
        assert {s["stage"]: s["barge_in"] for s in listed["stages"]} == {
            "hall": False,
            "desk": True,
        }
        read.close()
        (event,) = [event.message() async for event in read]
        assert event["event"] == "changed" and event["barge_in"] is False


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (HALL, b'{"mode": "sing"}', 422, "invalid_request"),
        (HALL, b'{"barge_in": "no"}', 422, "invalid_request"),
        (HALL, b'{"volume": 1}', 422, "invalid_request"),
        (HALL, b"{", 400, "malformed_json"),
        ("/v1/stages/nowhere", b"{}", 404, "unknown_stage"),
    ],
)
async def test_what_is_not_understood_is_refused(
    path: str, body: bytes, status: int, code: str
) -> None:
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc, "?stage=hall")
        answer = await client.put(path, data=body)
        assert answer.status == status
        assert (await answer.json())["code"] == code
        assert (await client.get("/v1/stages/nowhere")).status == 404

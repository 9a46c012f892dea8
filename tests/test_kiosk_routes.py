"""The HTTP interface with a fake engine: answers, refusals, lists, metrics."""

import asyncio
import io

import pytest
from aiohttp import FormData
from prometheus_client.parser import text_string_to_metric_families

from kiosk.speech.manner import Wish
from kiosk.speech.voice import VoiceError
from kiosk.stage import CUT_SAMPLES
from tests.kiosk_client import FakeSpeech, kiosk_client
from tests.test_kiosk_whep import join, player


async def test_say_speaks_on_every_stage_or_the_one_named() -> None:
    speech = FakeSpeech()
    async with kiosk_client(speech) as (client, kiosk), player() as a, player() as b:
        await join(client, a, "?stage=one")
        await join(client, b, "?stage=two")
        answer = await client.post(
            "/v1/say", json={"text": "hello", "voice": "af_test", "rate": 1.5, "style": "gentle"}
        )
        assert answer.status == 202
        assert await answer.json() == {"utterance": "u1", "stage": None}
        assert speech.said == [("hello", "af_test", Wish("gentle", 1.5))]
        assert all(stage.speaking for stage in kiosk.stages)
        interrupted = await client.post("/v1/interrupt", json={"stage": "one"})
        told = await interrupted.json()
        assert told["stages"] == ["one"]
        assert told["interrupted"] == [
            {"stage": "one", "utterance": "u1", "characters_spoken": 0, "dropped": []}
        ]
        one, two = sorted(kiosk.stages, key=lambda stage: stage.name)
        await one.clock.sleep_until(one.line.play_pts + 2 * CUT_SAMPLES)
        assert two.speaking and not one.speaking
        everyone = await client.post("/v1/interrupt")
        assert sorted((await everyone.json())["stages"]) == ["one", "two"]


async def test_play_takes_a_body_or_a_form() -> None:
    speech = FakeSpeech()
    async with kiosk_client(speech) as (client, _), player() as pc:
        await join(client, pc)
        raw = await client.post("/v1/play", data=b"sound", headers={"Content-Type": "audio/wav"})
        form = FormData()
        form.add_field("file", b"more", filename="a.ogg", content_type="audio/ogg")
        multipart = await client.post("/v1/play?interrupt=false", data=form)
        assert (raw.status, multipart.status) == (202, 202)
        assert speech.played == [b"sound", b"more"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/say", b"{", 400, "malformed_json"),
        ("/v1/say", b"\xff\xfe", 400, "malformed_json"),
        ("/v1/say", b"{}", 422, "invalid_request"),
        ("/v1/say", b'{"text": 5}', 422, "invalid_request"),
        ("/v1/say", b'{"text": "a", "rate": 9}', 422, "invalid_request"),
        ("/v1/say", b'{"text": "a", "style": "loud"}', 422, "invalid_request"),
        ("/v1/say", b'{"text": "a", "pitch_semitones": -5}', 422, "invalid_request"),
        ("/v1/say", b'{"text": "a", "loudness_db": NaN}', 422, "invalid_request"),
        ("/v1/say", b'{"text": "a", "colour": "red"}', 422, "invalid_request"),
        ("/v1/say", b'{"text": "  "}', 422, "unspeakable_text"),
        ("/v1/say", b'{"text": "a", "stage": "nowhere"}', 404, "unknown_stage"),
        ("/v1/play?interrupt=maybe", b"", 422, "invalid_request"),
        ("/v1/play?stage=nowhere", b"", 404, "unknown_stage"),
        ("/v1/interrupt", b'{"stage": "nowhere"}', 404, "unknown_stage"),
        ("/v1/nothing", b"", 404, "not_found"),
    ],
)
async def test_bad_requests_are_refused_with_a_remedy(
    path: str, body: bytes, status: int, code: str
) -> None:
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc)
        response = await client.post(path, data=body)
        problem = await response.json()
        assert response.content_type == "application/problem+json"
        assert (response.status, problem["code"]) == (status, code)
        assert problem["detail"] and problem["remedy"]


async def test_speech_without_anyone_to_hear_it_is_refused() -> None:
    async with kiosk_client() as (client, _):
        response = await client.post("/v1/say", json={"text": "hello"})
        assert response.status == 409
        assert (await response.json())["code"] == "no_stage"


async def test_a_body_that_is_too_large_is_refused() -> None:
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc)
        response = await client.post("/v1/play", data=io.BytesIO(bytes(33 * 1024 * 1024)))
        assert response.status == 413
        assert "32 MB" in (await response.json())["remedy"]
        assert (await client.get("/healthz")).status == 200


async def test_the_page_its_files_and_what_it_needs() -> None:
    async with kiosk_client() as (client, _):
        page = await client.get("/")
        assert page.status == 200 and "text/html" in page.headers["Content-Type"]
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert (await client.get("/favicon.ico")).status == 200
        assert (await client.get("/static/../kiosk/app.py")).status == 404
        facts = await (await client.get("/v1/page")).json()
        assert facts["avatar"] == "ada" and facts["token_required"] is False


async def test_lists_health_and_metrics() -> None:
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc)
        voices = await (await client.get("/v1/voices")).json()
        assert voices["voices"][0]["name"] == "af_test"
        assert (await (await client.get("/healthz")).json())["status"] == "ok"
        assert (await client.get("/readyz")).status == 200
        for _ in range(200):
            text = await (await client.get("/metrics")).text()
            if values(text)["kiosk_frames_emitted_total"] > 3:
                break
            await asyncio.sleep(0.05)
        assert values(text)["kiosk_frames_emitted_total"] > 3
        assert "kiosk_viewers 1.0" in text and "kiosk_stages 1.0" in text
        assert (await client.get("/openapi.json")).status == 200


def values(exposition: str) -> dict[str, float]:
    families = text_string_to_metric_families(exposition)
    return {sample.name: sample.value for family in families for sample in family.samples}


async def test_it_says_why_it_is_not_ready() -> None:
    speech = FakeSpeech()
    speech.failure = VoiceError("no voice is installed: run make setup")
    async with kiosk_client(speech) as (client, _):
        for _ in range(200):
            response = await client.get("/readyz")
            if (await response.json())["status"] == "failing":
                break
            await asyncio.sleep(0.05)
        assert response.status == 503
        assert "make setup" in (await response.json())["detail"]

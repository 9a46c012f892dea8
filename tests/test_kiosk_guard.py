"""Who may call: hosts, origins, CORS, the token."""

import pytest

from tests.kiosk_client import kiosk_client

ALLOWED = "http://player.example:9000"


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_our_own_names_are_served(host: str) -> None:
    async with kiosk_client() as (client, _):
        assert (await client.get("/healthz", headers={"Host": host})).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", ""])
async def test_other_hosts_are_refused(host: str) -> None:
    """A name that an attacker points at this machine (DNS rebinding) must not be answered."""
    async with kiosk_client() as (client, _):
        response = await client.get("/healthz", headers={"Host": host})
        assert response.status == 403
        assert (await response.json())["code"] == "forbidden_host"


async def test_a_configured_host_is_served() -> None:
    async with kiosk_client(server__allowed_hosts=["kiosk.example"]) as (client, _):
        headers = {"Host": "kiosk.example:8080"}
        assert (await client.get("/healthz", headers=headers)).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
async def test_other_sites_pages_are_refused(origin: str) -> None:
    async with kiosk_client() as (client, _):
        response = await client.post("/v1/interrupt", headers={"Origin": origin})
        assert response.status == 403
        assert (await response.json())["code"] == "forbidden_origin"
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_our_own_page_is_served() -> None:
    async with kiosk_client() as (client, _):
        origin = f"http://{client.host}:{client.port}"
        response = await client.post("/v1/interrupt", headers={"Origin": origin})
        assert response.status == 200


async def test_an_allowed_origin_gets_cors_with_what_players_read() -> None:
    async with kiosk_client(server__allowed_origins=[ALLOWED]) as (client, _):
        response = await client.post("/v1/interrupt", headers={"Origin": ALLOWED})
        assert response.headers["Access-Control-Allow-Origin"] == ALLOWED
        for name in ("Location", "ETag", "Link", "Kiosk-Lip-Sync"):
            assert name in response.headers["Access-Control-Expose-Headers"]
        preflight = await client.options(
            "/whep", headers={"Origin": ALLOWED, "Access-Control-Request-Method": "POST"}
        )
        assert preflight.status == 204
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
        assert preflight.headers["Access-Control-Allow-Origin"] == ALLOWED


async def test_with_a_token_only_its_bearer_is_served() -> None:
    token = "0123456789abcdef"
    async with kiosk_client(server__token=token) as (client, _):
        assert (await client.get("/v1/stages")).status == 401
        wrong = {"Authorization": "Bearer 0123456789abcdeF"}
        assert (await client.get("/v1/stages", headers=wrong)).status == 401
        for bare in ({"Authorization": token}, {"Sec-WebSocket-Protocol": f"x, {token}"}):
            assert (await client.get("/v1/stages", headers=bare)).status == 401
        offered = {"Sec-WebSocket-Protocol": f"sonic-kiosk, bearer.{token}"}
        assert (await client.get("/v1/stages", headers=offered)).status == 200
        right = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/v1/stages", headers=right)).status == 200
        for path in ("/", "/healthz", "/v1/page"):
            assert (await client.get(path)).status == 200
        facts = await (await client.get("/v1/page")).json()
        assert facts["token_required"] is True

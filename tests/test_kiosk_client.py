"""The client of a running kiosk, against a small server of the standard library."""

import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kiosk.api import PROBLEM_TYPE, InterruptRequest, SayRequest
from kiosk.client import Client, ClientError

ACCEPTED = {"utterance": "u1", "stage": "lobby"}


@dataclass
class Kiosk:
    """Answers as told, and remembers what it was asked."""

    url: str = ""
    status: int = 202
    kind: str = "application/json"
    body: bytes = json.dumps(ACCEPTED).encode()
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def kiosk() -> Iterator[Kiosk]:
    told = Kiosk()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the standard library's name
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST  # noqa: N815  # the standard library's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def test_say(kiosk: Kiosk) -> None:
    answer = Client(kiosk.url, "s3cret").say(SayRequest(text="你好", interrupt=False))
    assert answer.model_dump() == ACCEPTED
    ((verb, path, headers, body),) = kiosk.asked
    assert (verb, path) == ("POST", "/v1/say")
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"text": "你好", "interrupt": False}


def test_play(kiosk: Kiosk, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    Client(kiosk.url + "/").play(path, stage="lobby", interrupt=False)
    ((verb, target, headers, body),) = kiosk.asked
    assert (verb, target) == ("POST", "/v1/play?interrupt=false&stage=lobby")
    assert headers["Content-Type"].startswith("audio/")
    assert "Authorization" not in headers
    assert body == b"RIFF"


def test_interrupt_and_health(kiosk: Kiosk) -> None:
    kiosk.body = b'{"stages":["a"]}'
    assert Client(kiosk.url).interrupt(InterruptRequest(stage="a")).stages == ["a"]
    kiosk.body = b'{"status":"ok","version":"9"}'
    assert Client(kiosk.url).health().version == "9"
    assert [verb for verb, *_ in kiosk.asked] == ["POST", "GET"]


def test_the_environments_proxy_is_not_asked(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Client(kiosk.url).say(SayRequest(text="hi")).utterance == "u1"


def test_a_problem_is_told_with_its_remedy(kiosk: Kiosk) -> None:
    kiosk.status, kiosk.kind = 404, PROBLEM_TYPE
    kiosk.body = json.dumps(
        {
            "type": "about:blank",
            "title": "Unknown stage",
            "status": 404,
            "detail": "no stage lobby",
            "remedy": "see /v1/stages",
            "code": "unknown_stage",
        }
    ).encode()
    with pytest.raises(ClientError, match=r"^no stage lobby: see /v1/stages$"):
        Client(kiosk.url).say(SayRequest(text="hi"))


@pytest.mark.parametrize("status", [200, 500])
def test_other_servers_are_recognised(kiosk: Kiosk, status: int) -> None:
    kiosk.status, kiosk.kind, kiosk.body = status, "text/html", b"<html>"
    with pytest.raises(ClientError, match="check --url"):
        Client(kiosk.url).say(SayRequest(text="hi"))


def test_no_server() -> None:
    # Port 9 (discard) is below 1024: no test of ours can have bound it.
    with pytest.raises(ClientError, match=r"no kiosk answers at .*: start one with kiosk serve"):
        Client("http://127.0.0.1:9").say(SayRequest(text="hi"))


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (OSError("no route to host"), r"cannot be reached \(no route to host\): check --url"),
        (TimeoutError(), "does not answer in time: see its log"),
        (ssl.SSLError("CERTIFICATE_VERIFY_FAILED"), "not trusted: set SSL_CERT_FILE"),
    ],
)
def test_trouble_on_the_way(monkeypatch: pytest.MonkeyPatch, reason: OSError, told: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError(reason)

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", fail)
    with pytest.raises(ClientError, match=told):
        Client("http://127.0.0.1:9").health()


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://kiosk", "", "http://", "http://a:99999", "http://a:b"]
)
def test_addresses_are_checked(url: str) -> None:
    with pytest.raises(ClientError, match="not a web address"):
        Client(url)


def test_files_are_checked(tmp_path: Path) -> None:
    client = Client("http://127.0.0.1:9")
    with pytest.raises(ClientError, match="No such file"):
        client.play(tmp_path / "absent.wav")
    with pytest.raises(ClientError, match="give a readable sound file"):
        client.play(tmp_path)


def test_a_token_does_not_show() -> None:
    assert "s3cret" not in repr(Client("http://localhost", "s3cret"))

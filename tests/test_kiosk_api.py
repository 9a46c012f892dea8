"""The HTTP contract's models and its refusals."""

import pytest
from pydantic import ValidationError

from kiosk.api import InterruptRequest, ProblemError, SayRequest, parse


def refusal(body: bytes) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        parse(SayRequest, body)
    return caught.value


def test_a_whole_request_is_read() -> None:
    asked = parse(
        SayRequest,
        '{"text":"你好","voice":"zf_xiaobei","stage":"s1","interrupt":false,"rate":1}'.encode(),
    )
    assert asked == SayRequest(
        text="你好", voice="zf_xiaobei", stage="s1", interrupt=False, rate=1.0
    )


def test_defaults() -> None:
    asked = parse(SayRequest, b'{"text":"hi"}')
    assert (asked.voice, asked.stage, asked.interrupt, asked.rate) == (None, None, True, None)
    assert parse(InterruptRequest, b"{}").stage is None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"text":"\\ud800"}', b"hello"])
def test_what_is_not_json_is_a_400(body: bytes) -> None:
    problem = refusal(body).problem
    assert (problem.status, problem.code) == (400, "malformed_json")
    assert problem.remedy


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"[]", "body"),
        (b"{}", "text"),
        (b'{"text":5}', "text"),
        (b'{"text":"a","rate":9}', "rate"),
        (b'{"text":"a","rate":"fast"}', "rate"),
        (b'{"text":"a","stage":"../x"}', "stage"),
        (b'{"text":"a","interrupt":"yes"}', "interrupt"),
        (b'{"text":"a","loud":true}', "loud"),
    ],
)
def test_what_is_refused_is_named(body: bytes, key: str) -> None:
    problem = refusal(body).problem
    assert (problem.status, problem.code) == (422, "invalid_request")
    assert problem.detail.startswith(f"{key}: ")


def test_every_fault_is_named() -> None:
    assert refusal(b'{"text":5,"rate":9,"loud":1}').problem.detail.count(";") == 2


def test_problem_error() -> None:
    error = ProblemError(404, "unknown_stage", "no stage x", "see /v1/stages")
    assert error.problem.title == "Unknown stage"
    assert str(error) == "no stage x: see /v1/stages"
    with pytest.raises(ValidationError):
        ProblemError(200, "fine", "", "")

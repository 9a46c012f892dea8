"""The throttle: a share of a core, no more; and it lets go."""

import os
import time

import pytest

from kiosk import throttle
from kiosk.throttle import Account, cpu_clock


def run(share: float, hungry: float) -> float:
    """The share of ten seconds that a process gets which wants *hungry* cores."""
    account = Account(share, 0.0, 0.0)
    used_s, running = 0.0, True
    for step in range(2500):
        if running:
            used_s += hungry * throttle.STEP_S
        running = account.may_run((step + 1) * throttle.STEP_S, used_s)
    return used_s / 10.0


@pytest.mark.parametrize("hungry", [0.7, 1.0, 2.0])
def test_a_hungry_process_gets_its_share_and_no_more(hungry: float) -> None:
    assert run(0.5, hungry) == pytest.approx(0.5, abs=0.02)


def test_a_modest_one_is_left_alone() -> None:
    assert run(0.5, 0.3) == pytest.approx(0.3, abs=0.001)


def test_rest_is_not_saved_up() -> None:
    account = Account(0.5, 0.0, 0.0)
    assert account.may_run(100.0, 0.0)
    assert not account.may_run(100.1, 0.1)


def test_the_clock_is_the_process_cpu_time() -> None:
    assert time.clock_gettime(cpu_clock(os.getpid())) == pytest.approx(
        time.process_time(), abs=0.05
    )


def test_it_ends_when_it_is_nobodys_child(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = iter([os.getpid(), 1, 1])
    monkeypatch.setattr("kiosk.throttle.os.getppid", lambda: next(parents))
    monkeypatch.setattr("kiosk.throttle.signal.signal", lambda *_: None)
    signals: list[int] = []
    monkeypatch.setattr("kiosk.throttle.os.kill", lambda _pid, number: signals.append(number))
    throttle.main(0.5)
    assert signals == []

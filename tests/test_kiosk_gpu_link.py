"""The GPU's process from outside: begun and ended; its passes: ``test_kiosk_gpu_process``."""

import gc
import multiprocessing
from multiprocessing import process
from pathlib import Path
from typing import Any, cast

import pytest

from kiosk import gpu_link
from kiosk.gpu_link import GpuLink, LostError
from tests.fake_network import doubler


def open_files() -> int:
    gc.collect()  # what earlier tests left
    return len(list(Path("/proc/self/fd").iterdir()))


def test_one_that_cannot_be_begun_says_so_and_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(spawn.Process, "start", refuse)
    before = open_files()
    with pytest.raises(LostError, match=r"cannot be started: .*temporarily unavailable"):
        GpuLink(doubler(tmp_path / "mood"), frozenset(), 4096)
    assert open_files() == before


class Undying:
    """A process that no signal ends."""

    exitcode = None

    def join(self, timeout_s: float) -> None: ...

    def kill(self) -> None: ...


def test_at_exit_nobody_waits_for_one_that_cannot_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gpu_link, "END_S", 10.0)
    link = GpuLink(doubler(tmp_path / "mood"), frozenset(), 4096)
    real, undying = link._process, Undying()
    children: set[Any] = process._children  # type: ignore[attr-defined]
    children.add(undying)
    link._process = cast(Any, undying)
    link.end(kindly=True)
    assert undying not in children
    assert "cannot be ended" in caplog.text
    real.kill()
    real.join()

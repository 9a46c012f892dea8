"""What wakes a thread: poked, drained, closed."""

import os
import select

import pytest

from kiosk.waker import Waker


def readable(waker: Waker) -> bool:
    return bool(select.select([waker.fd], [], [], 0)[0])


def test_it_wakes_until_it_is_drained_however_often_it_was_poked() -> None:
    waker = Waker()
    waker.drain()
    assert not readable(waker)
    for _ in range(1 << 17):  # more than a pipe holds
        waker.poke()
    assert readable(waker)
    while readable(waker):
        waker.drain()
    waker.poke()
    assert readable(waker)
    waker.close()


def test_closed_it_leaves_nothing_open_and_is_poked_in_vain() -> None:
    waker = Waker()
    fd = waker.fd
    for _ in range(2):
        waker.close()
        waker.poke()
        waker.drain()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)

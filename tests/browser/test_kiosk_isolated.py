"""With no way out of the machine the picture still arrives."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ONLY_LOOPBACK = "ip link set lo up"
ONE_INTERFACE = (
    f"{ONLY_LOOPBACK} && ip link add wall0 type veth peer name wall1"
    " && ip addr add 192.0.2.7/24 dev wall0 && ip link set wall0 up && ip link set wall1 up"
)
TIMEOUT_S = 150


def _require_rights(set_up: str) -> None:
    for tool in ("unshare", "ip"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed: no network namespace can be made")
    command = ["unshare", "--net", "sh", "-c", set_up]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no right to make a network namespace: {tried.stderr.strip()}")


@pytest.mark.parametrize(
    "set_up", [ONE_INTERFACE, ONLY_LOOPBACK], ids=["one-interface", "only-loopback"]
)
def test_the_picture_arrives_with_no_way_out(chromium: Path, set_up: str) -> None:
    _require_rights(set_up)
    inside = (
        f'{set_up} && test -z "$(ip route show default)" && exec "$0" -m tests.browser.isolated'
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", inside, sys.executable],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    stats = json.loads(done.stdout.strip().splitlines()[-1])
    assert stats["frames_decoded"] > 25
    assert stats["width_px"] > 0

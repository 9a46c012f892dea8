import json

import pytest

from kiosk.cli import main
from kiosk.listen import devices
from tests.microphone_utils import FakeSound, entry

SOUND = FakeSound(entry("Speaker", 0), entry("Webcam C270", 1, 16_000.0), entry("USB"), default=2)


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str]:
    monkeypatch.setenv("KIOSK_CONFIG", "/dev/null")
    with pytest.raises(SystemExit) as ended:
        main(["microphones", *arguments])
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out + printed.err


def test_it_lists_them_and_marks_the_one_that_is_listened_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "sound_module", lambda: SOUND)
    monkeypatch.setenv("KIOSK_LISTEN__MICROPHONE", "c270")
    code, printed = run(capsys, monkeypatch)
    assert code == 0
    assert printed.splitlines() == [
        "*  1  Webcam C270, 16000 Hz",
        "   2  USB, 48000 Hz, the default",
    ]


def test_one_that_is_not_there_is_not_marked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "sound_module", lambda: SOUND)
    monkeypatch.setenv("KIOSK_LISTEN__MICROPHONE", "headset")
    code, printed = run(capsys, monkeypatch)
    assert code == 0 and "*" not in printed


def test_a_program_reads_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "sound_module", lambda: SOUND)
    code, printed = run(capsys, monkeypatch, "--json")
    assert code == 0
    assert json.loads(printed)[0] == {
        "index": 1, "name": "Webcam C270", "channels": 1, "rate_hz": 16_000, "default": False,
    }  # fmt: skip


def test_a_machine_without_any_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "sound_module", lambda: FakeSound())
    code, printed = run(capsys, monkeypatch)
    assert (code, printed) == (2, "kiosk: this machine has no microphone: plug one in\n")

import importlib

import pytest

from kiosk.listen import devices
from kiosk.listen.devices import Device, DeviceError, choose, finding, microphones, refresh
from tests.microphone_utils import FakeSound, entry

SOUND = FakeSound(
    entry("HDMI output", 0), entry("USB PnP Sound Device: Audio (hw:1,0)"),
    entry("Webcam C270", 1, 16_000.0), entry("webcam", 2, 44_100.0), default=2,
)  # fmt: skip


def test_outputs_are_no_microphones() -> None:
    assert microphones(SOUND) == [
        Device(1, "USB PnP Sound Device: Audio (hw:1,0)", 1, 48_000),
        Device(2, "Webcam C270", 1, 16_000, default=True),
        Device(3, "webcam", 2, 44_100),
    ]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("default", 2), ("3", 3), ("usb pnp", 1), ("Webcam", 3), ("c270", 2)],
)
def test_a_microphone_is_chosen_by_word_number_name_or_part(wanted: str, index: int) -> None:
    assert choose(microphones(SOUND), wanted).index == index


@pytest.mark.parametrize("wanted", ["0", "7", "headset"])
def test_one_that_is_not_there_is_named_with_the_remedy(wanted: str) -> None:
    with pytest.raises(
        DeviceError, match=f"{wanted}.* not there: plug it in, or set .*microphones"
    ):
        choose(microphones(SOUND), wanted)


def test_a_machine_without_any_says_so() -> None:
    with pytest.raises(DeviceError, match="no microphone: plug one in"):
        choose(microphones(FakeSound()), "default")


def test_the_first_is_the_default_where_there_is_no_default() -> None:
    assert choose(microphones(FakeSound(entry("a"), entry("b"))), "default").name == "a"


def test_what_is_plugged_in_later_is_seen_after_a_refresh() -> None:
    sound = FakeSound()
    sound.plugged.append(entry("late"))
    assert microphones(sound) == []
    refresh(sound)
    assert [device.name for device in microphones(sound)] == ["late"]


def test_a_failure_of_portaudio_is_told_with_a_remedy() -> None:
    sound = FakeSound()
    sound.error = RuntimeError("Error querying host API")
    for work in (microphones, refresh):
        with pytest.raises(DeviceError, match=r"failed \(Error querying host API\): see"):
            work(sound)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError("PortAudio library not found"), "apt install libportaudio2"),
        (ImportError("no"), r"pip install -e '\.\[microphone\]'"),
    ],
)
def test_what_is_not_installed_is_told_kindly(
    monkeypatch: pytest.MonkeyPatch, error: Exception, remedy: str
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(DeviceError, match=remedy):
        devices.sound_module()


def test_the_doctor_tells_whether_the_chosen_one_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "sound_module", lambda: SOUND)
    assert finding("c270") == ("ok", "2: Webcam C270, 16000 Hz", "")
    assert finding("")[:2] == ("ok", "3 there, none is listened to (listen.microphone)")
    state, detail, remedy = finding("headset")
    assert (state, detail) == ("warn", "the microphone 'headset' is not there")
    assert remedy.startswith("plug it in")


def test_the_doctor_does_not_mind_a_lack_that_nobody_minds(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DeviceError("PortAudio cannot be loaded (x)", "apt install libportaudio2")

    monkeypatch.setattr(devices, "sound_module", fail)
    assert finding("") == ("ok", "none is listened to (PortAudio cannot be loaded (x))", "")
    assert finding("default") == (
        "warn", "PortAudio cannot be loaded (x)", "apt install libportaudio2",
    )  # fmt: skip

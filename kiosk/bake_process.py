"""The process that makes an avatar of a photo: ``python -m kiosk.bake_process WISHES <PHOTO``.

A process of its own, because a photo may come from anywhere and costs seconds of processor time: it
yields to everything else, is the first to go when memory runs out, and what a decoder does to it
touches nobody. ``kiosk.baker`` starts it, and reads what it writes to standard output: messages,
each a header in JSON on a line of its own, followed by the files whose sizes the header gives.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from engine.portrait.checks import Finding

PHOTO_PATH = Path("/proc/self/fd/0")
LEAST_URGENT = 19


def main() -> int:
    """Read the photo from standard input, tell what is found, bake it."""
    _stand_back()
    out = sys.stdout.buffer
    try:
        _work(json.loads(sys.argv[1]), PHOTO_PATH, out)
    except BrokenPipeError:  # nobody waits for it any more
        os._exit(1)
    return 0


def _stand_back() -> None:
    """Let speech and pictures have the processor first; where that is not allowed, go on."""
    with contextlib.suppress(OSError):
        os.nice(LEAST_URGENT)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    import cv2

    cv2.setNumThreads(1)


def _work(wishes: Mapping[str, Any], photo: Path, out: BinaryIO) -> None:
    from engine.portrait.checks import RefusedError
    from engine.portrait.models import ModelError
    from engine.portrait.photo import PhotoError
    from engine.portrait.rig import RigError
    from kiosk.portraits import PortraitError

    try:
        _make(wishes, photo, out)
    except PhotoError as error:
        _tell(out, "refused", findings=[_unread(error, photo)], forcible=False)
    except RefusedError as error:
        _tell(out, "refused", findings=_told(error.findings), forcible=error.forcible)
    except (ModelError, RigError, PortraitError) as error:
        _tell(out, "failed", reason=str(error))


def _make(wishes: Mapping[str, Any], photo: Path, out: BinaryIO) -> None:
    from engine.portrait import rig as rigs
    from engine.portrait.onboard import Onboarding, Wishes
    from kiosk import portraits
    from kiosk.memory_file import MemoryFile
    from kiosk.models import segmenter_if_any

    onboarding = Onboarding(segmenter_if_any(_say))
    candidate = onboarding.examine(photo, Wishes(**wishes))
    files = {
        "portrait": portraits.portrait_png(candidate),
        "landmarks": portraits.landmarks_csv(candidate),
    }
    _tell(out, "checked", files, findings=_told(candidate.findings))
    rig, sheet = onboarding.bake(candidate, "draft")
    with MemoryFile() as file:
        rigs.save(rig, file.path)
        _tell(out, "baked", {"rig": file.path.read_bytes(), "sheet": portraits.sheet_jpg(sheet)})


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _told(findings: Iterable["Finding"]) -> list[dict[str, str]]:
    return [{"code": f.code, "reason": f.reason, "remedy": f.remedy} for f in findings]


def _unread(error: Any, photo: Path) -> dict[str, str]:  # noqa: ANN401  # imported late
    """The finding that a photo which cannot be read is; its name here says nothing to anybody."""
    reason = error.reason
    if reason.startswith(f"{photo.name} "):
        reason = f"the file{reason.removeprefix(photo.name)}"
    return {"code": error.code, "reason": reason, "remedy": error.remedy}


def _tell(out: BinaryIO, kind: str, files: Mapping[str, bytes] | None = None, **facts: Any) -> None:  # noqa: ANN401
    files = files or {}
    header = {"kind": kind, "files": {name: len(data) for name, data in files.items()}, **facts}
    out.write(json.dumps(header).encode() + b"\n")
    for data in files.values():
        out.write(data)
    out.flush()


if __name__ == "__main__":
    sys.exit(main())

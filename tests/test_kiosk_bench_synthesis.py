import json
from pathlib import Path

import numpy as np
import pytest

from kiosk import cli
from kiosk.bench import synthesis
from kiosk.bench.browser import BenchError
from kiosk.bench.drawn import Drawn, Pairs
from kiosk.bench.portrait import Figures, Outcome

LINE = Pairs(np.arange(4.0), 0.9 * np.arange(4.0))
NOISY = Pairs(np.arange(4.0), np.array([0.0, 1.0, 3.0, 2.0]))


def figures(opening: Pairs = LINE, identity: tuple[float, ...] = (0.1, 0.3)) -> Figures:
    return Figures(Drawn(opening, LINE, LINE), LINE, identity, 0.02, 0.0, 3.0, (5.0, 7.0), (0.05,),
                   28.0, 3.0, 90.0)  # fmt: skip


def test_all_keys_are_there() -> None:
    report = synthesis.report(
        [Outcome("a", figures()), Outcome("b", figures(NOISY)),
         Outcome("c", refused=("face_turned", "blurred")), Outcome("d", failed="KeyError: 'x'")]
    )  # fmt: skip
    assert not set(synthesis.KEYS) - report.keys()
    assert report["accepted"] == 2
    assert report["refused"] == {"face_turned": 1}
    assert report["failed"] == 1
    assert report["failures"] == {"d": "KeyError: 'x'"}
    assert report["r_opening"] == pytest.approx((1 + NOISY.r) / 2, abs=1e-4)
    assert list(report["r_opening_least"]) == ["b", "a"]
    assert report["r_opening_least"]["b"] == pytest.approx(NOISY.r)
    assert report["slope_eyeball"] == pytest.approx(0.9)
    assert report["slope_width"] == pytest.approx(0.9)
    assert report["identity_p50"] == pytest.approx(0.2)
    assert report["ms_p50"] == pytest.approx(6.0)
    assert report["portraits"]["b"]["r_opening"] == pytest.approx(NOISY.r, abs=1e-3)
    assert not any(line.startswith("portraits") for line in synthesis.table(report))
    json.dumps(report)


def test_what_was_not_measured_is_none() -> None:
    report = synthesis.report([Outcome("a", figures(identity=()))])
    assert report["identity_p50"] is None
    nobody = synthesis.report([Outcome("c", refused=("no_face",))])
    assert nobody["accepted"] == 0
    assert nobody["r_opening"] is None
    assert any(line.startswith("ms_p50") and "none" in line for line in synthesis.table(nobody))


def test_photos_are_chosen_evenly(tmp_path: Path) -> None:
    for index in range(10):
        (tmp_path / f"{index}.jpg").touch()
    (tmp_path / "note.txt").touch()
    assert len(synthesis.chosen(tmp_path, None)) == 10
    assert [path.stem for path in synthesis.chosen(tmp_path, 3)] == ["0", "3", "6"]


def test_without_photos_it_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(BenchError, match="--portraits"):
            synthesis.run(folder)


@pytest.mark.parametrize(("failed", "code"), [("", 0), ("broke", 1)])
def test_the_command_prints_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failed: str, code: int
) -> None:
    made = synthesis.report([Outcome("a", failed=failed) if failed else Outcome("a", figures())])
    monkeypatch.setattr(synthesis, "run", lambda *_: made)
    for arguments in (["--json"], []):
        with pytest.raises(SystemExit) as caught:
            cli.main(["bench", "synthesis", "--portraits", "x", *arguments])
        assert (caught.value.code or 0) == code
        shown = capsys.readouterr().out
        assert json.loads(shown) == made if arguments else shown.startswith("accepted")

"""``kiosk bench refiner``: its keys, what it leaves out, its command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.synthesis import refiner as runtime
from engine.train.refiner.split import held_out, learnt
from kiosk import cli
from kiosk.bench import refiner, refiner_speed
from kiosk.bench.browser import BenchError
from kiosk.bench.drawn import Pairs
from kiosk.bench.flicker import Flicker
from kiosk.bench.refined import STEPS
from kiosk.bench.refiner import BATCH, KEYS, photos, pictures, table, tiles
from kiosk.bench.refiner_face import MOUTHS, Judged, Likeness, Pictures

LINE = Pairs(np.arange(4.0), 0.9 * np.arange(4.0))
NOISY = Pairs(np.arange(4.0), np.array([0.0, 1.0, 3.0, 2.0]))
TILE = (np.zeros((4, 4, 3), np.uint8),) * 4


def seen(error: float, flicker: Flicker | None = None, looks: bool = True) -> Pictures:
    errors = {steps: error / (1 + steps) for steps in STEPS}
    distances = {steps: 0.1 / (1 + steps) for steps in STEPS} if looks else {}
    return Pictures(errors, distances, flicker or Flicker(2.0, 3.0, 0.0), TILE)


def judged(name: str = "a", looks: bool = True) -> Judged:
    networks = {"small": seen(65.025, looks=looks), "large": seen(6.5025, looks=looks)}
    refined = {"small": Likeness(NOISY, (0.1, 0.3)), "large": Likeness(LINE, (0.4,))}
    return Judged(name, networks, Likeness(LINE, (0.2,)), refined)  # type: ignore[arg-type]


def test_pictures_become_figures_of_each_network() -> None:
    report = pictures([judged(), Judged("b", failed="KeyError: 'x'")])
    assert report["psnr_0"] == pytest.approx(30)
    assert report["psnr_20_large"] == pytest.approx(40 + 10 * np.log10(21), abs=1e-3)
    assert report["perceptual_4"] == pytest.approx(0.02)
    assert report["r_opening_warp"] == report["r_opening_large"] == 1
    assert report["identity_p50_large"] == 0.4
    assert report["r_opening"] == pytest.approx(NOISY.r, abs=1e-4)
    assert report["slope_opening_warp"] == pytest.approx(0.9)
    assert (report["identity_p50"], report["identity_p50_warp"]) == (0.2, 0.2)
    assert (report["flicker_ratio"], report["flicker_still_large"]) == (1.5, 0.0)
    assert report["failures"] == {"b": "KeyError: 'x'"}
    assert report["portraits"]["a"]["psnr_0_large"] == pytest.approx(40)
    json.dumps(report)


def test_flicker_is_summed_before_it_is_compared() -> None:
    both = [Judged(name, {"small": seen(1, flicker)}) for name, flicker in
            (("a", Flicker(1.0, 1.0, 0.5)), ("b", Flicker(3.0, 5.0, 0.0)))]  # fmt: skip
    report = pictures(both)
    assert (report["flicker_ratio"], report["flicker_still"]) == (1.5, 0.125)


def test_what_was_not_measured_is_none() -> None:
    report = pictures([judged(looks=False)])
    assert report["perceptual_0"] is None
    nobody = pictures([Judged("a", {"small": seen(1)}, refined={"small": Likeness(None, ())})])
    assert nobody["r_opening"] is None and nobody["identity_p50"] is None
    assert "psnr_0" not in pictures([])


def test_tiles_are_the_large_networks_if_it_is_there() -> None:
    own = (np.ones((4, 4, 3), np.uint8),) * 4
    small = Judged("b", {"small": Pictures({}, {}, Flicker(1, 1, 0), own)})
    assert tiles([judged(), small, Judged("c")]) == [TILE, own]


def test_only_held_out_photos_judge(tmp_path: Path) -> None:
    for index in range(18):
        (tmp_path / f"{index:02}.jpg").touch()
    names = held_out(f"{index:02}" for index in range(18))
    assert 1 < len(names) < 9
    assert [path.stem for path in photos(tmp_path, 20)] == names
    assert [path.stem for path in photos(tmp_path, 1)] == names[:1]
    with pytest.raises(BenchError, match="--portraits"):
        photos(tmp_path / "none", 20)


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is timed, no plan is built, no weights are there."""
    monkeypatch.setattr(runtime, "WEIGHTS", tmp_path)
    monkeypatch.setattr(refiner, "SHELF", runtime.Shelf())
    monkeypatch.setattr(refiner_speed, "presets", lambda: {"ms_fast": 5.0})


def test_without_portraits_and_networks_it_says_what_is_missing(quick: None) -> None:
    report = refiner.run(None)
    assert not set(KEYS) - report.keys()
    assert report["ms_fast"] == 5.0
    assert report["psnr_1"] is None
    assert report["trt_built"] == []
    skipped = "\n".join(report["skipped"])
    assert all(f"the {network} refiner" in skipped for network in ("small", "large"))
    assert "--portraits" in skipped and "trt_built" in skipped
    assert report["perceptual_measure"].startswith("ST-LPIPS")
    json.dumps(report)
    lines = table(report)
    assert any(line.startswith("psnr_1 ") and line.endswith("none") for line in lines)
    assert not any(line.startswith("portraits") for line in lines)


def test_a_network_that_is_there_and_broken_is_told(quick: None, tmp_path: Path) -> None:
    (tmp_path / "refiner_large.onnx").write_bytes(b"nonsense")
    (told,) = refiner.lacking("large")
    assert "the large refiner: cannot load" in told
    assert len(refiner.lacking("small")) == 1


def test_too_few_photos_are_told(quick: None, tmp_path: Path) -> None:
    (tmp_path / f"{learnt(map(str, range(9)))[0]}.jpg").touch()
    report = refiner.run(tmp_path)
    assert any("6th photo judges" in line for line in report["skipped"])


def test_a_sheet_that_cannot_be_is_refused_before_anything_is_measured(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured() -> None:
        raise AssertionError("measured in vain")

    monkeypatch.setattr(refiner_speed, "presets", measured)
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(18):
        (photos / f"{number:02}.jpg").touch()
    for folder, name, words in ((None, "a.jpg", "no faces"), (photos, "a.txt", "call it .jpg"),
                                (photos, "a.jpg", "no refiner is installed")):  # fmt: skip
        with pytest.raises(BenchError, match=words):
            refiner.run(folder, sheet=tmp_path / name)


def test_a_sheet_that_fails_costs_nothing_that_was_measured(tmp_path: Path) -> None:
    told = refiner._drawn(tmp_path / "a.jpg", [])
    assert told == [f"sheet: no faces for {tmp_path / 'a.jpg'}: give a folder of portraits with "
                    "--portraits"]  # fmt: skip


class InLine:
    """A pool of processes that is none."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> "InLine":
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, work: Callable[[Any], Any], batches: list[Any]) -> list[Any]:
        return [work(batch) for batch in batches]


def test_portraits_are_judged_in_batches_each_with_a_mouth_of_its_own(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(18):
        (tmp_path / f"{index:02}.jpg").touch()
    names = held_out(f"{index:02}" for index in range(18))
    batches: list[list[tuple[Path, str]]] = []

    def judge(jobs: list[tuple[Path, str]]) -> list[Judged]:
        batches.append(jobs)
        return [judged(path.stem) for path, _ in jobs]

    monkeypatch.setattr(refiner, "judge", judge)
    monkeypatch.setattr(refiner, "ProcessPoolExecutor", InLine)
    monkeypatch.setattr(refiner, "_check_sheet", lambda *_: None)
    told: list[str] = []
    report = refiner.run(tmp_path, 20, tmp_path / "sheet.jpg", told.append)
    assert max(map(len, batches)) == BATCH
    jobs = [job for batch in batches for job in batch]
    assert [path.stem for path, _ in jobs] == names
    assert len({shape for _, shape in jobs}) == min(len(names), len(MOUTHS))
    assert list(report["portraits"]) == names
    assert report["psnr_0"] == pytest.approx(30)
    assert (tmp_path / "sheet.jpg").is_file()
    assert f"{len(names)} of {len(names)} portraits" in told


@pytest.mark.parametrize(("failures", "code"), [({}, 0), ({"a": "broke"}, 1)])
def test_the_command_prints_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    failures: dict[str, str], code: int,
) -> None:  # fmt: skip
    made = {"psnr_0": 30.0, "failures": failures, "skipped": []}
    asked: list[tuple[object, ...]] = []

    def run(*arguments: object) -> dict[str, Any]:
        asked.append(arguments[:3])
        return made

    monkeypatch.setattr(refiner, "run", run)
    for arguments in (["--json"], ["--portraits", "x", "--limit", "3", "--sheet", "y.jpg"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(["bench", "refiner", *arguments])
        assert (caught.value.code or 0) == code
        shown = capsys.readouterr().out
        assert json.loads(shown) == made if "--json" in arguments else "psnr_0" in shown
    assert asked == [(None, 20, None), (Path("x"), 3, Path("y.jpg"))]


def test_a_folder_that_is_not_there_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(BenchError, match="no folder"):
        refiner.run(tmp_path / "none", tell=told.append)
    assert not told

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.train.corpus import Utterance
from engine.train.readback import CLASSES
from engine.train.teacher import Phone
from kiosk import cli
from kiosk.bench import headaudio, material, motion
from kiosk.bench.browser import BenchError
from kiosk.bench.material import MissingError, Source
from tests.motion_utils import speech_like

PHONES = tuple(Phone(s, 0.4 + 0.1 * i, 0.5 + 0.1 * i) for i, s in enumerate("apafamava"))


def utterance(voice: str) -> Utterance:
    return Utterance(speech_like(), PHONES, voice, "en")


def absent() -> list[Utterance]:
    raise MissingError("install it")


ENGINE = Source("engine", False, lambda: [utterance("a"), utterance("b")])
READER = Source("reader", True, lambda: [utterance("c")])
ABSENT = Source("absent", True, absent)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "stage_figures", lambda _: {"silent_motion": 0.0})
    monkeypatch.setattr(headaudio, "package", _no_package)


def _no_package(_: Path | None) -> Any:  # noqa: ANN401  # never returns
    raise MissingError("no registry")


def test_all_keys_are_there_and_what_is_missing_is_named(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion, "SOURCES", (ENGINE, ABSENT))
    report = motion.run(None, None)
    assert not set(motion.KEYS) - report.keys()
    assert report["r_real"] is None
    assert report["r_lips"] is None
    assert report["viseme_acc_headaudio"] is None
    assert report["r_synthetic"] is not None
    assert 0.0 <= report["viseme_acc"] <= 1.0
    assert [line.split(":")[0] for line in report["skipped"]] == [
        "absent", "headaudio", "real lips",
    ]  # fmt: skip
    assert set(report["conditions"]) == {"babble_0db", "telephone", "level_-25db"}
    json.dumps(report)
    assert any("absent: install it" in line for line in motion.table(report))


def test_falls_are_from_the_clean_figures(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "SOURCES", (ENGINE, READER))
    report = motion.run(None, None)
    for condition in report["conditions"].values():
        for key in motion.SPEECH_KEYS:
            assert condition[f"{key}_fall"] == pytest.approx(report[key] - condition[key])


def test_nothing_to_judge_on_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "SOURCES", (ABSENT,))
    with pytest.raises(BenchError, match="install it"):
        motion.run(None, None)


def test_lips_that_cannot_be_read_are_an_error(
    quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(motion, "SOURCES", (ENGINE,))
    monkeypatch.setattr(motion, "CONDITIONS", {})
    with pytest.raises(BenchError, match="--lips"):
        motion.run(tmp_path / "none.npz", None)


def test_shares_tell_synthetic_real_and_sounding_apart() -> None:
    said = [np.array([0, 1, 1]), np.array([0, 0, 2])]
    read = [np.array([0, 1, 0]), np.array([0, 0, 0])]
    spoken = [utterance("a"), utterance("c")]
    found = motion.viseme_shares("v", read, motion.Material(spoken, [False, True]), said)
    assert found["v"] == pytest.approx(4 / 6)
    assert found["v_synthetic"] == pytest.approx(2 / 3)
    assert found["v_real"] == pytest.approx(2 / 3)
    assert found["v_sounding"] == pytest.approx(1 / 3)
    assert len(CLASSES) == 15


def test_others_are_of_other_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "curves", lambda samples: samples)
    given: list[int] = []

    def condition(samples: FloatArray, others: Any) -> FloatArray:  # noqa: ANN401
        given.append(len(others))
        return samples

    spoken = [utterance("a"), utterance("a"), utterance("b")]
    motion.heard_in(motion.Material(spoken, [False] * 3), condition)
    assert given == [1, 1, 2]


def test_the_command_prints_json_or_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report: dict[str, Any] = dict.fromkeys(motion.KEYS, 0.5) | {"conditions": {}, "skipped": []}
    monkeypatch.setattr(motion, "run", lambda *_: report)
    for arguments in (["--json"], []):
        with pytest.raises(SystemExit) as caught:
            cli.main(["bench", "motion", *arguments])
        assert caught.value.code == 0
        shown = capsys.readouterr().out
        if arguments:
            assert json.loads(shown) == report
        else:
            assert shown.startswith("r_synthetic")


def test_the_sources_are_two_engines_and_a_reader() -> None:
    assert [source.name for source in material.SOURCES] == ["piper", "flite", "librivox"]


def test_lips_are_looked_at_before_anything_else(tmp_path: Path) -> None:
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    for path, told in ((tmp_path / "none.npz", "no such file"), (text, "not an NPZ")):
        with pytest.raises(BenchError, match=told):
            motion.run(path, None, lambda _: pytest.fail("work was begun"))

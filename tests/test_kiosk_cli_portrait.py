"""``kiosk portrait``: a whole run, and one clear line for whatever is wrong."""

import json
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.portrait.rig import load
from kiosk import cli
from kiosk.packages import Say
from tests.portrait_utils import ROOM, needs_faces, portrait, with_mask

Capture = pytest.CaptureFixture[str]
ADA = ROOM / "ada" / "portrait.png"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Configured as the avatars' folder, and empty."""
    (tmp_path / "kiosk.toml").write_text('[avatar]\ndir = "avatars"\n')
    monkeypatch.setenv("KIOSK_CONFIG", str(tmp_path / "kiosk.toml"))
    return tmp_path / "avatars"


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(["portrait", *(str(argument) for argument in arguments)])
    return int(caught.value.code or 0)


def wav(folder: Path) -> Path:
    """A fifth of a second of noise at 16 kHz."""
    with wave.open(str(folder / "noise.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        noise = np.random.default_rng(1).normal(0, 3000, 3200)
        file.writeframes(noise.astype("<i2").tobytes())
    return folder / "noise.wav"


@needs_faces
def test_a_photo_is_added_listed_rendered_and_removed(folder: Path, capsys: Capture) -> None:
    assert run("add", ADA, "--name", "guest") == 0
    assert "kiosk serve --avatar guest" in capsys.readouterr().out
    assert load(folder / "guest" / "persona.rig").name == "guest"
    sheet = cv2.imread(str(folder / "guest" / "sheet.jpg"))
    assert sheet is not None
    assert sheet.shape == (512 * 3, 512 * 6, 3)

    assert run("list", "--json") == 0
    rows = {row["name"]: row["ships"] for row in json.loads(capsys.readouterr().out)}
    assert rows["ada"] is True
    assert rows["guest"] is False

    film = folder.parent / "film.mp4"
    with pytest.raises(SystemExit) as done:
        cli.main(["render", "guest", str(wav(folder.parent)), str(film), "--size", "256x256"])
    assert done.value.code == 0
    assert film.stat().st_size > 1000
    capsys.readouterr()

    corrected = folder / "guest" / "landmarks.csv"
    assert run("add", ADA, "--name", "again", "--landmarks", corrected, "--json") == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []

    assert run("remove", "guest") == 0
    assert sorted(path.name for path in folder.iterdir()) == ["again"]
    capsys.readouterr()
    assert run("list") == 0
    assert "guest" not in capsys.readouterr().out


@needs_faces
def test_a_photo_is_forced_with_warnings(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    cv2.imwrite(str(tmp_path / "mask.png"), with_mask())
    assert run("add", tmp_path / "mask.png", "--name", "guest") == 2
    told = capsys.readouterr().err
    assert told.startswith("kiosk: mouth_hidden: the lips cannot be made out: uncover the mouth")
    assert told.count("\n") == 1
    assert not folder.exists()
    assert run("add", tmp_path / "mask.png", "--name", "guest", "--json") == 2
    refusal = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in refusal["refused"]] == ["mouth_hidden"]
    assert refusal["forcible"] is True
    assert run("add", tmp_path / "mask.png", "--name", "guest", "--force") == 0
    assert "warning: mouth_hidden" in capsys.readouterr().err
    assert run("remove", "guest", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"name": "guest", "removed": True}


def test_what_is_wrong_is_said_in_one_line(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "half.png").write_bytes(ADA.read_bytes()[:100_000])
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([portrait(), portrait()]))
    for arguments, words in (
        (
            ("add", tmp_path / "text.jpg", "--name", "x"),
            "not_a_photo: text.jpg is not a photo: give a JPEG",
        ),
        (("add", tmp_path / "half.png", "--name", "x"), "damaged"),
        (("add", tmp_path / "two.png", "--name", "x"), "2 faces in the photo: crop it"),
        (("add", tmp_path / "none.png", "--name", "x"), "No such file"),
        (("add", ADA, "--name", "a/b"), "'a/b' is not a name: use letters"),
        (("add", ADA, "--name", "ada"), "ada ships with the kiosk: choose another name"),
        (("add", ADA, "--name", "x", "--landmarks", tmp_path / "text.jpg"), "give 478 lines"),
        (("add", ADA, "--name", "x", "--expand-ratio", "0.5"), "a number from 0.15 to 0.2"),
        (("add", ADA, "--name", "x", "--min-resolution", "100"), "number from 512 to 1024"),
        (("remove", "nobody"), "no avatar 'nobody'"),
        (("remove", "ada"), "is the avatar the kiosk shows: set another avatar.name"),
    ):
        assert run(*arguments) == 2, arguments
        told = capsys.readouterr().err
        if "face models" in told or "LiteRT" in told:
            continue  # not installed: that is told first
        assert words in told
        assert told.startswith("kiosk: ")
        assert told.count("\n") == 1
    assert not folder.exists()


def test_the_cut_out_model_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def fetch(models_dir: Path, say: Say) -> None:
        say(f"fetched to {models_dir}")

    monkeypatch.setattr("kiosk.models.fetch", fetch)
    monkeypatch.setattr("kiosk.models.default_models_dir", lambda: tmp_path)
    assert run("fetch") == 0
    assert capsys.readouterr().out == f"fetched to {tmp_path}\n"

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from kiosk.packages import AssetError
from kiosk.speech import assets

STYLE = np.zeros(assets.STYLE_SHAPE, "<f4").tobytes()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> bytes:
    model = b"one two three four "
    monkeypatch.setattr(assets, "_model_part", lambda _: model[:5])
    joined = model[:5] * 4
    monkeypatch.setattr(assets, "_MODEL_SHA256", hashlib.sha256(joined).hexdigest())
    monkeypatch.setattr(assets, "has_fast_integers", lambda: False)
    monkeypatch.setattr(assets, "rewritten", rewrite)
    return joined


def fake_archive(names: list[str]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"package/voices/{name}")
            member.size = len(STYLE)
            archive.addfile(member, io.BytesIO(STYLE))
    return target.getvalue()


def full_set() -> dict[str, bytes]:
    return {f"af_{index}": STYLE for index in range(36)}


def test_the_model_is_joined_and_rewritten(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_styles_by_npm", lambda say: full_set())
    assets.fetch(tmp_path, lines.append)
    path = assets.model_path(tmp_path)
    assert path and path.read_bytes() == parts + b" as floats"
    assert len(assets.style_paths(tmp_path)) == 36
    assert not list(tmp_path.rglob("*.part*"))


def test_a_second_time_nothing_is_fetched(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_styles_by_npm", lambda say: full_set())
    assets.fetch(tmp_path, lines.append)
    monkeypatch.setattr(assets, "_styles_by_npm", refuse)
    monkeypatch.setattr(assets, "_model_part", refuse)
    lines.clear()
    assets.fetch(tmp_path, lines.append)
    assert len(lines) == 2
    assert all("ready" in line for line in lines)


def test_a_broken_file_is_made_anew(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_styles_by_npm", lambda say: full_set())
    assets.fetch(tmp_path, lines.append)
    (tmp_path / assets.MODEL_FILES[1]).write_bytes(b"half")
    (tmp_path / assets.STYLES_FOLDER / "af_0.bin").write_bytes(b"half")
    assert assets.model_path(tmp_path) is None
    assets.fetch(tmp_path, lines.append)
    assert assets.model_path(tmp_path)
    assert len(assets.style_paths(tmp_path)) == 36


def test_damaged_parts_are_refused(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_model_part", lambda _: b"other")
    with pytest.raises(AssetError, match="reinstall"):
        assets.fetch(tmp_path, lines.append)
    assert assets.model_path(tmp_path) is None


def test_another_processor_gets_another_model(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_styles_by_npm", lambda say: full_set())
    assets.fetch(tmp_path, lines.append)
    monkeypatch.setattr(assets, "has_fast_integers", lambda: True)
    floats = assets.model_path(tmp_path)  # better than none
    assert floats and floats.name == assets.MODEL_FILES[1]
    assets.fetch(tmp_path, lines.append)
    integers = assets.model_path(tmp_path)
    assert integers and integers.read_bytes() == parts


def test_a_former_model_speaks_until_the_new_one_is_made_and_is_left_alone(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_styles_by_npm", lambda say: full_set())
    former = tmp_path / assets.FORMER_MODEL_FILES[1]
    former.write_bytes(b"former")
    former.with_suffix(".bytes").write_text("6")
    assert assets.model_path(tmp_path) == former
    assets.fetch(tmp_path, lines.append)
    path = assets.model_path(tmp_path)
    assert path and path.name == assets.MODEL_FILES[1]
    assert former.is_file()
    assert any(former.name in line and "may be deleted" in line for line in lines)


def test_a_model_that_cannot_be_rewritten_is_told(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "rewritten", refuse_to_rewrite)
    with pytest.raises(AssetError, match="not known"):
        assets.fetch(tmp_path, lines.append)


def test_without_npm_stand_ins_are_had_and_their_cost_is_told(
    tmp_path: Path, parts: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(assets, "_styles_by_npm", refuse)
    monkeypatch.setattr(assets, "_styles_by_pip", lambda say: {f"jf_{i}": STYLE for i in range(5)})
    assets.fetch(tmp_path, lines.append)
    assert len(assets.style_paths(tmp_path)) == 5
    assert "accent" in lines[-1] and "npm" in lines[-1]


def test_only_voices_that_can_be_read_are_kept() -> None:
    archive = fake_archive(["af_heart.bin", "ef_dora.bin", "zf_xiaobei.bin", "../README.md"])
    assert sorted(name for name, _ in assets._archived_styles(archive)) == [
        "af_heart",
        "zf_xiaobei",
    ]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AssetError, match="cannot write"):
        assets.fetch(tmp_path / "file" / "voices", lines.append)


def test_the_command_says_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "kiosk.speech.assets", "--voices-dir", str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot write" in done.stderr


def rewrite(model: bytes, *, float_convolutions: bool) -> bytes:
    return model + b" as floats" * float_convolutions


def refuse_to_rewrite(model: bytes, *, float_convolutions: bool) -> bytes:
    raise ValueError("not known")


def refuse(*_: object) -> dict[str, bytes]:
    raise AssetError("must not be asked")

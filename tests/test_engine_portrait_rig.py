"""Rig files."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from engine import personas
from engine.portrait import rig as rigs
from engine.portrait.rig import MAX_BYTES, RigError, load, save
from tests.portrait_utils import ada


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save(ada(), tmp_path / "again.rig")
    again = load(tmp_path / "again.rig")
    for field in fields(again):
        assert np.array_equal(getattr(again, field.name), getattr(ada(), field.name)), field.name


def test_a_mask_is_kept(tmp_path: Path) -> None:
    mask = np.random.default_rng(1).integers(0, 256, (256, 256), np.uint8)
    save(replace(ada(), mask=mask), tmp_path / "masked.rig")
    again = load(tmp_path / "masked.rig").mask
    assert again is not None
    assert np.array_equal(again, mask)


def test_a_rig_of_version_1_has_no_mask_and_is_loaded(tmp_path: Path) -> None:
    save(replace(ada(), version=1, mask=None), tmp_path / "old.rig")
    with np.load(tmp_path / "old.rig") as archive:
        assert "mask" not in archive.files
        assert json.loads(archive["meta"].tobytes())["version"] == 1
    assert load(tmp_path / "old.rig").mask is None


def test_the_shipped_rig_is_compact() -> None:
    assert personas.path("ada").stat().st_size <= MAX_BYTES


def test_a_missing_rig_is_named(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"none\.rig.*bake"):
        load(tmp_path / "none.rig")


@pytest.mark.parametrize("keep", [0, 100, 20_000, -4000])
def test_a_torn_file_is_refused(tmp_path: Path, keep: int) -> None:
    data = personas.path("ada").read_bytes()
    (tmp_path / "torn.rig").write_bytes(data[:keep])
    with pytest.raises(RigError, match="bake it again"):
        load(tmp_path / "torn.rig")


def test_flipped_bits_are_refused(tmp_path: Path) -> None:
    data = bytearray(personas.path("ada").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(b ^ 0xFF for b in data[middle : middle + 64])
    (tmp_path / "bad.rig").write_bytes(data)
    with pytest.raises(RigError, match="bake it again"):
        load(tmp_path / "bad.rig")


def test_another_version_is_refused(tmp_path: Path) -> None:
    save(replace(ada(), version=99), tmp_path / "new.rig")
    with pytest.raises(RigError, match="version 99"):
        load(tmp_path / "new.rig")


def test_other_coefficients_are_refused(tmp_path: Path) -> None:
    with np.load(personas.path("ada")) as archive:
        arrays = {name: archive[name] for name in archive.files}
    meta = json.loads(arrays["meta"].tobytes())
    meta["coefficients"] = meta["coefficients"][::-1]
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    with (tmp_path / "other.rig").open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(RigError, match="bake it again"):
        load(tmp_path / "other.rig")


def test_a_rig_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rigs, "MAX_BYTES", 1000)
    with pytest.raises(RigError, match="smaller photo"):
        save(ada(), tmp_path / "large.rig")
    assert not (tmp_path / "large.rig").exists()

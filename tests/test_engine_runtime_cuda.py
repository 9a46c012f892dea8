from pathlib import Path

from engine.runtime.cuda import device_files


def test_gpus_are_seen_by_their_device_files(tmp_path: Path) -> None:
    assert device_files(tmp_path) == []
    for name in ("nvidia0", "nvidia1", "nvidiactl", "dxg", "null"):
        (tmp_path / name).touch()
    assert device_files(tmp_path) == ["dxg", "nvidia0", "nvidia1"]

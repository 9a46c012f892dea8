"""A file that is nowhere but in memory."""

from kiosk.memory_file import MemoryFile


def test_what_is_written_is_read_by_its_path_and_on_no_disk() -> None:
    with MemoryFile(b"one") as file:
        file.write(b" two")
        assert file.path.read_bytes() == b"one two"
        assert file.size == 7 == file.path.stat().st_size
        assert str(file.path.resolve()).startswith("/memfd:")


def test_it_is_gone_when_closed_and_may_be_closed_again() -> None:
    file = MemoryFile(b"face")
    path = file.path
    file.close()
    file.close()
    assert not path.is_file()

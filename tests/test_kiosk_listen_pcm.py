"""Samples off a wire, and what callers may ask for."""

import numpy as np
import pytest

from kiosk.api import ProblemError
from kiosk.listen.pcm import PcmQuery, PcmReader


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 4_096])
def test_samples_may_be_split_anywhere(size: int) -> None:
    wanted = np.array([0, 1, -1, 32_767, -32_768, 300], "<i2")
    reader, data = PcmReader("s16le"), wanted.tobytes()
    parts = [reader.read(data[at : at + size]) for at in range(0, len(data), size)]
    np.testing.assert_array_equal(np.concatenate(parts), wanted / np.float32(32_768))
    floats = np.array([0.0, 0.5, -1.0], "<f4")
    reader, data = PcmReader("f32le"), floats.tobytes()
    parts = [reader.read(data[at : at + size]) for at in range(0, len(data), size)]
    np.testing.assert_array_equal(np.concatenate(parts), floats)


def test_half_a_sample_is_forgotten_at_an_end() -> None:
    reader = PcmReader("s16le")
    assert len(reader.read(b"\x01\x02\x03")) == 1
    assert reader.reset() == 1 and reader.reset() == 0
    np.testing.assert_array_equal(reader.read(b"\x00\x40"), [0.5])


def test_a_query_is_read() -> None:
    assert PcmQuery.read({"rate": "16000"}) == PcmQuery(16_000, "s16le", None, False)
    full = {"rate": "48000", "format": "f32le", "role": "visitor", "takeover": "true"}
    assert PcmQuery.read(full) == PcmQuery(48_000, "f32le", "visitor", True)
    assert PcmQuery.read({"rate": "8000", "role": "voice"}).role == "voice"


@pytest.mark.parametrize(
    ("query", "code", "remedy"),
    [
        ({}, "invalid_rate", "8000 to 48000"),
        ({"rate": "fast"}, "invalid_rate", "8000 to 48000"),
        ({"rate": "-8000"}, "invalid_rate", "8000 to 48000"),
        ({"rate": "1e4"}, "invalid_rate", "8000 to 48000"),
        ({"rate": "१६०००"}, "invalid_rate", "8000 to 48000"),
        ({"rate": "16000", "format": "mp3"}, "invalid_format", "s16le"),
        ({"rate": "16000", "role": "boss"}, "invalid_role", "visitor"),
        ({"rate": "16000", "takeover": "maybe"}, "invalid_request", "true and false"),
    ],
)
def test_what_is_wrong_is_named_with_the_remedy(
    query: dict[str, str], code: str, remedy: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        PcmQuery.read(query)
    assert caught.value.problem.code == code and remedy in caught.value.problem.remedy

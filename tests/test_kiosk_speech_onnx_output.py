import pytest

from kiosk.speech.onnx_output import output_message


def test_the_message_is_graph_output_name() -> None:
    # 0x3a: field 7 (graph); 0x62: field 12 (output); 0x0a: field 1 (name); each with its length.
    assert output_message("abc") == b"\x3a\x07\x62\x05\x0a\x03abc"


def test_a_name_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed"):
        output_message("a" * 126)

"""Makes an inner value of an ONNX model one of its outputs, without parsing the model."""


def output_message(name: str) -> bytes:
    """What to append to a serialised model so that the value *name* becomes an output.

    Protobuf merges messages of the same field on reading ("Last One Wins" in its encoding guide),
    so that a second ``ModelProto.graph`` (field 7) with one ``GraphProto.output`` (field 12) whose
    ``ValueInfoProto.name`` (field 1) is *name* adds to the first.

    Raises:
        ValueError: *name* is longer than a length of one byte allows.
    """
    message = name.encode()
    for field in (1, 12, 7):
        if len(message) > 127:
            raise ValueError(f"name of {len(name)} characters: allowed are about 120")
        message = bytes((field << 3 | 2, len(message))) + message
    return message

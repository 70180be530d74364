"""Protocol buffer modules that an old `protoc` generated."""

from pathlib import Path

import pytest

from tests.recording.commands import printed

OLD_MESSAGES = """
import google.protobuf.descriptor as _descriptor
_descriptor.FieldDescriptor()  # What today's protobuf refuses.
DESCRIPTOR = _descriptor.FileDescriptor(name="old.proto", serialized_pb={text})
"""


@pytest.mark.subprocess
def test_old_protocol_buffers(tmp_path: Path) -> None:
    from google.protobuf import descriptor_pb2

    described = descriptor_pb2.FileDescriptorProto(name="old.proto", package="old")
    message = described.message_type.add(name="Point")
    message.field.add(name="x", number=1, type="TYPE_INT32", label="LABEL_OPTIONAL")
    serialized = described.SerializeToString()
    for text in (repr(serialized), f"_b({serialized.decode('latin-1')!r})"):
        (tmp_path / "old_pb2.py").write_text(OLD_MESSAGES.format(text=text))
        program = "import old_pb2\nprint(old_pb2.Point(x=3).SerializeToString())"
        # Field 1, type varint: 8; the value: 3.
        assert printed(program, tmp_path) == [repr(b"\x08\x03")]

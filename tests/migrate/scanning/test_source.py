"""Positions in a text, whatever its encoding and its line ends."""

import ast

import pytest

from migrate.scanning.source import SourceText

FILES = {
    "ascii": b"x = 1\ny = tf.a\n",
    "utf-8": "é = 1\ny, ü = 1, tf.a\n".encode(),
    "mark": b"\xef\xbb\xbfx = 1\ny = tf.a\n",
    "latin-1": "# coding: latin-1\ny, ü = 'ä', tf.a\n".encode("latin-1"),
    "crlf": b"x = 1\r\ny = tf.a\r\n",
    "cr": b"x = 1\ry = tf.a\r",
    "form feed": b"x = 1\n\x0cy = tf.a\n",
    "other separators": "x = '\u2028\x1c'\ny = tf.a\n".encode(),
    "no end": b"x = 1\ny = tf.a",
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_a_span_is_the_text_of_its_node(data: bytes) -> None:
    source = SourceText.decode(data)
    [node] = [node for node in ast.walk(ast.parse(data)) if isinstance(node, ast.Attribute)]
    start, end = source.span(node)
    assert source.text[start:end] == "tf.a"
    line = source.line(node.lineno)
    assert line[source.column(node.lineno, node.col_offset) - 1 :].startswith("tf.a")


def test_what_is_not_in_its_encoding() -> None:
    with pytest.raises(UnicodeDecodeError):
        SourceText.decode(b"# coding: utf-8\nx = '\xe4'\n")
    with pytest.raises(SyntaxError, match="unknown encoding: klingon"):
        SourceText.decode(b"# coding: klingon\n")

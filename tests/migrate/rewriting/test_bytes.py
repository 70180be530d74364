"""Nothing but the edits changes in a file, whatever its bytes are."""

import ast
import itertools
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrate import rules
from migrate.findings import Edit
from migrate.rewriting import edits, file_steps, source_bytes
from migrate.rewriting.source_bytes import with_edits
from migrate.scanning import engine

ROOT = Path(__file__).parents[3]
# The rules that make edits.
RULES = [
    rule()
    for rule in rules.catalogue().values()
    if any(each.after is not None for each in rule.examples)
]
PROGRAM = (
    "# coding: latin-1\n'''D\u00f6c.'''\nimport os\nimport tensorflow as tf\n\n\n"
    "def f(x):\n\treturn tf.estimator.EstimatorSpec('\u00e4', tf.reduce_sum(x, keep_dims=1))\n"
)


def rewritten(data: bytes) -> bytes:
    steps = list(file_steps.steps(data, "a.py", RULES, lambda each: each.edit is not None))
    return steps[-1].after if steps else data


AFTER = PROGRAM.replace("import tensorflow", "import estimator_compat\nimport tensorflow", 1)
AFTER = AFTER.replace("tf.estimator.", "estimator_compat.").replace("keep_dims", "keepdims")


@pytest.mark.parametrize(
    "made",
    [
        lambda text: text.encode("latin-1"),
        lambda text: text.replace("\n", "\r\n").encode("latin-1"),
        lambda text: text.removeprefix("# coding: latin-1\n").replace("\n", "\r").encode(),
        lambda text: b"\xef\xbb\xbf" + text.replace("latin-1", "utf-8").encode(),
        lambda text: text.replace("latin-1", "utf-8").rstrip("\n").encode(),
        lambda text: text.replace("\n\n\ndef", "\n\x0c\n\ndef").encode("latin-1"),
        lambda text: text.replace("latin-1", "cp1252").encode("cp1252"),
        lambda text: text.replace("\nimport os", "  \nimport os  \t").encode("latin-1"),
    ],
    ids=["latin-1", "crlf", "cr", "mark", "no end", "form feed", "cp1252", "blanks"],
)
def test_encodings_and_line_ends(made) -> None:
    assert rewritten(made(PROGRAM)) == made(AFTER)


def test_an_encoding_that_does_not_keep_its_bytes() -> None:
    # UTF-7 writes `+ACc-` for what it would write as `'`.
    data = b"# coding: utf-7\nimport tensorflow.compat.v1 as tf\nx = +ACc-a+ACc-, tf.estimator\n"
    assert rewritten(data) == data


def test_edits_that_break_a_file_are_not_made() -> None:
    assert with_edits(b"x = 1\n", [Edit(start=4, end=5, text="(")]) is None
    assert (
        with_edits(b"# coding: latin-1\nx = 1\n", [Edit(start=22, end=23, text="'\u20ac'")]) is None
    )


def test_edits_that_collide_wait() -> None:
    data = (
        b"import tensorflow as tf\nfrom tensorflow import estimator, nn\n"
        b"estimator.RunConfig, tf.Session()\n"
    )
    first = engine.scan_data(data, "a.py", RULES).findings
    chosen, made = edits.choose(first)
    assert 0 < len(chosen) <= len(first)
    assert all(one.end <= other.start for one, other in itertools.pairwise(made))


SOURCES = [
    path.read_bytes()
    for folder in ("tests/golden/programs", "tests/corpus/programs", "tests/scenarios/scripts")
    for path in sorted((ROOT / folder).glob("*.py"))
]


ENDS = (b"\r\n", b"\r", b"\x0c\n")
SIGNS = (b":=", b"\\\n=", b"= (", b"= await ")
STATEMENTS = ("\u00e4 = 1", "from tensorflow import *", "tf = 3", "#\u2028", "import tensorflow")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A legacy program after changes that a person, a merge or a disk makes."""
    lines = draw(st.sampled_from(SOURCES)).splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        other = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.integers(0, 7))
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[other])
        elif kind == 2:
            lines[at] = lines[at].replace(b"compat.v1", b"estimator").replace(b"tf.", b"tf . ")
        elif kind == 3:
            lines[at] = lines[at].rstrip(b"\r\n") + b"; import tensorflow as tf\n"
        elif kind == 4:
            lines[at] = lines[at].replace(b"\n", draw(st.sampled_from(ENDS)))
        elif kind == 5:
            lines[at] = lines[at].replace(b"=", draw(st.sampled_from(SIGNS)))
        elif kind == 6:
            lines[at] = lines[at].replace(b"estimator", b"contrib.tpu").replace(b"(", b"(\n")
        else:
            lines.insert(at, draw(st.sampled_from(STATEMENTS)).encode() + b"\n")
        lines = lines or [b"\n"]
    return b"".join(lines)


def parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


@given(mutated())
@example(b"")
@settings(max_examples=25, deadline=None)
def test_a_mutated_program(data: bytes) -> None:
    check(data)


@pytest.mark.slow
@given(mutated())
@settings(max_examples=1500, deadline=None)
def test_many_mutated_programs(data: bytes) -> None:
    check(data)


def check(data: bytes) -> None:
    result = engine.scan_data(data, "a.py", RULES)
    after = rewritten(data)
    assert parses(after) == parses(data)
    assert rewritten(after) == after
    if not parses(data):
        assert after == data
        return
    _, made = edits.choose(each for each in result.findings if each.edit is not None)
    # Between the edits of a step, every byte is as it was.
    text = data.removeprefix(b"\xef\xbb\xbf").decode()
    position = 0
    if made and (once := source_bytes.with_edits(data, made)) is not None:
        new = once.removeprefix(b"\xef\xbb\xbf").decode()
        for edit in made:
            kept = text[position : edit.start]
            assert new.startswith(kept)
            new = new[len(kept) :]
            assert new.startswith(edit.text)
            new = new[len(edit.text) :]
            position = edit.end
        assert new == text[position:]

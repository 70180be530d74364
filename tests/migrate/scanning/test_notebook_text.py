"""Edits of a notebook's code are edits of its JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.findings import Edit
from migrate.rewriting import edits
from migrate.scanning import notebooks
from migrate.scanning.notebook_text import NotebookText

CELLS = st.lists(st.text(alphabet='ab"\\/\n\t é\u2028\U0001f600%#', max_size=12), max_size=4)


def notebook(sources: list[str], *, as_lists: bool, **layout: Any) -> str:
    cells = [
        {"cell_type": "code", "source": each.splitlines(keepends=True) if as_lists else each}
        for each in sources
    ]
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}, **layout)


def sources(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


@given(CELLS, st.booleans(), st.booleans(), st.sampled_from([None, 0, 1]), st.data())
def test_an_edit_changes_the_source_and_nothing_else(
    written: list[str], as_lists: bool, ensure_ascii: bool, indent: int | None, data: st.DataObject
) -> None:
    # Comments, so that each cell is Python.
    written = ["".join(f"#{line}" for line in each.splitlines(keepends=True)) for each in written]
    text = notebook(written, as_lists=as_lists, ensure_ascii=ensure_ascii, indent=indent)
    parts = notebooks.parts(text.encode())
    if not parts:
        return
    part = data.draw(st.sampled_from(parts))
    line = data.draw(st.integers(0, len(part.places) - 1))
    length = len(part.text.split("\n")[line])
    start, end = sorted(data.draw(st.integers(0, length)) for _ in range(2))
    first = len("".join(each + "\n" for each in part.text.split("\n")[:line]))
    new = data.draw(st.sampled_from(["", "x", '"\\', "x\ny", "é"]))

    edit = NotebookText(text).edit(Edit(start=first + start, end=first + end, text=new), part)

    assert edit is not None
    cell, line_of_cell = part.place(line + 1)
    lines = written[cell - 1].splitlines(keepends=True)
    old = lines[line_of_cell - 1]
    lines[line_of_cell - 1] = old[:start] + new + old[end:]
    expected = [*written[: cell - 1], "".join(lines), *written[cell:]]
    assert sources(edits.apply(text, [edit])) == expected


def test_lines_of_a_list_stay_lines() -> None:
    text = notebook(["a\nb"], as_lists=True, indent=1)
    part = notebooks.parts(text.encode())[0]
    edit = NotebookText(text).edit(Edit(start=2, end=2, text="x\n"), part)
    assert edit is not None
    after = edits.apply(text, [edit])
    assert after == notebook(["a\nx\nb"], as_lists=True, indent=1)


@pytest.mark.parametrize("blank", ["", "\n\n"])
def test_lines_of_ipython_have_no_edit(blank: str) -> None:
    text = notebook(["%matplotlib inline\nx", f"{blank}%%time\ny"], as_lists=True)
    part = notebooks.parts(text.encode())[0]
    assert part.text == "pass\nx\n\ny\n"
    placed = NotebookText(text)
    assert placed.edit(Edit(start=0, end=4, text="z"), part) is None
    of_second = placed.edit(Edit(start=8, end=9, text="z"), part)
    assert of_second is not None
    assert sources(edits.apply(text, [of_second]))[1] == f"{blank}%%time\nz"
    across = Edit(start=5, end=9, text="z")
    assert placed.edit(across, part) is None

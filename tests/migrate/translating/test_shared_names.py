"""Tests for migrate.translating.shared_names."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from migrate.translating import shared_names

ORIGINALS = {
    "dense_training": "training",
    "dense_w": "w",
    "dense_w_2": "w",
    "w": "w",
    "o": "o",
    "dense_o": "o",
}
CASES: dict[str, tuple[list[str], list[str]]] = {
    "after the first is used up": (
        ["w = f(x)", "y = g(w)", "dense_w = f(y)", "z = g(dense_w)"],
        ["w = f(x)", "y = g(w)", "w = f(y)", "z = g(w)"],
    ),
    "three of them, with comments": (
        ["w = f(x)", "y = g(w)", "# two\ndense_w = f(y)", "y = g(dense_w)", "dense_w_2 = f(y)",
         "z = g(dense_w_2)"],
        ["w = f(x)", "y = g(w)", "# two\nw = f(y)", "y = g(w)", "w = f(y)", "z = g(w)"],
    ),
    "computed from the first": (
        ["w = f(x)", "dense_w = g(w)", "z = g(dense_w)"],
        ["w = f(x)", "w = g(w)", "z = g(w)"],
    ),
    "the first is read later": (["w = f(x)", "dense_w = f(x)", "z = g(w, dense_w)"], []),
    "the first is read in the last line": (
        ["w = f(x)", "dense_w = f(x)", "y = h(dense_w)", "z = g(w)"],
        [],
    ),
    "the first is read between": (
        ["w = f(x)", "dense_w = f(x)", "y = g(w)", "z = h(dense_w, y)"],
        [],
    ),
    "the first is changed, not begun": (
        ["w = f(x)", "dense_w = f(x)", "y = h(dense_w)", "w += 1", "z = g(w)"],
        [],
    ),
    "the first is begun anew": (
        ["w = f(x)", "dense_w = f(w)", "w = h(dense_w)", "z = g(w)"],
        ["w = f(x)", "w = f(w)", "w = h(w)", "z = g(w)"],
    ),
    "no other one": (["dense_w = f(x)", "z = g(dense_w)"], ["w = f(x)", "z = g(w)"]),
    "the name of an argument": (["dense_training = f(x)", "z = g(dense_training)"], []),
    "the module's is read before": (["y = w(x)", "dense_w = f(y)", "z = g(dense_w)"], []),
    "a lambda reads it": (
        ["w = f(x)", "h = lambda: w", "dense_w = f(x)", "z = g(h, dense_w)"],
        [],
    ),
    "under a condition": (
        ["w = f(x)", "y = g(w)", "if training:\n    dense_w = f(y)", "z = g(y)"],
        ["w = f(x)", "y = g(w)", "if training:\n    w = f(y)", "z = g(y)"],
    ),
    "under a condition, read behind it": (
        ["w = f(x)", "if training:\n    dense_w = f(x)", "z = g(w)"],
        [],
    ),
    "under a condition, and outside": (
        ["w = f(x)", "y = g(w)", "if training:\n    dense_w = f(y)", "z = g(dense_w)"],
        [],
    ),
    "a copy": (["w = f(x)", "w += 1", "# the rest\ny = w", "z = g(y)"],
               ["y = f(x)", "y += 1", "# the rest\nz = g(y)"]),
    "a copy from itself": (["w = f(y)", "y = w", "z = g(y)"], ["y = f(y)", "z = g(y)"]),
    "a copy whose new name is there between": (
        ["w = f(x)", "v = g(y)", "y = w", "z = g(y, v)"],
        [],
    ),
    "a copy that is read again": (["w = f(x)", "y = w", "z = g(y, w)"], []),
    "a copy under a condition": (
        ["y = f(x)", "if training:\n    # dropped\n    o = d(y)\n    y = o", "z = g(y)"],
        ["y = f(x)", "if training:\n    # dropped\n    y = d(y)", "z = g(y)"],
    ),
    "a copy of a variable of the model_fn": (["v = f(x)", "y = v", "z = g(y)"], []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES)
def test_names(body: list[str], expected: list[str]) -> None:
    assert shared_names.shared(body, ORIGINALS, ["z"]) == tuple(expected or body)


@dataclasses.dataclass(frozen=True)
class Term:
    """What an expression computes, as its text."""

    text: str

    def __add__(self, other: object) -> "Term":
        return Term(f"({self.text} + {other})")


def _computed(body: Iterable[str], names: dict[str, Any]) -> Any:
    def f(*given: Term) -> Term:
        return Term(f"f({', '.join(one.text for one in given)})")

    scope: dict[str, Any] = {**names, "f": f}
    exec("\n".join(body), scope)
    return scope["z"]


NAMES = ("w", "dense_w", "dense_w_2", "o", "dense_o", "y", "x")
_name = st.sampled_from(NAMES)
_simple = st.one_of(
    st.builds("{} = f({}, {})".format, _name, _name, _name),
    st.builds("{} = f()".format, _name),
    st.builds("{} = {}".format, _name, _name),
    st.builds("{} += 1".format, _name),
)
_blocks = st.lists(_simple, min_size=1, max_size=3).map(
    lambda lines: "if training:\n" + "\n".join(f"    {one}" for one in lines)
)


@hypothesis.given(
    st.lists(st.one_of(_simple, _blocks), max_size=9), st.lists(_name, min_size=1, max_size=2)
)
def test_the_same_is_computed(body: list[str], read: list[str]) -> None:
    body = [*body, f"z = f({', '.join(read)})"]
    better = shared_names.shared(body, ORIGINALS, ["z"])
    # Variables of helpers are never read before they are there; the others may be arguments.
    for training in (True, False):
        names = {name: Term(name) for name in ("x", "y")} | {"training": training}
        try:
            expected = _computed(body, names)
        except NameError:
            continue
        assert _computed(better, names) == expected, (body, better)

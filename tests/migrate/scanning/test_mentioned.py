"""What a text mentions is never less than what the module in it refers to."""

import ast
import functools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate import rules
from migrate.ledger_reading.tree import no_tree
from migrate.rules.base import Rule
from migrate.scanning import canned_estimators, files, model_fns
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.source import SourceText, check_syntax, parse
from migrate.scanning.syntax import SourceModule

ROOT = Path(__file__).parents[3]
LIBRARIES = ("tensorflow", "keras", "tf_keras", "tf_slim", "estimator_compat")

# Ways of writing it, each with a symbol that is mentioned.
WRITTEN = {
    "as": ("import tensorflow.compat.v1 as tf\ntf.nn.relu", "tensorflow.compat.v1.nn.relu"),
    "several": ("import os, tensorflow as tf, sys\ntf.nn.relu", "tensorflow.nn.relu"),
    "semicolon": ("import os; import tensorflow as tf; tf.nn.relu", "tensorflow.nn.relu"),
    "one line": ("try: import tensorflow as tf\nexcept Exception: pass\ntf.nn", "tensorflow.nn"),
    "continued": ("import tensorflow \\\n  as tf\ntf \\\n . \\\n nn", "tensorflow.nn"),
    "in parentheses": (
        "from tensorflow import (  # a (comment)\n    nn,  # another)\n    losses as l,\n)\nl.Loss",
        "tensorflow.losses.Loss",
    ),
    "comments inside": (
        "import tensorflow as tf\n(tf  # of 1\n # .x\n .  # and 2\n nn)",
        "tensorflow.nn",
    ),
    "star": ("from tensorflow.contrib.layers import *", "tensorflow.contrib.layers"),
    "behind a comment": ("# taken from\nimport tensorflow as tf\ntf.nn", "tensorflow.nn"),
    "behind an import in a comment": (
        "# from x import\nfrom tensorflow import nn\nnn.relu",
        "tensorflow.nn.relu",
    ),
    "alias": ("import tensorflow as tf\nx = tf.losses\nx.Loss", "tensorflow.losses.Loss"),
    "alias of itself": (
        "import tensorflow as tf\ntf = tf.compat.v1\ntf.nn",
        "tensorflow.compat.v1.nn",
    ),
    "alias of an alias": (
        "import tensorflow as tf\na = b = tf.losses\nc = a\nc.Loss",
        "tensorflow.losses.Loss",
    ),
    "annotated": ("import tensorflow as tf\nx: Any = tf.nn\nx.relu", "tensorflow.nn.relu"),
    "walrus": ("import tensorflow as tf\nif x := tf.nn:\n    x.relu", "tensorflow.nn.relu"),
    "on the next line": (
        "import tensorflow as tf\nx = (  # comment\n\n    tf.nn)\nx.relu",
        "tensorflow.nn.relu",
    ),
    "old line ends": ("import tensorflow as tf\r# comment\rtf.nn\r", "tensorflow.nn"),
    "f-string": ("import tensorflow as tf\nf'{tf.nn.relu}'", "tensorflow.nn.relu"),
}
# What the text alone does not say.
NOT_CERTAIN = {
    "target in parentheses": "import tensorflow as tf\n(x) = tf.nn\nx.relu",
    "target on another line": "import tensorflow as tf\nx \\\n = tf.nn\nx.relu",
    "long annotation": "import tensorflow as tf\nx: Map[\n  int, str] = tf.nn\nx.relu",
    "another form of a letter": "import tensorflow as tf\nx = \uff54\uff46.nn",
    "names that stand for each other": "import tensorflow as tf\nx = tf\nx = y.a\ny = x.b",
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_symbol_is_mentioned(case: str) -> None:
    text, symbol = WRITTEN[case]
    ast.parse(text)
    mentioned = Mentioned(text)
    assert symbol in mentioned.symbols
    assert mentioned.is_certain


@pytest.mark.parametrize("case", NOT_CERTAIN)
def test_what_is_not_seen_is_said(case: str) -> None:
    ast.parse(NOT_CERTAIN[case])
    assert not Mentioned(NOT_CERTAIN[case]).is_certain


def test_a_text_mentions_no_more_than_it_may_refer_to() -> None:
    text = "import os\nimport tensorflow as tf\nself.tf.x\nos.path.y\nf(tf.nn.relu(x)).z\n"
    assert Mentioned(text).symbols == {"tensorflow", "tensorflow.nn", "tensorflow.nn.relu"} | {
        "tensorflow.x"  # `self.tf.x` is not told from `tf.x`
    }
    assert Mentioned("import os\nos.path\n").symbols == set()


def test_names_are_below_tf_with_those_above_them() -> None:
    mentioned = Mentioned("from tensorflow.compat.v1.losses import log_loss as loss\nloss(a, b)\n")
    assert mentioned.names == {"losses", "losses.log_loss"}
    assert mentioned.may_refer_to(frozenset({"losses"}))
    assert not mentioned.may_refer_to(frozenset({"nn"}))


def test_what_other_modules_hand_on_is_mentioned() -> None:
    def exports(module: str, level: int, name: str) -> tuple[str, ...]:
        return ("tensorflow.losses",) if (module, level, name) == ("shared", 1, "l") else ()

    text = "from .shared import l as losses\nlosses.log_loss"
    assert "tensorflow.losses.log_loss" in Mentioned(text, exports).symbols
    assert Mentioned(text).symbols == set()


@functools.cache
def _rules() -> tuple[Rule, ...]:
    return tuple(rule() for rule in rules.catalogue().values())


def _missed(text: str) -> Iterator[str]:
    """Yields what is found in a module although its text says that there is nothing."""
    source = SourceText(text)
    module = SourceModule("m.py", source, parse(text))
    mentioned = Mentioned(source.text)
    real = {symbol for each in module.references for symbol in each.symbols}
    if mentioned.is_certain:
        yield from {each for each in real if each.startswith(LIBRARIES)} - mentioned.symbols
    for rule in _rules():
        if not rule.may_find(mentioned):
            yield from (f"{rule.code} in line {each.line}" for each in rule.check(module))
    if not model_fns.may_be_in(source.text):
        yield from (each.name for each in model_fns.find(module, no_tree(), ""))
    if not canned_estimators.may_be_in(mentioned):
        yield from (each.name for each in canned_estimators.find(module))


@pytest.mark.parametrize("code", rules.catalogue())
def test_no_example_of_a_rule_is_left_out(code: str) -> None:
    for example in rules.find(code).examples:
        if not code.startswith("FILE") and example.path.endswith(".py"):
            assert list(_missed(example.code)) == []


def test_no_program_of_the_tests_is_left_out() -> None:
    programs = sorted((ROOT / "tests").rglob("*.py"))
    mentioning = [each for each in programs if files.mentions_tensorflow(each.read_bytes())]
    assert len(mentioning) > 200
    for path in mentioning[::20]:
        assert list(_missed(path.read_text(encoding="utf-8"))) == [], path


STATEMENTS = (
    *("import tensorflow as tf", "import tensorflow . compat . v1 as tf", "import tensorflow"),
    *("from tensorflow import losses as l , nn", "from tensorflow . compat import v1 as tf"),
    *("l = tf . losses", "n = l", "tf = tf . compat . v1", "a = n = tf . nn", "n : T = tf . keras"),
    *("def f ( l = tf . losses ) : return l . Loss", "x = ( tf . nn . relu )"),
    *("( n := tf . layers )", "del n", "n . relu", "l . log_loss ( x )", "self . n = tf . nn"),
    *("d [ tf . nn ] = tf . losses", "class A : n = tf . estimator", "tensorflow . contrib . x"),
)
GAPS = (" ", "  ", "\t", " \\\n", "\\\n  ", " \f")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=8), st.integers(0, 2**32))
def test_however_it_is_written(statements: list[str], seed: int) -> None:
    draw = random.Random(seed)
    lines = []
    for statement in statements:
        tokens = statement.split(" ")
        gaps = [draw.choice(GAPS) if draw.random() < 0.3 else " " for _ in tokens[1:]]
        lines.append("".join(map(str.__add__, tokens, [*gaps, ""])))
    assert list(_missed("\n".join(lines))) == []


# Code that one of the two parsers refuses, or both.
SYNTAX = (
    *("x = 1\n", "return 1\n", "nonlocal x\n", "def f():\n    x = 1\n    global x\n"),
    *(
        "print 1\n",
        "x = (\n",
        "if x:\ny\n",
        "'\\d'\n",
        "break\n",
        "await x\n",
        "def f(a, a): pass\n",
    ),
    *("def f():\n    nonlocal y\n", "(" * 300, "-" * 9000 + "1", "a" + ".b" * 9000, "f'{'"),
    *("x = '''", "# coding: none\nx", "class A:\n    yield 1\n", "[x := 1 for x in y]", "\tx\n  y"),
)


@pytest.mark.parametrize("number", range(len(SYNTAX)))
def test_syntax_is_checked_as_it_is_parsed(number: int) -> None:
    found = []
    for function in (parse, check_syntax):
        try:
            function(SYNTAX[number].encode(), "m.py")
            found.append("")
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            found.append(f"{type(error).__name__}: {error}")
    assert found[0] == found[1]

"""What names stand for, program by program."""

import ast
import textwrap

import pytest

from migrate.scanning.source import SourceText
from migrate.scanning.syntax import SourceModule

V1 = "tensorflow.compat.v1"
# A program whose last expression is asked for, and the symbols of that expression.
PROGRAMS = {
    "plain import": ("import tensorflow as tf\ntf.losses.log_loss", ["tensorflow.losses.log_loss"]),
    "import without as": (
        "import tensorflow.compat.v1\ntensorflow.compat.v1.layers",
        [f"{V1}.layers"],
    ),
    "import with as": ("import tensorflow.compat.v1 as tf\ntf.layers", [f"{V1}.layers"]),
    "from contrib": (
        "from tensorflow.contrib import slim as s\ns.conv2d",
        ["tensorflow.contrib.slim.conv2d"],
    ),
    "assignment": (
        "import tensorflow as tf\nest = tf.estimator\nest.Run",
        ["tensorflow.estimator.Run"],
    ),
    "assignment of itself": (
        "import tensorflow as tf\ntf = tf.compat.v1\ntf.layers",
        [f"{V1}.layers"],
    ),
    "before the assignment": (
        "import tensorflow as tf\ntf.layers; tf = tf.compat.v1\nx = 1\nfoo",
        [],
    ),
    "try": (
        """
        try:
            import tensorflow.compat.v1 as tf
        except ImportError:
            import tensorflow as tf
        tf.layers
        """,
        [f"{V1}.layers", "tensorflow.layers"],
    ),
    "a value that is not known": (
        """
        try:
            import tensorflow as tf
        except ImportError:
            tf = None
        tf.layers
        """,
        [],
    ),
    "in a function": (
        "import tensorflow as tf\ndef f():\n    return lambda: tf.layers",
        ["tensorflow.layers"],
    ),
    "parameter": ("import tensorflow as tf\ndef f(tf):\n    tf.layers", []),
    "parameter of a lambda": ("import tensorflow as tf\nlambda tf: tf.layers", []),
    "loop": ("import tensorflow as tf\nfor tf in x:\n    tf.layers", []),
    "comprehension": ("import tensorflow as tf\n[tf.layers for tf in x]", []),
    "class": ("class A:\n    import tensorflow as tf\n    def f(self):\n        tf.layers", []),
    "in the class": (
        "class A:\n    import tensorflow as tf\n    x = tf.layers",
        ["tensorflow.layers"],
    ),
    "global": (
        "def g():\n    global tf\n    import tensorflow as tf\ndef f():\n    tf.layers",
        ["tensorflow.layers"],
    ),
    "local import": (
        "import numpy as tf\ndef f():\n    import tensorflow as tf\n    tf.layers",
        ["tensorflow.layers"],
    ),
    "walrus": (
        "import tensorflow as tf\nif (e := tf.estimator): pass\ne.Run",
        ["tensorflow.estimator.Run"],
    ),
    "except": ("import tensorflow as tf\ntry: pass\nexcept E as tf: tf.layers", []),
    "with": ("import tensorflow as tf\nwith f() as tf:\n    tf.layers", []),
    "tuple": ("import tensorflow as tf\na, b = tf.layers, 1\na.dense", []),
    "del is a binding": ("import tensorflow as tf\ndel tf\ntf.layers", []),
}


@pytest.mark.parametrize(("program", "expected"), PROGRAMS.values(), ids=PROGRAMS)
def test_symbols(program: str, expected: list[str]) -> None:
    program = textwrap.dedent(program)
    module = SourceModule("example.py", SourceText(program), ast.parse(program))
    chains = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load)
    ]
    whole = [
        node
        for node in chains
        if not any(node is c.value for c in chains if isinstance(c, ast.Attribute))
    ]
    last = max(whole, key=lambda node: (node.lineno, node.col_offset))
    assert list(module.symbols(last)) == expected


def test_a_reference_is_found_once() -> None:
    program = "import tensorflow as tf\n\nx = tf.nn.relu(tf.ones(3))\n"
    module = SourceModule("example.py", SourceText(program), ast.parse(program))
    found = [reference.symbols[0] for reference in module.references]
    assert sorted(found) == ["tensorflow", "tensorflow.nn.relu", "tensorflow.ones"]
    assert [name for _, name in module.calls] == ["nn.relu", "ones"]

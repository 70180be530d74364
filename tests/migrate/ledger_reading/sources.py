"""Reads small model_fns that tests write as text."""

import ast
import functools
import textwrap
from pathlib import Path

from estimator_compat.ledger.values import LossLedger
from migrate.ledger_reading import reader
from migrate.ledger_reading.reader import Read
from migrate.ledger_reading.tree import Tree, TreeModule, no_tree

HEAD = "import functools\nimport numpy as np\nimport tensorflow.compat.v1 as tf\n\n"


def model_fn(body: str, before: str = "") -> Read:
    """Reads a model_fn with this body; `before` stands above it in the module."""
    written = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    text = f"{HEAD}{textwrap.dedent(before)}\n\n"
    return read(f"{text}def model_fn(features, labels, mode, params):\n{written}\n")


def read(text: str, name: str = "model_fn") -> Read:
    """Reads the function of a name, or the last one of a module."""
    module = TreeModule("", "model.py", ast.parse(text))
    found = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    return reader.read(found[-1], module, no_tree())


def loss(expression: str, before: str = "") -> LossLedger:
    """Reads TRAIN's ledger of a model_fn whose loss is an expression."""
    ledger = model_fn(f"return tf.estimator.EstimatorSpec(mode, loss={expression})", before).train
    assert ledger is not None
    return ledger


def ledger_of(file: Path, name: str, root: Path, mode: str = "train") -> LossLedger:
    """Reads the ledger of a function of a file: a model_fn, or a function that returns a loss."""
    tree = tree_of(root)
    module = tree.module(str(file))
    assert module is not None
    node = next(
        each
        for each in ast.walk(module.tree)
        if isinstance(each, ast.FunctionDef) and each.name == name
    )
    names = {argument.arg for argument in node.args.args}
    if "mode" not in names:
        return reader.read_loss(node, module, tree, mode)
    found: Read = reader.read(node, module, tree)
    ledger: LossLedger | None = getattr(found, mode)
    assert ledger is not None, found.because
    return ledger


@functools.cache
def tree_of(root: Path) -> Tree:
    """Returns the tree of the modules below a folder, whose files do not change."""
    from migrate.scanning.exports import TreeExports

    return TreeExports((str(root),)).tree

"""Functions and methods that change what their callers read afterwards.

Each program's graph was built on TensorFlow 2.21, and its ledger measured: what is read here does
not disagree with it.
"""

import pytest

from tests.migrate.ledger_reading.sources import model_fn

BEFORE = """
    def mean(labels, x):
        return tf.reduce_mean(entropy(labels, x))

    def total(labels, x):
        return tf.reduce_sum(entropy(labels, x))

    def entropy(labels, x):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=tf.layers.dense(x, 3))

    def put(to, value):
        to.append(value)
        return value

    class Box:
        def __init__(self):
            self.loss = 0.0
            self.terms = []

        def forward(self, labels, x):
            self.loss = mean(labels, x)
            return x

        def add(self, term):
            self.terms.append(term)
            return len(self.terms)

    def fill(box, labels, x):
        box.loss = total(labels, x)
"""
MEAN, SUM = "mean(softmax_cross_entropy)", "sum(softmax_cross_entropy)"
X = "labels, features['x']"

# Each is a body, its loss, and the formula; None for what is not known.
CASES = {
    "an attribute that a method sets": (
        f"box = Box()\nout = box.forward({X})",
        "box.loss",
        MEAN,
    ),
    "an attribute that a function sets": (
        f"box = Box()\nbox.loss = mean({X})\nfill(box, {X})",
        "box.loss",
        SUM,
    ),
    "an attribute that is set again": (
        f"box = Box()\nout = box.forward({X})\nbox.loss = total({X})",
        "box.loss",
        SUM,
    ),
    "a list that a method appends to": (
        f"box = Box()\ncount = box.add(mean({X}))",
        "tf.add_n(box.terms)",
        MEAN,
    ),
    "a list that a function appends to": (
        f"found = [total({X})]\nadded = put(found, mean({X}))",
        "tf.add_n(found)",
        None,
    ),
    "a list of the function around": (
        "found = []\ndef add(value):\n    found.append(value)\n    return value\n"
        f"one = add(mean({X}))",
        "tf.add_n(found)",
        MEAN,
    ),
    "a list that a branch of an inner function changes": (
        "found = []\ndef add(value):\n    if params['a']:\n        found.append(2.0 * value)\n"
        f"    else:\n        found.append(value)\nadd(mean({X}))",
        "tf.add_n(found)",
        None,
    ),
    "a list that a branch of the function itself changes": (
        f"found = [total({X})]\nif mode == 'train':\n    found = [mean({X})]",
        "tf.add_n(found)",
        MEAN,
    ),
    "a number that is nonlocal": (
        f"loss = 0.0\ndef add(value):\n    nonlocal loss\n    loss += value\nadd(mean({X}))",
        "loss",
        f"0 + {MEAN}",
    ),
    "a list that a function only reads": (
        f"found = [mean({X})]\ndef first(values):\n    return values[0]\nloss = first(found)",
        "loss + 0.0 * tf.add_n(found)",
        f"{MEAN} + 0 * mean(softmax_cross_entropy_2)",
    ),
}


@pytest.mark.parametrize(("body", "loss", "formula"), CASES.values(), ids=CASES)
def test_what_a_call_changes_is_read_afterwards(body: str, loss: str, formula: str | None) -> None:
    ledger = model_fn(f"{body}\nreturn tf.estimator.EstimatorSpec(mode, loss={loss})", BEFORE).train
    assert ledger is not None
    if formula is None:
        assert "changes it" in ledger.stopped_by[0]
    else:
        assert (ledger.formula, ledger.stopped_by) == (formula, ())

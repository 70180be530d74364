"""Canned estimators in source: which reduction their loss has, or that it is not known."""

import json

import pytest

from migrate.findings import CannedEstimator
from migrate.scanning import scan

IMPORTS = """\
import tensorflow as tf
import tensorflow.compat.v1 as tf1
import estimator_compat as ec
from estimator_compat import v1
"""
SUM, MEAN = "SUM", "SUM_OVER_BATCH_SIZE"


def canned(call: str) -> CannedEstimator:
    report = scan.scan_text(f"{IMPORTS}made = {call}\n".encode(), "a.py")
    [found] = report.canned_estimators
    assert json.loads(json.dumps(report.to_json()))["canned_estimators"] == [found.to_json()]
    assert (found.path, found.line) == ("a.py", 5)
    return found


# The reductions are the defaults of 2.15.1's signatures, or the arguments.
KNOWN = [
    (
        "tf1.estimator.DNNClassifier([8], cols, weight_column='w', n_classes=3)",
        (SUM, "sum(features['w'] * softmax_cross_entropy[batch, 1])"),
    ),
    ("tf.compat.v2.estimator.LinearRegressor(c)", (MEAN, "mean(squared_difference[batch, 1])")),
    ("ec.LinearClassifier(c, None, COUNT)", (MEAN, "mean(cross_entropy[batch, 1])")),
    ("v1.BaselineClassifier()", (SUM, "sum(sigmoid_cross_entropy[batch, 1])")),
    ("v1.BaselineRegressor(None, 2)", (SUM, "sum(squared_difference)")),
    (
        "tf.estimator.LinearClassifier(c, weight_column='w', loss_reduction='weighted_mean')",
        ("MEAN", "sum(features['w'] * sigmoid_cross_entropy[batch, 1]) / sum(features['w'])"),
    ),
    (
        "tf.estimator.DNNLinearCombinedRegressor(loss_reduction=tf.losses.Reduction.SUM, "
        "weight_column=tf.feature_column.numeric_column('w'))",
        (SUM, "sum(features['w'] * squared_difference[batch, 1])"),
    ),
]


@pytest.mark.parametrize(("call", "expected"), KNOWN)
def test_known(call: str, expected: tuple[str, str]) -> None:
    found = canned(call)
    assert found.because == ""
    for ledger in (found.train, found.eval):
        assert ledger is not None
        [term] = ledger.terms
        assert ((term.reduction or ""), ledger.formula, ledger.source) == (*expected, "read")


NOT_KNOWN = [
    ("tf.estimator.DNNClassifier([8], c)", "is SUM in TensorFlow 1 and SUM_OVER_BATCH_SIZE in"),
    ("tf1.estimator.LinearRegressor(c, loss_reduction=how)", "its `loss_reduction` is `how`"),
    ("tf1.estimator.LinearRegressor(c, loss_reduction=flags.sum)", "is `flags.sum`"),
    ("tf1.estimator.LinearRegressor(c, **more)", "its arguments are not all written out"),
    ("tf1.estimator.LinearRegressor(c, d, 1, 'w', o, f, p, s, 'sum')", "may be among the posit"),
]


@pytest.mark.parametrize(("call", "because"), NOT_KNOWN)
def test_not_known(call: str, because: str) -> None:
    found = canned(call)
    assert (found.train, found.eval) == (None, None)
    assert because in found.because


def test_others_are_not_listed() -> None:
    code = (
        f"{IMPORTS}made = tf.estimator.Estimator(model_fn), tf.contrib.learn.DNNClassifier([8])\n"
    )
    assert scan.scan_text(code.encode(), "a.py").canned_estimators == ()

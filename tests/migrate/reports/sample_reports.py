"""Reports of small trees, and of a tree whose author is hostile."""

import dataclasses
from pathlib import Path

from estimator_compat.ledger.steps import Line, LossStep, Operation, Role
from estimator_compat.ledger.values import Kind, LossLedger, LossTerm
from migrate.findings import Edit, ScanReport
from migrate.reporting import building
from migrate.reporting.baseline_progress import Baseline
from migrate.reports.report_values import Failure, Report, TargetRun, Translated
from migrate.scanning import scan
from tests.migrate.reports.verdicts import DIFFERENT, EQUIVALENT

MODEL = """\
import tensorflow as tf


def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 3)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits, weights=features["w"])
    train_op = tf.train.AdamOptimizer().minimize(loss)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
# What would run in a page that does not escape: in a string, a comment, an attribute and a name.
HOSTILE = '''\
import tensorflow as tf


def model_fn(features, labels, mode):
    """</pre></script><script>alert(1)</script>"""
    script = "<img src=x onerror=alert(2)>"  # ' " onmouseover=alert(3) `--><svg/onload=alert(4)>
    right_to_left = "\u202e\u2066 gnikcatta"
    weights = features["<script>alert(5)</script>"]
    loss = tf.losses.log_loss(labels, features["\\"><script>alert(6)</script>"], weights=weights)
    return tf.estimator.EstimatorSpec(mode, loss=loss)
'''
OWNERS = "*.py @all\n/a<b>/ @team<script>alert(7)</script>\n"


def scanned(folder: Path, monkeypatch) -> ScanReport:
    monkeypatch.chdir(folder)
    return scan.scan(["."])


def plain(folder: Path, monkeypatch) -> Report:
    """Returns the report of one program."""
    (folder / "model.py").write_text(MODEL)
    return building.build(scanned(folder, monkeypatch), paths=["."], date="2026-11-28")


def empty(folder: Path, monkeypatch) -> Report:
    """Returns the report of a tree in which nothing is found."""
    (folder / "good.py").write_text("x = 1\n")
    return building.build(scanned(folder, monkeypatch), paths=["."])


def hostile(folder: Path, monkeypatch) -> Report:
    """Returns the report of a hostile tree, with targets, edits and a baseline."""
    path = folder / "a<b>" / "<img src=x onerror=alert(8)>'\".py"
    path.parent.mkdir()
    path.write_text(HOSTILE, encoding="utf-8")
    (folder / "CODEOWNERS").write_text(OWNERS)
    found = scanned(folder, monkeypatch)
    first, *others = found.findings
    edited = dataclasses.replace(first, edit=Edit(start=0, end=6, text="<script>alert(9)</script>"))
    found = dataclasses.replace(found, findings=(edited, *others))
    name = found.model_fns[0].path
    return building.build(
        found,
        paths=["<script>alert(10)</script>"],
        targets=[run(f"{name}:model_fn"), run("<script>alert(11)</script>:other")],
        baseline=Baseline(
            path="<b>.json", fingerprints=frozenset({first.fingerprint, "0123456789abcdef"})
        ),
    )


def run(target: str) -> TargetRun:
    """Returns what a target has shown, with hostile texts."""
    return TargetRun(
        target=target,
        ledgers=(ledger(target.rpartition(":")[0]),),
        verdict=dataclasses.replace(DIFFERENT, explanations=("<script>alert(12)</script>",)),
        translated=Translated(
            outcome="whole",
            source="<script>alert(13)</script>\n",
            left_out=("<script>alert(14)</script>",),
            verdict=EQUIVALENT,
        ),
        failures=(Failure(command="ledger", reason="<script>alert(15)</script>"),),
    )


def ledger(file: str, number: int = 6) -> LossLedger:
    """Returns the ledger of a weighted loss that stands on a line of a file."""
    line = Line(file=file, number=number, function="model_fn")
    term = LossTerm(
        name="<script>alert(16)</script>",
        kind=Kind.DATA,
        op="<script>alert(17)</script>",
        tensors=("t:0",),
        shape=(None,),
        axes=("batch",),
        batch_axis=0,
        line=line,
        steps=(
            LossStep(
                operation=Operation.MULTIPLY, operand="<script>alert(18)</script>", scalar=False
            ),
            LossStep(operation=Operation.SUM, line=line),
            LossStep(
                operation=Operation.DIVIDE_NO_NAN, operand="count(w != 0)", role=Role.COUNT_NONZERO
            ),
        ),
    )
    return LossLedger(loss="loss:0", dtype="float32", terms=(term,), mode="train")

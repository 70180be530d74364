"""Compares a canned Estimator with the model_fn that stands for it.

Both are trained by an Estimator, from the same weights on the same batches. A canned Estimator
makes each of its variables in parts, of which there is one: `kernel/part_0` is `kernel` here.
"""

import tempfile
from collections.abc import Mapping
from typing import Any

from estimator_compat.canned.partitioners import whole_name
from estimator_compat.mode_keys import ModeKeys
from migrate.targets import Target
from migrate.verifying.batches import Batches, materialize
from migrate.verifying.comparison import compare
from migrate.verifying.reference import Progress, Reference, TrainingRecord, make_reproducible
from migrate.verifying.stages import leaves
from migrate.verifying.verdict import Comparison, Stage, stage

_STEPS, _OTHERS = 20, 5
_TOLERANCE = 1e-5


def compared(canned: Target, standing: Target, name: str, progress: Progress) -> Stage:
    """Trains, evaluates and predicts with both.

    Args:
      canned: The canned Estimator, with its inputs.
      standing: The same inputs, with the model_fn that stands for it.
      name: The class of the canned Estimator.
      progress: Is called with a line of text now and then.
    """
    limits = {ModeKeys.TRAIN: _STEPS, ModeKeys.EVAL: _OTHERS, ModeKeys.PREDICT: _OTHERS}
    with tempfile.TemporaryDirectory() as folder:
        targets = [
            make_reproducible(one, f"{folder}/{index}")
            for index, one in enumerate((canned, standing))
        ]
        batches = {
            mode: materialize(targets[0], mode, limit)
            for mode, limit in limits.items()
            if not isinstance(canned.input_fns, Mapping) or mode in canned.input_fns
        }
        progress(f"training the {name} itself")
        first, second = (Reference(one, batches) for one in targets)
        record = first.train(_quiet)
        progress(f"training the model_fn that stands for the {name}")
        initial = {whole_name(key): value for key, value in record.initial.items()}
        other = second.train(_quiet, weights=initial)
        random = first.forward(ModeKeys.TRAIN, record.initial).random
        notes = ["dropout draws other numbers in each: training is not compared"] if random else []
        if random:
            trained = _of_one_pass(first, second, record, batches)
        else:
            trained = [*_training(record, other), *_results(first, second, batches)]
    names = {whole_name(key) for key in record.initial}
    declared = [
        compare(f"variables of {name}", sorted(names), sorted(other.initial), tolerance=0.0,
                smallest=1.0)
    ]  # fmt: skip
    what = f"the model_fn that stands for the {name}: {len(names)} variables"
    what += "" if random else f", {len(record.losses)} losses, metrics, predictions"
    return stage("canned", what, [*declared, *trained], notes)


def _training(record: TrainingRecord, other: TrainingRecord) -> list[Comparison]:
    found = [
        compare("loss", one, two, tolerance=_TOLERANCE, smallest=1e-3, step=index + 1)
        for index, (one, two) in enumerate(zip(record.losses, other.losses, strict=True))
    ]
    for name, value in record.final.items():
        after = other.final.get(whole_name(name))
        if after is not None:
            found.append(compare(name, value, after, tolerance=_TOLERANCE, smallest=1e-3))
    return found


def _results(
    first: Reference, second: Reference, batches: Mapping[str, Batches]
) -> list[Comparison]:
    found: list[Comparison] = []
    if ModeKeys.EVAL in batches:
        expected, actual = first.evaluate(), second.evaluate()
        found.append(_names("the names of the metrics", expected, actual))
        found += _each("metric", expected, actual)
    if ModeKeys.PREDICT in batches:
        one, other = (dict(leaves(each.predict())) for each in (first, second))
        found.append(_names("the names of the predictions", one, other))
        found += _each("prediction", one, other)
    return found


def _of_one_pass(
    first: Reference, second: Reference, record: TrainingRecord, batches: Mapping[str, Batches]
) -> list[Comparison]:
    """Compares the predictions for the first batch, with the weights that were trained."""
    if ModeKeys.PREDICT not in batches:
        return []
    weights = {whole_name(name): value for name, value in record.final.items()}
    one = dict(leaves(first.forward(ModeKeys.PREDICT, record.final).values))
    other = dict(leaves(second.forward(ModeKeys.PREDICT, weights).values))
    return [_names("the names of the predictions", one, other), *_each("prediction", one, other)]


def _names(what: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Comparison:
    return compare(what, sorted(one), sorted(other), tolerance=0.0, smallest=1.0)


def _each(what: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Comparison]:
    return [
        compare(f"{what} {name}", one[name], other[name], tolerance=_TOLERANCE, smallest=1e-3)
        for name in one
        if name in other
    ]


def _quiet(_: str) -> None:
    return None

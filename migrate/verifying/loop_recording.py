"""Records what a test of a written loop is held to: batches, weights, and an Estimator's numbers.

The batches are chosen to show what ordinary ones hide: a short one, one with weights of 0, and a
second epoch. The weights are not the initial ones, among which biases and moving averages are 0.
"""

import dataclasses
import functools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat.command_line.error_text import describe
from estimator_compat.ledger import reader
from estimator_compat.ledger.values import Kind
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.type_aliases import Hook
from migrate.batch import Batch
from migrate.targets import Built, Target, build
from migrate.verifying import altered_batches, rounding
from migrate.verifying.altered_batches import leaves, named
from migrate.verifying.batches import Batches, materialize
from migrate.verifying.draws import kinds
from migrate.verifying.draws.recorder import ConstantFeeder, DrawRecorder
from migrate.verifying.draws.recording import Recording
from migrate.verifying.reference import (
    Progress,
    Reference,
    TrainingRecord,
    Values,
    make_reproducible,
)
from migrate.verifying.stages import alignment_note

_TRAIN_BATCHES, _OTHER_BATCHES, _EPOCHS = 4, 3, 2
# Dropout keeps every element if the number that it draws is nearly 1; no type rounds it to 1.
_NEARLY_1 = 1.0 - 2.0**-7


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoopRecording:
    """What was recorded.

    Attributes:
      arrays: All arrays by their names: "train/0/1" has the labels of the first batch,
        "start/dense/kernel" a variable before training, "end/dense/kernel" after it; "losses",
        "metrics/accuracy" and "predictions/0/ids" are the reference's numbers.
      specs: The `tf.TypeSpec`s of features and labels, by mode.
      has_labels: Whether the batches of training have labels.
      epochs: How often the batches of training were read.
      sizes: The number of examples of each batch, by mode; None where it is not known.
      zeros: The name of the array whose every second example is 0 in the last batch; "" for none.
      not_compared: Why a mode has no numbers, by mode.
      keeps_all: Whether dropout kept all elements in training.
    """

    arrays: Mapping[str, np.ndarray]
    specs: Mapping[str, Any]
    has_labels: bool
    epochs: int
    sizes: Mapping[str, Sequence[int | None]]
    zeros: str
    not_compared: Mapping[str, str]
    keeps_all: bool


def record(target: Target, progress: Progress, *, dropout_only: bool) -> LoopRecording:
    """Runs the reference on batches made for it, and records the numbers.

    Args:
      target: The model_fn with its inputs.
      progress: Is called with a line of text now and then.
      dropout_only: Whether the loop draws random numbers for nothing but dropout, in layers of
        Keras. Training is then compared with dropout that keeps everything.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _Recorder(target, folder, progress).run(dropout_only)


_Hooks = Callable[[], list[Hook]]


class _Recorder:
    def __init__(self, target: Target, folder: str, progress: Progress) -> None:
        self.target, self.folder, self.progress = target, folder, progress
        self.not_compared: dict[str, str] = {}
        self.arrays: dict[str, np.ndarray] = {}
        self.keeps_all = False

    def run(self, dropout_only: bool) -> LoopRecording:
        self.progress("test: choosing batches")
        self.zeros = _weights_leaf(build(self.target, ModeKeys.TRAIN))
        batches = self._batches()
        start = self._start(batches)
        trained, reference, hooks = self._train(batches, start, dropout_only)
        for name, value in trained.initial.items():
            if name in trained.trainable or name in trained.moving or name in start:
                self.arrays[f"start/{name}"] = value
                self.arrays[f"end/{name}"] = trained.final[name]
        if ModeKeys.TRAIN not in self.not_compared:
            self.arrays["losses"] = np.array(trained.losses)
            self._rounding(batches, trained, hooks)
        if ModeKeys.EVAL in batches:
            self._evaluate(reference)
        if ModeKeys.PREDICT in batches:
            self._predict(reference)
        for mode, one in batches.items():
            of_mode = one.values[: len(one.values) // (_EPOCHS if mode == ModeKeys.TRAIN else 1)]
            for index, element in enumerate(of_mode):
                for name, value in named(element, f"{mode}/{index}"):
                    self.arrays |= _plain(name, value)
        sizes = {mode: [altered_batches.size(e) for e in b.values] for mode, b in batches.items()}
        sizes[ModeKeys.TRAIN] = sizes[ModeKeys.TRAIN][: len(sizes[ModeKeys.TRAIN]) // _EPOCHS]
        return LoopRecording(
            arrays=self.arrays,
            specs={mode: one.spec for mode, one in batches.items()},
            has_labels=Batch.of(batches[ModeKeys.TRAIN].values[0]).labels is not None,
            epochs=_EPOCHS,
            sizes=sizes,
            zeros=self.zeros,
            not_compared=self.not_compared,
            keeps_all=self.keeps_all,
        )

    def _batches(self) -> dict[str, Batches]:
        found = {}
        for mode in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
            if isinstance(self.target.input_fns, Mapping) and mode not in self.target.input_fns:
                continue
            limit = _TRAIN_BATCHES if mode == ModeKeys.TRAIN else _OTHER_BATCHES
            read = materialize(self.target, mode, limit)
            values = self._altered(read.values, read.spec, mode)
            if mode == ModeKeys.TRAIN:
                values *= _EPOCHS
            found[mode] = dataclasses.replace(read, values=values)
        return found

    def _altered(self, values: list[Any], spec: Any, mode: str) -> list[Any]:
        """Makes one batch short, and adds one with weights of 0."""
        made = list(values)
        size = altered_batches.size(made[0])
        if size is not None and size > 2 and altered_batches.may_be_short(spec):
            # The second of three: a sum that is divided by the size of another batch is seen.
            place = min(1, len(made) - 1)
            short = altered_batches.shortened(made[place], max(1, size * 5 // 8))
            made = [*made[: place + 1], short, *made[place + 2 :]]
            if place == 0 or len(made) < 3:
                made = [*values[:1], short]
        if self.zeros and mode != ModeKeys.PREDICT:
            made.append(altered_batches.with_zeros(values[0], self.zeros))
        return made

    def _reference(self, name: str, batches: Mapping[str, Batches]) -> Reference:
        target = make_reproducible(self.target, f"{self.folder}/{name}")
        return Reference(target, batches, self.target)

    def _start(self, batches: Mapping[str, Batches]) -> Values:
        """Returns weights and moving averages that are not the initial ones."""
        self.progress("test: initial weights")
        one = dataclasses.replace(
            batches[ModeKeys.TRAIN], values=batches[ModeKeys.TRAIN].values[:1]
        )
        reference = self._reference("first", {ModeKeys.TRAIN: one})
        record = reference.train(_ignore)
        optimizer = reference.forward(ModeKeys.TRAIN, record.initial).optimizer_state
        generator = np.random.default_rng(1)
        start = {}
        for name, value in sorted(record.initial.items()):
            if value.dtype.kind != "f" or (name in optimizer and name not in record.trainable):
                continue
            if name in record.trainable:
                moved = value + 0.05 * generator.standard_normal(value.shape)
            else:  # a variance stays positive
                moved = value + generator.uniform(0.05, 0.5, value.shape)
            start[name] = moved.astype(value.dtype)
        return start

    def _train(
        self, batches: Mapping[str, Batches], start: Values, dropout_only: bool
    ) -> tuple[TrainingRecord, Reference, _Hooks]:
        """Trains the reference; again, with dropout that keeps all, if it draws numbers.

        Returns:
          The training, the reference, and what makes the hooks of another such training.
        """
        self.progress("test: training the reference")
        draws = DrawRecorder(Recording(f"{self.folder}/draws"))
        reference = self._reference("trained", batches)
        record = reference.train(_ignore, [draws], weights=start)
        drawn = {draw.kind for draw in draws.recording.step(0)}
        if not drawn and not draws.unrecordable:
            return record, reference, list
        if draws.unrecordable or not dropout_only or drawn != {kinds.UNIFORM}:
            self.not_compared[ModeKeys.TRAIN] = "training draws random numbers" + (
                ", in a loop of the graph" if draws.unrecordable else ""
            )
            return record, reference, list
        self.progress("test: training the reference with dropout that keeps everything")
        self.keeps_all = True
        reference = self._reference("kept", batches)

        def hooks() -> list[Hook]:
            return [ConstantFeeder(draws.recording, _NEARLY_1)]

        return reference.train(_ignore, hooks(), weights=start), reference, hooks

    def _rounding(
        self, batches: Mapping[str, Batches], trained: TrainingRecord, hooks: _Hooks
    ) -> None:
        """Measures what rounding alone does to the numbers of training.

        The gradient of a bias before a batch normalization, for example, is nothing but rounding.
        """
        self.progress("test: training from weights one unit in the last place away")
        losses = np.zeros(len(trained.losses))
        variables = dict.fromkeys(trained.final, 0.0)
        for seed in (1, 2):
            weights = rounding.perturb(trained.initial, trained.trainable, seed)
            reference = self._reference(f"perturbed{seed}", batches)
            again = reference.train(_ignore, hooks(), weights=weights)
            if len(again.losses) == len(losses):
                apart = np.abs(np.array(again.losses, float) - np.array(trained.losses, float))
                losses = np.maximum(losses, apart)
            for name, value in again.final.items():
                if value.dtype.kind == "f" and value.size:
                    apart = np.abs(value.astype(float) - trained.final[name].astype(float))
                    variables[name] = max(variables[name], float(apart.max()))
        self.arrays["rounding"] = rounding.TIMES * losses
        for name in [one for one in self.arrays if one.startswith("end/")]:
            variable = name.removeprefix("end/")
            self.arrays[f"rounding/{variable}"] = np.array(rounding.TIMES * variables[variable])

    def _evaluate(self, reference: Reference) -> None:
        def metrics() -> None:
            for name, value in reference.evaluate().items():
                if name != "global_step":
                    self.arrays[f"metrics/{name}"] = np.asarray(value)

        self._unless_random(reference, ModeKeys.EVAL, metrics)

    def _predict(self, reference: Reference) -> None:
        def predictions() -> None:
            for index, found in enumerate(reference.predict()):
                for name, value in named(found, f"predictions/{index}"):
                    self.arrays |= _plain(name, value)

        self._unless_random(reference, ModeKeys.PREDICT, predictions)

    def _unless_random(self, reference: Reference, mode: str, function: Any) -> None:
        try:
            random = reference.graph_requirements(mode).random
            if random:
                self.not_compared[mode] = alignment_note(random)
            else:
                function()
        except Exception as error:  # a model_fn that was written for training only
            self.not_compared[mode] = f"the model_fn fails in this mode: {describe(error)}"


def _ignore(_: str) -> None:
    return None


def _plain(name: str, value: Any) -> dict[str, np.ndarray]:
    """Returns an array that needs no pickle, or the parts of a SparseTensor."""
    if isinstance(value, tf.compat.v1.SparseTensorValue):
        parts = zip(("indices", "values", "dense_shape"), value, strict=True)
        return functools.reduce(lambda a, b: a | b, (_plain(f"{name}/{k}", v) for k, v in parts))
    array = np.asarray(value)
    return {name: array.astype("S") if array.dtype.kind in "OU" else array}


def _weights_leaf(built: Built) -> str:
    """Returns the name of the array that the weights of a loss are computed from; "" for none."""
    by_name = {
        tensor.name: name
        for name, tensor in leaves(built.batch.element)
        if isinstance(tensor, tf.Tensor) and tensor.dtype != tf.string and tensor.shape.rank != 0
    }
    with built.graph.as_default():
        ledger = reader.ledger(
            built.spec.loss, built.batch.features, built.batch.labels, mode=ModeKeys.TRAIN
        )
    for term in ledger.terms:
        for step in term.weightings if term.kind is Kind.DATA else ():
            if not step.tensor:
                continue
            found = set(_behind(built.graph.get_tensor_by_name(step.tensor), by_name))
            names = {by_name[one] for one in found}
            # Labels may only lend the weights their shape.
            names = names if len(names) == 1 else {n for n in names if n.startswith("features")}
            if len(names) == 1:
                return names.pop()
    return ""


def _behind(tensor: Any, known: Mapping[str, str]) -> Iterator[str]:
    """Yields the names of the inputs that a tensor is computed from."""
    waiting, seen = [tensor], set()
    while waiting:
        one = waiting.pop()
        if one.name in seen:
            continue
        seen.add(one.name)
        if one.name in known:
            yield one.name
        else:
            waiting += one.op.inputs

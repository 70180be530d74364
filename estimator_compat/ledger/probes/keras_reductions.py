"""The probe "keras": which reduction of Keras gives the number of a term."""

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from estimator_compat.ledger.probes import zero_weights
from estimator_compat.ledger.probes.bench import Bench
from estimator_compat.ledger.probes.fed_graph import Values
from estimator_compat.ledger.probes.row import telling_batches
from estimator_compat.ledger.probes.term_numbers import is_close, numbers_of
from estimator_compat.ledger.steps import Operation, Part
from estimator_compat.ledger.values import Claim, LossTerm, Status
from estimator_compat.losses import reductions
from estimator_compat.runtime import sessions

PROBE = "keras"
_KERAS_2 = ("sum_over_batch_size", "sum")
_KERAS_3 = ("sum_over_batch_size", "sum", "mean_with_sample_weight")


class _Function(NamedTuple):
    """A loss function of Keras, and arguments that make its losses any numbers that it can give.

    Attributes:
      name: The class in `keras.losses`; "" for a loss that returns given losses.
      arguments: Returns `y_true` and `y_pred` for losses.
      options: Further arguments of the class.
      averages: Whether it takes the mean over the last axis before it reduces.
    """

    name: str
    arguments: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    options: Mapping[str, Any] = MappingProxyType({})
    averages: bool = True


def _logits(losses: np.ndarray) -> np.ndarray:
    """Returns the logits `z` of cross entropies: `log(1 + exp(-z))` is the loss of the label 1."""
    return np.asarray(-np.log(np.expm1(np.maximum(losses, 1e-12))))


def _two_classes(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits = np.stack([_logits(losses), np.zeros_like(losses)], axis=-1)
    return np.zeros(losses.shape, np.int32), logits


_FUNCTIONS = {
    "absolute_difference": _Function(
        "MeanAbsoluteError", lambda losses: (np.zeros_like(losses), losses)
    ),
    "hinge": _Function("Hinge", lambda losses: (np.ones_like(losses), 1 - losses)),
    "sigmoid_cross_entropy": _Function(
        "BinaryCrossentropy",
        lambda losses: (np.ones_like(losses), _logits(losses)),
        {"from_logits": True},
    ),
    "softmax_cross_entropy": _Function(
        "SparseCategoricalCrossentropy", _two_classes, {"from_logits": True}, averages=False
    ),
    "squared_difference": _Function(
        "MeanSquaredError", lambda losses: (np.zeros_like(losses), np.sqrt(losses))
    ),
}


class _Batch(NamedTuple):
    """A term on one batch: its number and the arguments that Keras gets."""

    number: float
    scale: float
    losses: np.ndarray
    weights: np.ndarray | None


def probe(term: LossTerm, bench: Bench) -> Claim | None:
    """Evaluates the reductions of Keras on the losses and weights of batches.

    Returns:
      None if the losses have no batch axis: a reduction of Keras is one over the batch.
    """
    if term.batch_axis is None:
        return None
    try:
        keras = _keras_3()
    except ImportError as error:
        return Claim(text=_NO_EQUAL, status=Status.NOT_KNOWN, probe=PROBE, reason=str(error))
    batches = _batches(term, bench)
    function, factor = _function(term, batches), _constant_factor(term)
    numbers = _numbers(keras, function, _KERAS_3, batches)
    for reduction in _in_order(term, _KERAS_3):
        if _all_equal(numbers[reduction], batches, factor):
            text = f"In Keras 3 it is reduction={reduction!r}{_times(term)}"
            text += _keras_2(function, batches, factor)
            return _shown(f"{text}{_all_zero(keras, term, bench, reduction, factor)}.")
        times = _ratio(numbers[reduction], batches, factor)
        if function.averages and times is not None and times == _last_axis(term):
            return _shown(
                f"In Keras 3 it is reduction={reduction!r}, times {times:g}: {function.name} takes "
                f"the mean over the last axis first{_and_times(term)}."
            )
    text = _NO_EQUAL
    if term.suggested_reduction == "SUM_BY_NONZERO_WEIGHTS" and batches:
        text = _NO_NONZERO.format(nearest=numbers[_NEAREST][0] * factor, number=batches[0].number)
    return _shown(text + _BY_HAND.format(formula=term.formula))


_NEAREST = "sum_over_batch_size"
_NO_EQUAL = "No reduction of Keras 3 gives this number"
_NO_NONZERO = (
    "Keras has no SUM_BY_NONZERO_WEIGHTS: its nearest, 'sum_over_batch_size', divides by the "
    "number of elements, those of weight 0 included, and gives {nearest:.4g} for {number:.4g} on "
    "the first batch"
)
_BY_HAND = ": take reduction=None (or 'none'), and compute {formula} by hand."


def _shown(text: str) -> Claim:
    return Claim(text=text, status=Status.SHOWN, probe=PROBE)


@functools.cache
def _keras_3() -> Any:
    import keras

    if keras.__version__.startswith("2.") or keras.config.backend() != "tensorflow":
        raise ImportError("Keras 3 with TensorFlow is not installed, so that it was not evaluated")
    return keras


def _batches(term: LossTerm, bench: Bench) -> list[_Batch]:
    """Returns the term on real batches, and on batches with telling weights."""
    values = [*bench.recorded, *(values for _, values in telling_batches(term, bench))]
    batches = [_batch(term, each) for each in values]
    return [each for each in batches if np.isfinite(each.number)]


def _batch(term: LossTerm, values: Values) -> _Batch:
    numbers = numbers_of(term, values)
    weights = numbers.weights
    steps = [step for step in term.before_reduction if step.weights and step.tensor]
    are_plain = all(step.operation is Operation.MULTIPLY for step in steps)
    if weights is not None and are_plain and len(steps) == len(term.weightings):
        # Keras divides by the sum of the weights as they are, before they are broadcast.
        weights = np.prod(np.broadcast_arrays(*(values[step.tensor] for step in steps)), axis=0)
    return _Batch(
        numbers.number,
        numbers.scale,
        numbers.losses.astype(np.float32),
        None if weights is None else np.asarray(weights, np.float32),
    )


def _function(term: LossTerm, batches: Sequence[_Batch]) -> _Function:
    """Returns Keras's function for the losses, or one that returns given losses."""
    is_positive = all(np.all(each.losses >= 0) for each in batches)
    given = _Function("", lambda losses: (np.zeros_like(losses), losses), averages=False)
    are_changed = any(step.part is Part.LOSSES for step in term.steps)
    return _FUNCTIONS.get(term.op, given) if is_positive and not are_changed else given


def _numbers(
    keras: Any, function: _Function, names: Sequence[str], batches: Sequence[_Batch]
) -> dict[str, list[float]]:
    """Returns the losses of Keras by reduction; NaN where Keras does not take the weights."""
    with tf.Graph().as_default():
        losses = {
            name: [_loss(keras, function, name, batch) for batch in batches] for name in names
        }
        numbers: dict[str, list[float]] = sessions.values_of([losses])[0]
    return numbers


def _loss(keras: Any, function: _Function, reduction: str, batch: _Batch) -> Any:
    losses = batch.losses
    if function.averages and losses.ndim == 1:
        losses = losses[:, np.newaxis]  # the outputs of a Keras model have an axis more
    if function.name:
        loss = getattr(keras.losses, function.name)(reduction=reduction, **function.options)
    else:
        loss = _given_losses(keras)(reduction=reduction)
    y_true, y_pred = (tf.constant(argument) for argument in function.arguments(losses))
    try:
        return tf.convert_to_tensor(loss(y_true, y_pred, sample_weight=batch.weights))
    except (ValueError, TypeError, tf.errors.OpError):
        return tf.constant(float("nan"))


@functools.cache
def _given_losses(keras: Any) -> Any:
    class GivenLosses(keras.losses.Loss):
        """A loss that returns its second argument."""

        def call(self, y_true: Any, y_pred: Any) -> Any:
            del y_true
            return y_pred

    return GivenLosses


def _in_order(term: LossTerm, names: Sequence[str]) -> list[str]:
    """Returns reductions, first the one that the table calls equal to the term's row."""
    row = reductions.find(term.suggested_reduction) if term.suggested_reduction else None
    first = row.keras3 if row and term.weightings else None
    return sorted(names, key=lambda name: name != first)


def _all_equal(numbers: Sequence[float], batches: Sequence[_Batch], factor: float) -> bool:
    return bool(batches) and all(
        is_close(number * factor, batch.number, batch.scale) and not np.isnan(number)
        for number, batch in zip(numbers, batches, strict=True)
    )


def _ratio(numbers: Sequence[float], batches: Sequence[_Batch], factor: float) -> float | None:
    """Returns the whole number by which all numbers of Keras are too small, or None."""
    ratios = [
        b.number / (n * factor) for n, b in zip(numbers, batches, strict=True) if n and factor
    ]
    if not ratios or not np.all(np.isfinite(ratios)):
        return None
    times = float(np.round(ratios[0]))
    return times if np.allclose(ratios, times, rtol=1e-4) else None


def _last_axis(term: LossTerm) -> int | None:
    return term.shape[-1] if term.shape and len(term.shape) > 1 else None


def _constant_factor(term: LossTerm) -> float:
    """Multiplies the constant multipliers of a term, over its constant divisors."""
    factor = 1.0
    for step in term.multipliers:
        factor *= step.value if step.value is not None else float("nan")
    for step in term.divisors:
        factor /= step.value if step.value else 1.0
    return factor


def _times(term: LossTerm) -> str:
    """Writes the constant factors of a term, such as ", times 0.5, divided by 32"."""
    times = "".join(f", times {step.operand}" for step in term.multipliers)
    divided = (step for step in term.divisors if step.value is not None)
    return times + "".join(f", divided by {step.value:g}" for step in divided)


def _and_times(term: LossTerm) -> str:
    return f"; and{_times(term)[1:]}" if _times(term) else ""


def _all_zero(keras: Any, term: LossTerm, bench: Bench, reduction: str, factor: float) -> str:
    """Says what Keras gives where all weights are 0, if that is another number."""
    values = zero_weights.all_zero(term, bench) if term.weightings else None
    if values is None:
        return ""
    batch = _batch(term, values)
    [number] = _numbers(keras, _function(term, [batch]), [reduction], [batch])[reduction]
    if is_close(number * factor, batch.number, batch.scale):
        return ""
    numbers = f"Keras gives {number * factor:.4g} and this loss {batch.number:.4g}"
    return f"; where all weights are 0, {numbers}"


def _keras_2(function: _Function, batches: Sequence[_Batch], factor: float) -> str:
    """Says what Keras 2 has, as far as tf_keras is installed."""
    try:
        import tf_keras
    except ImportError:
        return ""
    numbers = _numbers(tf_keras, function, _KERAS_2, batches)
    is_there = any(_all_equal(each, batches, factor) for each in numbers.values())
    return "" if is_there else "; Keras 2 has no equal"

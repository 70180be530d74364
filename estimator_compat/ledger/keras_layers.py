"""Records what Keras layers are asked to add to a loss, while a model_fn builds its graph.

In a graph, a Keras layer keeps its regularizers and its `add_loss` losses to itself: it adds
nothing to the graph's collections. `recorded` notes them as the layers are built.
"""

import contextlib
import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from estimator_compat.type_aliases import Tensor, Variable

_PACKAGES = ("keras", "tf_keras")


@dataclasses.dataclass(slots=True)
class Record:
    """What the layers of a model were asked for.

    Attributes:
      regularized: The variables that have a regularizer, and their regularizers.
      state: The variables of layers that are not trainable, such as moving averages.
      losses: The tensors that were added with `add_loss`, and those of activity regularizers.
    """

    regularized: list[tuple[Variable, Any]] = dataclasses.field(default_factory=list)
    state: list[Variable] = dataclasses.field(default_factory=list)
    losses: list[Tensor] = dataclasses.field(default_factory=list)


@contextlib.contextmanager
def recorded() -> Iterator[Record]:
    """Records the layers that are built in the context.

    Only the Keras packages that are imported already are looked at; TensorFlow imports the one that
    `tf.keras` is.
    """
    record = Record()
    with contextlib.ExitStack() as stack:
        for layer_class, is_metric in _layer_classes():
            for name, note in (("add_weight", _note_weight), ("add_loss", _note_losses)):
                if name in vars(layer_class):
                    note = functools.partial(note, record, is_metric)
                    stack.enter_context(_noted(layer_class, name, note))
        yield record


def _layer_classes() -> Iterator[tuple[type, Callable[[Any], bool]]]:
    """Yields the base classes of layers, each with a function that tells whether one is a metric.

    tf_keras has two of them. A base layer that is made in a graph is of the class for graphs.
    """
    for package in _PACKAGES:
        keras = sys.modules.get(package)
        if keras is None or not hasattr(keras, "layers"):
            continue
        is_metric = functools.partial(_is_instance, keras.metrics.Metric)
        yield keras.layers.Layer, is_metric
        if package == "tf_keras":
            with tf.Graph().as_default():
                yield type(keras.layers.Layer(name="layer")), is_metric


def _is_instance(cls: type, value: Any) -> bool:
    return isinstance(value, cls)


@contextlib.contextmanager
def _noted(cls: type, name: str, note: Callable[..., None]) -> Iterator[None]:
    """Calls a function with the layer, the result and the arguments of each call of a method."""
    method = vars(cls)[name]

    @functools.wraps(method)
    def calling(self: Any, *positional: Any, **named: Any) -> Any:
        result = method(self, *positional, **named)
        note(self, result, *positional, **named)
        return result

    setattr(cls, name, calling)
    try:
        yield
    finally:
        setattr(cls, name, method)


def _note_weight(
    record: Record,
    is_metric: Callable[[Any], bool],
    layer: Any,
    weight: Any,
    *positional: Any,
    regularizer: Any = None,
    **named: Any,
) -> None:
    del positional, named
    variable = getattr(weight, "value", None)
    variable = variable if isinstance(variable, tf.Variable) else weight
    if is_metric(layer):
        return
    if regularizer is not None:
        record.regularized.append((variable, regularizer))
    if not getattr(weight, "trainable", True):
        record.state.append(variable)


def _note_losses(
    record: Record,
    is_metric: Callable[[Any], bool],
    layer: Any,
    result: Any,
    losses: Any = None,
    *positional: Any,
    **named: Any,
) -> None:
    del is_metric, layer, result, positional
    given = named.get("loss", losses)
    record.losses += [loss for loss in tf.nest.flatten(given) if isinstance(loss, tf.Tensor)]

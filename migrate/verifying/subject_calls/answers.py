"""Checks what the methods of a subject return, before it is compared."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from migrate.verifying.subject_calls import arrays

_LOSS = "the loss, an object with the attribute `loss`, or a mapping with the key 'loss'"


def loss(returned: Any, subject: str) -> np.ndarray:
    """Returns the loss in what `train_step` returned, as a scalar array.

    Args:
      returned: The loss, an object with the attribute `loss`, or a mapping with the key "loss".
      subject: The subject's name, for the messages.

    Raises:
      TypeError: There is no number in it.
      ValueError: The mapping has no key "loss", or the loss is not a scalar.
    """
    wrong = f"`train_step` of `subject` ({subject}) returned"
    if isinstance(returned, Mapping):
        if "loss" not in returned:
            raise ValueError(
                f"{wrong} a mapping with the keys {_names(returned)}; expected {_LOSS}; add the "
                "key 'loss'."
            )
        value = returned["loss"]
    else:
        value = getattr(returned, "loss", returned)
    value = arrays.to_numpy(value)
    if value is None or isinstance(value, list | tuple) or not _is_number(value):
        raise TypeError(f"{wrong} {_shown(returned)}; expected {_LOSS}; return one of these.")
    value = np.asarray(value)
    if value.shape:
        raise ValueError(
            f"{wrong} a loss of shape {list(value.shape)}; expected a scalar, as the loss of an "
            "EstimatorSpec is; reduce the losses as the model_fn does."
        )
    return value


def losses(returned: Any, count: int, subject: str) -> np.ndarray:
    """Returns the loss, or the losses, that `train_steps` returned.

    Args:
      returned: What `train_step` may return, with one loss or with the losses of all steps.
      count: How many steps it was asked for.
      subject: The subject's name, for the messages.

    Returns:
      An array of the shape [] or [count].

    Raises:
      TypeError: There are no numbers in it.
      ValueError: There are more or fewer losses than steps.
    """
    wrong = f"`train_steps` of `subject` ({subject}) returned"
    expected = f"expected the loss of the last step, or the losses of all {count} steps"
    advice = "return these, alone or with the key 'loss', or give the method another name"
    value = returned.get("loss") if isinstance(returned, Mapping) else returned
    value = arrays.to_numpy(getattr(value, "loss", value))
    if isinstance(value, list | tuple) and all(map(_is_number, value)):
        value = np.asarray([np.asarray(each) for each in value])
    if isinstance(value, list | tuple) or not _is_number(value):
        raise TypeError(f"{wrong} {_shown(returned)}; {expected}; {advice}.")
    value = np.asarray(value)
    if value.shape not in ((), (count,)):
        raise ValueError(f"{wrong} losses of shape {list(value.shape)}; {expected}; {advice}.")
    return value


def gradients(returned: Any, names: Collection[str], subject: str) -> dict[str, np.ndarray]:
    """Returns the gradients by variable name, without those that are None.

    Args:
      returned: A mapping of names to tensors, arrays or IndexedSlices.
      names: The names of the subject's variables.
      subject: The subject's name, for the messages.

    Raises:
      TypeError: It is not a mapping of names to numbers.
      ValueError: A key is not among `names`.
    """
    wrong = f"`gradients` of `subject` ({subject}) returned"
    expected = "expected a mapping of the names in `variables` to gradients"
    if not isinstance(returned, Mapping):
        raise TypeError(
            f"{wrong} {_shown(returned)}; {expected}; return a dict, such as "
            "{'dense/kernel': gradient}."
        )
    if unknown := [name for name in returned if name not in names]:
        raise ValueError(
            f"{wrong} the keys {_names(unknown)}; {expected}, which are {_names(names)}; use the "
            "same names."
        )
    converted = {name: arrays.to_numpy(value) for name, value in returned.items()}
    found = {name: value for name, value in converted.items() if value is not None}
    for name, value in found.items():
        if not _is_number(value):
            raise TypeError(
                f"{wrong} {_shown(value)} for {name!r}; {expected}; return tensors, or None for a "
                "variable that the loss does not depend on."
            )
    return {name: np.asarray(value) for name, value in found.items()}


def metrics(returned: Any, subject: str) -> dict[str, np.ndarray]:
    """Returns the metrics that `evaluate` returned, as arrays by name.

    Raises:
      TypeError: It is not a mapping of names to numbers.
    """
    wrong = f"`evaluate` of `subject` ({subject}) returned"
    expected = "expected a mapping of metric names to numbers, as Estimator.evaluate returns it"
    if not isinstance(returned, Mapping):
        raise TypeError(f"{wrong} {_shown(returned)}; {expected}; return a dict.")
    values = {}
    for name, value in returned.items():
        # A Keras metric is an object; its number is its `result()`.
        found = arrays.to_numpy(value.result() if hasattr(value, "result") else value)
        if not (_is_number(found) or isinstance(found, bytes | str)):
            raise TypeError(
                f"{wrong} {_shown(value)} for {name!r}; {expected}; return numbers or tensors."
            )
        values[name] = np.asarray(found)
    return values


def predictions(returned: Any, subject: str) -> Iterator[Any]:
    """Yields the predictions for each batch, with arrays for tensors.

    Raises:
      TypeError: `predict` did not return an iterable of batches.
    """
    is_one_nest = isinstance(returned, Mapping | str | bytes) or hasattr(returned, "shape")
    if is_one_nest or not isinstance(returned, Iterable):
        raise TypeError(
            f"`predict` of `subject` ({subject}) returned {_shown(returned)}; expected an iterable "
            "with the predictions for each batch in turn; write `yield` for each batch of the "
            "dataset."
        )
    yield from map(arrays.to_numpy, returned)


def _is_number(value: Any) -> bool:
    """Tells whether a value is a number or an array of numbers; bfloat16 is of the kind "V"."""
    if value is None or isinstance(value, str | bytes):
        return False
    return np.asarray(value).dtype.kind in "biufcV"


def _names(names: Iterable[Any]) -> str:
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return (", ".join(shown[:5]) or "none") + more


def _shown(value: Any) -> str:
    if value is None:
        return "None"
    if hasattr(value, "shape"):
        return f"a {type(value).__name__} of shape {list(value.shape)}"
    return f"a {type(value).__name__}, {value!r:.60}"

"""Selects the predictions to compute, and splits a batch of predictions into examples."""

from collections.abc import Iterator, Sequence
from typing import Any

from estimator_compat.type_aliases import Nest


def select(predictions: Nest, predict_keys: Sequence[str] | str | None) -> Nest:
    """Selects predictions by name.

    Args:
      predictions: A Tensor, or a dict of name to Tensor.
      predict_keys: Names of the predictions to select; None or empty for all of them.

    Raises:
      ValueError: There are `predict_keys`, and the predictions are not a dict or lack all of these
        keys.
    """
    if not predict_keys:
        return predictions
    if not isinstance(predictions, dict):
        raise ValueError(
            "predict_keys argument is not valid in case of non-dict predictions, given: "
            f"{predict_keys}; expected a dict from the model_fn; leave `predict_keys` out."
        )
    selected = {name: value for name, value in predictions.items() if name in predict_keys}
    if not selected:
        raise ValueError(
            f"Expected to run at least one output from {predictions.keys()}, provided "
            f"{predict_keys}; name one of them."
        )
    return selected


def examples(batch: Any) -> Iterator[Any]:
    """Splits a batch of predictions into examples.

    Args:
      batch: An array, `[batch, ...]`, or a dict of such arrays.

    Yields:
      The prediction for each example: a row of the array, or a dict of rows.

    Raises:
      ValueError: The arrays of a dict have different batch sizes.
      IndexError: An array is a scalar.
    """
    for name, value in batch.items() if isinstance(batch, dict) else [("predictions", batch)]:
        if value.ndim == 0:
            raise IndexError(
                f"`{name}` ({value}) is a prediction without a batch; expected an array whose "
                "first axis is the batch; pass `yield_single_examples=False` to get it as it is."
            )
    if not isinstance(batch, dict):
        yield from batch
        return
    lengths = {name: value.shape[0] for name, value in batch.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"Batch length of predictions should be same, given: {lengths}; expected the batch "
            "as every prediction's first axis; pass `yield_single_examples=False` to get whole "
            "batches."
        )
    for index in range(next(iter(lengths.values()))):
        yield {name: value[index] for name, value in batch.items()}

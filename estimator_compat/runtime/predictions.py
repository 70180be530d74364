"""Predictions: which of them are computed, and how a batch is split into examples."""

from collections.abc import Iterator, Sequence
from typing import Any


def chosen(predictions: Any, predict_keys: Sequence[str] | str | None) -> Any:
    """Picks the predictions that `predict_keys` name, all of them where it is empty.

    Raises:
      ValueError: The predictions are no dict, or it has none of the keys.
    """
    if not predict_keys:
        return predictions
    if not isinstance(predictions, dict):
        raise ValueError(
            "predict_keys argument is not valid in case of non-dict predictions, given: "
            f"{predict_keys}; expected a dict from the model_fn; leave `predict_keys` out."
        )
    chosen = {name: value for name, value in predictions.items() if name in predict_keys}
    if not chosen:
        raise ValueError(
            f"Expected to run at least one output from {list(predictions)}, provided "
            f"{predict_keys}; name one of them."
        )
    return chosen


def examples(batch: Any) -> Iterator[Any]:
    """Splits a batch of predictions, an array or a dict of arrays, into its examples."""
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

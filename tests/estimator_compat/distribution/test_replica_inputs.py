"""What an input_fn must return under a strategy."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tests.models import small_model

STRATEGY = tf.distribute.OneDeviceStrategy("/cpu:0")


@pytest.mark.parametrize("method", ["train", "evaluate"])
def test_tensors_are_refused(tmp_path: Path, method: str) -> None:
    """The original's first words, which TensorFlow 2.15.1 raised for an input_fn of tensors."""

    def tensors() -> Any:
        return {"x": tf.zeros([2, 1])}, tf.zeros([2, 1])

    estimator = small_model.estimator(tmp_path, train_distribute=STRATEGY, eval_distribute=STRATEGY)
    told = (
        "^input_fn must return a tf.data.Dataset or a callable, given: tuple; expected a Dataset, "
        ".*; return .*, or leave the strategy out of the RunConfig.$"
    )
    with pytest.raises(ValueError, match=told):
        getattr(estimator, method)(tensors)

"""The ledger of a target: the batches and the weights that it is checked with."""

from pathlib import Path

import pytest
import tensorflow as tf

from migrate import examples, measured_ledger, targets


def test_an_empty_input() -> None:
    target = examples.penguins()
    empty = targets.Target(
        model_fn=target.model_fn,
        input_fns=lambda: target.input_fn("eval")().take(0),
        params=target.params,
    )
    with pytest.raises(ValueError, match="expected the values of at least one batch; check that"):
        measured_ledger.examine(empty, "eval")


def test_variables_from_a_checkpoint(tmp_path: Path) -> None:
    from estimator_compat import Estimator

    target = examples.penguins()
    model = Estimator(target.model_fn, model_dir=str(tmp_path), params=target.params)
    model.train(target.input_fn("train"), steps=30)
    results = model.evaluate(lambda: target.input_fn("eval")().take(1))
    for place in (str(tmp_path), tf.train.latest_checkpoint(str(tmp_path))):
        read = measured_ledger.examine(target, "eval", batches=1, checkpoint=place)
        assert read.check is not None
        assert read.check.loss == pytest.approx(results["loss"], rel=1e-6)

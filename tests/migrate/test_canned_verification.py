"""Which reference a loop of a canned Estimator is held to."""

from typing import Any

import pytest
import tensorflow as tf

import migrate
from estimator_compat import v1
from migrate import canned_verification

AGE = tf.feature_column.numeric_column("age")
# A normalizer without a name has no source.
SCALED = tf.feature_column.numeric_column("age", normalizer_fn=lambda age: age / 10.0)


def _input_fn() -> Any:
    features = {"age": [[1.0], [2.0], [3.0]]}
    return tf.data.Dataset.from_tensor_slices((features, [1.0, 2.0, 3.0])).batch(2).repeat()


@pytest.mark.parametrize(("column", "stands"), [(AGE, True), (SCALED, False)])
def test_the_reference(monkeypatch: pytest.MonkeyPatch, column: Any, stands: bool) -> None:
    seen = []

    def verified(target: migrate.Target, subject: Any, **_: Any) -> Any:
        seen.append(target)
        raise KeyboardInterrupt

    monkeypatch.setattr(canned_verification, "verify_loop", verified)
    target = migrate.Target.from_estimator(v1.LinearRegressor([column]), _input_fn)
    with pytest.raises(KeyboardInterrupt):
        canned_verification.verify(target, object())
    [reference] = seen
    assert (reference.model_fn is not target.model_fn) == stands

"""Which errors legacy code meets without the facade."""

from typing import Any

import pytest

from migrate.commands import error_hints


@pytest.mark.parametrize(
    ("error", "legacy"),
    [
        (AttributeError("module 'tensorflow' has no attribute 'app'"), True),
        (ModuleNotFoundError("No module named 'tensorflow.contrib'"), True),
        (AttributeError("'int' object has no attribute 'value'"), True),
        (RuntimeError("tf.placeholder() is not compatible with eager execution."), True),
        (RuntimeError("The Session graph is empty. Add operations to the graph"), True),
        (AttributeError("'dict' object has no attribute 'rate'"), False),
        (ValueError("tensorflow"), False),
    ],
)
def test_signs_of_legacy_code(error: Any, legacy: bool) -> None:
    assert error_hints.is_of_legacy_code(error) is legacy


def test_an_error_that_caused_the_error() -> None:
    error = ValueError("`train.py:model_fn`: importing train.py failed")
    error.__cause__ = AttributeError("module 'tensorflow' has no attribute 'app'")
    assert error_hints.is_of_legacy_code(error)

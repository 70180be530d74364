"""Tests for migrate.graph_reading.model_fn_names."""

from typing import Any

from estimator_compat import Estimator
from migrate import Target
from migrate.graph_reading import model_fn_names


def model_fn(features: Any, labels: Any, mode: str, params: Any) -> Any:
    raise NotImplementedError


def test_the_model_fn_of_an_estimator_is_the_one_that_it_was_given() -> None:
    estimator = Estimator(model_fn, model_dir="unused", params={"units": 3})
    found = model_fn_names.without_estimator(Target(model_fn=estimator.model_fn, input_fns=dict))
    assert found.model_fn is model_fn
    assert found.params == {"units": 3}


def test_another_model_fn_stays() -> None:
    target = Target(model_fn=model_fn, input_fns=dict)
    assert model_fn_names.without_estimator(target) is target

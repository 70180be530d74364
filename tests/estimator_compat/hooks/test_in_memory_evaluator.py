"""What `InMemoryEvaluatorHook` refuses, and when it evaluates."""

from typing import Any

import pytest

import estimator_compat as estimator


def _nothing() -> None:
    return None


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_in_memory_evaluation_refuses_a_bad_interval(tmp_path: Any) -> None:
    from estimator_compat.experimental import InMemoryEvaluatorHook

    with pytest.raises(ValueError, match=r"invalid every_n_iter=0; .* pass one"):
        InMemoryEvaluatorHook(_estimator(tmp_path), _nothing, every_n_iter=0)

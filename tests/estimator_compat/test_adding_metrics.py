"""Metrics that are added to an Estimator."""

from typing import Any

import pytest

import estimator_compat as estimator


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_added_metrics_name_their_arguments(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"not expected args: \['logits'\]; .* functools.partial"):
        estimator.add_metrics(_estimator(tmp_path), lambda logits: {})

"""When the hooks for early stopping stop."""

from typing import Any

import pytest

import estimator_compat as estimator


def _estimator(tmp_path: Any) -> estimator.Estimator:
    return estimator.Estimator(lambda features: None, model_dir=str(tmp_path))


def test_early_stopping_refuses_both_intervals(tmp_path: Any) -> None:
    from estimator_compat.experimental import make_early_stopping_hook

    with pytest.raises(ValueError, match=r"Only one of .* given: 60 and 5; pass None"):
        make_early_stopping_hook(_estimator(tmp_path), lambda: True, run_every_steps=5)
    with pytest.raises(TypeError, match="`should_stop_fn` must be callable"):
        make_early_stopping_hook(_estimator(tmp_path), True)  # type: ignore[arg-type]

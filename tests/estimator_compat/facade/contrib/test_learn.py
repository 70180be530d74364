"""Monitors are refused."""

import pytest

from estimator_compat.facade.contrib import learn


def test_monitors_are_refused() -> None:
    with pytest.raises(TypeError, match="write it as a hook"):
        learn.replace_monitors_with_hooks(["a monitor"], None)

"""Modules of `estimator_compat` are imported without asking for legacy Keras."""

import sys

import pytest

import estimator_compat
from estimator_compat import legacy_keras
from migrate.verifying.subject_calls import quiet_imports


def test_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(legacy_keras.ENVIRONMENT_VARIABLE, "")
    monkeypatch.delenv(legacy_keras.ENVIRONMENT_VARIABLE)
    before = dict(sys.modules)
    with quiet_imports.without_legacy_keras():
        from estimator_compat import package_files

        assert package_files.is_ours(estimator_compat.__file__)
        assert "estimator_compat.legacy_keras" not in sys.modules
    assert {name: sys.modules[name] for name in before} == before
    assert sys.modules["estimator_compat"] is estimator_compat

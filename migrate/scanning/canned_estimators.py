"""Finds calls that make canned estimators, and reads the ledgers of their losses."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.findings import CannedEstimator
from migrate.scanning.mentioned import Mentioned
from migrate.scanning.syntax import SourceModule

_KINDS = ("Classifier", "Regressor")


def may_be_in(mentioned: Mentioned) -> bool:
    """Tells whether a module may make canned estimators."""
    return not mentioned.is_certain or any(map(_is_canned, mentioned.names))


def find(module: SourceModule) -> Iterator[CannedEstimator]:
    """Yields the canned estimators that a module makes, in the order of the source."""
    calls = [(call, name) for call, name in module.calls if _is_canned(name)]
    if not calls:
        return
    # The values of a ledger take longer to import than a small scan takes.
    from migrate.ledger_reading import canned

    for call, name in sorted(calls, key=lambda each: each[0].lineno):
        if name not in canned.ESTIMATORS:
            continue
        read = canned.read(call, name, module.symbol(call.func), module.path)
        yield CannedEstimator(
            path=module.path,
            line=call.lineno,
            name=name.rpartition(".")[2],
            train=read.train,
            eval=read.eval,
            because=read.because,
        )


def _is_canned(name: str) -> bool:
    return name.startswith("estimator.") and name.endswith(_KINDS)

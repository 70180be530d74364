"""Odd but plausible model_fns, hosted and compared in all stages."""

from collections.abc import Callable

import pytest

import migrate
from migrate.verifying.verdict import Outcome
from tests.migrate.verifying.odd_model_fns import MODEL_FNS, input_fn


@pytest.mark.parametrize("name", MODEL_FNS)
def test_hosting_changes_no_bit(name: str, record_property: Callable[[str, object], None]) -> None:
    target = migrate.Target(model_fn=MODEL_FNS[name], input_fns=input_fn)
    found = migrate.verify(target, steps=5)
    left_out = {one.name: "; ".join(one.notes) for one in found.stages if one not in found.compared}
    record_property("verdict", (name, found.outcome.value, left_out))
    assert found.outcome is Outcome.IDENTICAL, found.first
    assert (left_out, found.unaligned) == ({}, ())
    assert len(found.run_losses) == (3 if name == "optimizers_that_both_count" else 5)

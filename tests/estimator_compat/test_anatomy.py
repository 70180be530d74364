"""The walk from a scalar loss to its ledger, on model_fns whose ledgers were read by a person."""

import dataclasses
from collections.abc import Iterator

import pytest
import tensorflow as tf

from estimator_compat import ledger_check
from estimator_compat.ledger import Do, Kind, LossLedger, Step
from tests.estimator_compat import (
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger_cases import Case, Term, read, values

tf1 = tf.compat.v1
CASES = [
    *ledger_cases_losses.CASES,
    *ledger_cases_reductions.CASES,
    *ledger_cases_models.CASES,
]
BY_NAME = {str(case): case for case in CASES}


def as_expected(ledger: LossLedger) -> tuple[Term, ...]:
    return tuple(
        Term(
            formula=term.formula,
            row=term.reduction,
            kind=term.kind.value,
            shape=term.shape,
            axes=term.axes,
            batch_axis=term.batch_axis,
            weights=tuple(step.by for step in term.weightings),
            trained=term.trained,
        )
        for term in ledger.terms
    )


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_ledger_is_what_a_person_reads_and_a_wrong_one_fails(case: Case) -> None:
    ledger, built = read(case)
    assert as_expected(ledger) == case.terms
    opaque = [term for term in case.terms if term.kind == "opaque"]
    assert len(ledger.stopped_by) == len(opaque)
    batches = values(ledger, built)
    checked = ledger_check.check(ledger, batches, size=case.batch)
    assert checked.check
    assert checked.check.passed
    assert checked.check.exact is case.exact
    assert checked.check.notes == ()
    assert checked.check.batches == (1 if case.drop and case.batch == 4 else -(-6 // case.batch))
    assert checked.terms == ledger.terms
    for changed in mutations(ledger) if case.batch > 1 else ():  # the mean of one is its sum
        again = ledger_check.check(changed, batches, size=case.batch)
        assert not again.check.passed, changed.formula


def mutations(ledger: LossLedger) -> Iterator[LossLedger]:
    """Ledgers with one step less, another divisor, or a mean in a sum's place."""
    for place, term in enumerate(ledger.terms):
        if term.kind is Kind.CONSTANT:
            continue
        for index, step in enumerate(term.steps):
            for other in _other_steps(step):
                steps = (*term.steps[:index], *other, *term.steps[index + 1 :])
                changed = dataclasses.replace(term, steps=steps)
                terms = (*ledger.terms[:place], changed, *ledger.terms[place + 1 :])
                yield dataclasses.replace(ledger, terms=terms)


def _other_steps(step: Step) -> Iterator[tuple[Step, ...]]:
    if step.do in (Do.NEGATE, Do.HALF_SQUARE, Do.KEEP_WHERE) or (
        step.do is Do.MULTIPLY and step.value != 1.0
    ):
        yield ()
    if step.divides:
        yield ()
        yield (step, dataclasses.replace(step, do=Do.DIVIDE, tensor="", value=1.01))
    if step.reduces:
        yield (dataclasses.replace(step, do=Do.SUM if step.do is Do.MEAN else Do.MEAN),)

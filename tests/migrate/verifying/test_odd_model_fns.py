"""Odd but plausible model_fns, hosted and compared in all stages."""

from collections.abc import Callable

import pytest

import migrate
from migrate.verifying.verdict import Outcome
from tests.migrate.verifying.odd_model_fns import MODEL_FNS, input_fn

STAGE_OF = {"eval": "evaluation", "infer": "predictions"}


# In EVAL and PREDICT these are dense layers, as the others are.
ODD_IN_TRAINING_ONLY = {
    "gradients_of_two_batches",
    "optimizer_of_every_other_batch",
    "optimizers_that_both_count",
    "steps_by_hand",
    "train_op_that_is_an_assignment",
}


# Marked slow, because verifying each takes many seconds.
SELDOM = {
    "metric_in_training",
    "metric_of_python",
    "predictions_without_the_input",
    "ragged_features",
    "scaffold_that_initializes",
    "weights_of_two_types",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(one, marks=[pytest.mark.slow] if one in SELDOM else [], id=one)
        for one in MODEL_FNS
    ],
)
def test_hosting_changes_no_bit(name: str, record_property: Callable[[str, object], None]) -> None:
    odd_in = ["train"] if name in ODD_IN_TRAINING_ONLY else ["train", "eval", "infer"]
    _check(name, odd_in, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ODD_IN_TRAINING_ONLY))
def test_hosting_changes_no_bit_in_any_mode(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    _check(name, ["train", "eval", "infer"], record_property)


def _check(name: str, modes: list[str], record_property: Callable[[str, object], None]) -> None:
    target = migrate.Target(model_fn=MODEL_FNS[name], input_fns=dict.fromkeys(modes, input_fn))
    found = migrate.verify(target, steps=5)
    left_out = {one.name: "; ".join(one.notes) for one in found.stages if one not in found.compared}
    record_property("verdict", (name, found.outcome.value, left_out))
    assert found.outcome is Outcome.IDENTICAL, found.first
    assert left_out.keys() == {STAGE_OF[mode] for mode in STAGE_OF if mode not in modes}
    assert found.unaligned == ()
    assert len(found.run_losses) == (3 if name == "optimizers_that_both_count" else 5)

"""The ledgers of the golden programs, read from their source.

The formulas are those of `migrate ledger` on the same programs, without the names of axes and of
variables, and without the values of `params`.
"""

from pathlib import Path

import pytest

from tests.migrate.ledger_reading.sources import ledger_of

GOLDEN = Path(__file__).parents[2] / "golden"
MASK = "tf.sequence_mask(lengths, maxlen=5, dtype=tf.float32)"
W, SOLD = "features['weight']", "labels['sold']"
FORMULAS = {
    "batch_norm_dropout": "mean(sigmoid_cross_entropy)",
    "builder_closure": "mean(cross_entropy)",
    "clipped_warmup": "mean(cross_entropy)",
    "convolution_hooks": "mean(softmax_cross_entropy)",
    "default_reduction": "mean(squared_difference)",
    # The layers' loop is over `params`, which the source does not say.
    "l2_total_loss": "sum(features['w'] * huber) / count(features['w'] != 0) + "
    "params['l2'] * l2(each variable) + tf.losses.get_total_loss()",
    "masked_sequence": f"sum({MASK} * softmax_cross_entropy) / (tf.reduce_sum(mask) + 1e-05)",
    "model_class": f"sum({W} * squared_difference) + l2 * l2(trainable_variables)",
    "moving_average_scaffold": "mean(absolute_difference)",
    "multi_task": "params['task_weights']['click'] * mean(sigmoid_cross_entropy) + "
    f"params['task_weights']['price'] * sum({SOLD} * squared_difference) / count({SOLD} != 0)",
    "plain_tensors": "sum(squared_difference)",
    "sparse_features": "sum(squared_difference)",
    "v2_behavior": "mean(softmax_cross_entropy)",
    "vocabulary_lookup": "mean(softmax_cross_entropy)",
    "weighted_reduction": f"sum({W} * softmax_cross_entropy) / sum({W}) + 0.1 * mean({W} * hinge)",
    "wide_and_deep": f"sum({W} * sigmoid_cross_entropy) / count({W} != 0)",
}


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("program", FORMULAS)
def test_formulas(program: str, mode: str) -> None:
    file = GOLDEN / "programs" / f"{program}.py"
    assert ledger_of(file, "model_fn", GOLDEN, mode).formula == FORMULAS[program]


def test_every_program_is_here() -> None:
    programs = {path.stem for path in (GOLDEN / "programs").glob("*.py")} - {"__init__"}
    assert programs == FORMULAS.keys()

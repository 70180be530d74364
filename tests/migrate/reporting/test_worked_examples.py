"""What a page says in numbers. The expected numbers are worked out beside them."""

import pytest

from estimator_compat.ledger.steps import LossStep, Operation, Role
from estimator_compat.ledger.values import LossTerm
from migrate.reporting import worked_examples
from migrate.reports.loss_values import Worked
from tests.migrate.reporting.ledgers import MEAN, NONZERO, SUM, WEIGHTS, divide, term


def worked(loss: LossTerm, title: str) -> Worked:
    return next(each for each in worked_examples.of(loss) if each.title == title)


def numbers(loss: LossTerm, title: str) -> list[str]:
    return [row[-1] for row in worked(loss, title).rows]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # batches of 1, 1 and 6 on average: (1 + 1 + 6) / 3
        (term(MEAN), ["1", "1", "6", "2.6667", "2"]),
        (NONZERO, ["1", "1", "6", "2.6667", "2"]),
        # sums of 4, 4 and 2 * 6: (4 + 4 + 12) / 3
        (term(SUM), ["4", "4", "12", "6.6667", "2"]),
        # the short batch is divided by 4, too: 12 / 4
        (term(SUM, divide(Role.CONSTANT, "4", 4.0)), ["1", "1", "3", "1.6667", "2"]),
    ],
)
def test_short_batch(loss: LossTerm, expected: list[str]) -> None:
    assert numbers(loss, "A short last batch") == expected


def test_short_batch_in_words() -> None:
    assert "counts as much as a full one" in worked(term(MEAN), "A short last batch").says
    assert "counts the same in every batch" in worked(term(SUM), "A short last batch").says


def test_no_average_loss_of_losses_with_a_factor() -> None:
    """`average_loss` averages what the factor has made of the losses."""
    doubled = LossStep(operation=Operation.MULTIPLY, operand="2", value=2.0)
    assert numbers(term(doubled, MEAN), "A short last batch") == ["2", "2", "12", "5.3333"]
    negated = LossStep(operation=Operation.NEGATE)
    assert len(numbers(term(MEAN, negated), "A short last batch")) == 4


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # all; 12 / 3; 12 / 3; 24 / 3; nothing
        (NONZERO, ["5", "4", "4", "8", "0"]),
        # padding makes a mean smaller: 12 / 4
        (term(WEIGHTS, MEAN), ["5", "3", "4", "6", "0"]),
        (term(WEIGHTS, SUM, divide(Role.SUM_OF_WEIGHTS)), ["5", "4", "4", "4", "0"]),
        (term(WEIGHTS, SUM), ["20", "12", "12", "24", "0"]),
    ],
)
def test_zero_weights(loss: LossTerm, expected: list[str]) -> None:
    assert numbers(loss, "Weights of 0") == expected


def test_masks_have_no_weights_of_two() -> None:
    mask = LossStep(operation=Operation.KEEP_WHERE, operand="mask", scalar=False)
    assert numbers(term(mask, MEAN), "Weights of 0") == ["5", "3", "4", "0"]


def test_no_weights() -> None:
    titles = [each.title for each in worked_examples.of(term(MEAN))]
    assert titles == ["A short last batch", "Two replicas", "What Keras would do instead"]


@pytest.mark.parametrize(
    ("loss", "expected", "says"),
    [
        # 22 / 5; 6 / 3; 16 / 2; (2 + 8) / 2; 2 + 8
        (term(MEAN), ["4.4", "2", "8", "5", "10"], "Neither"),
        (term(SUM), ["22", "6", "16", "11", "22"], "The replicas added up give"),
        (
            term(SUM, divide(Role.CONSTANT, "5", 5.0)),
            ["4.4", "1.2", "3.2", "2.2", "4.4"],
            "The replicas added up give",
        ),
    ],
)
def test_replicas(loss: LossTerm, expected: list[str], says: str) -> None:
    assert numbers(loss, "Two replicas") == expected
    assert worked(loss, "Two replicas").says.startswith(says)


@pytest.mark.parametrize(
    ("loss", "expected", "says"),
    [
        # losses 1, 4, 0, 4, weights 1, 0, 2, 0.5: 3 / 3; 3 / 4; 3 / 3.5; 3
        (NONZERO, ["1", "0.75", "0.8571", "3"], "No reduction of Keras"),
        (term(WEIGHTS, MEAN), ["0.75", "0.75", "0.8571", "3"], "On this batch, sum_over_batch"),
        (term(WEIGHTS, SUM), ["3", "0.75", "0.8571", "3"], "On this batch, sum gives"),
        (term(MEAN), ["2.25", "2.25", "9"], "On this batch, sum_over_batch_size gives"),
        # tf.losses adds up the 3 classes, and Keras takes their mean: 27 against 9
        (
            term(SUM, axes=("batch", "3"), op="squared_difference"),
            ["27", "2.25", "9"],
            "No reduction of Keras",
        ),
        (
            term(SUM, axes=("batch", "3"), op="softmax_cross_entropy"),
            ["27", "2.25", "27"],
            "On this batch, sum gives",
        ),
    ],
)
def test_keras(loss: LossTerm, expected: list[str], says: str) -> None:
    assert numbers(loss, "What Keras would do instead") == expected
    assert worked(loss, "What Keras would do instead").says.startswith(says)


def test_what_is_not_computed_has_a_reason() -> None:
    unknown = term(SUM, divide(Role.OTHER, "features['n']"))
    assert worked_examples.of(unknown) == ()
    assert worked_examples.reason(unknown) == "it is divided by features['n']"
    assert worked_examples.reason(term(MEAN)) == ""


def test_a_factor_that_is_not_known_is_said_to_be_one() -> None:
    factor = LossStep(operation=Operation.MULTIPLY, operand="params['alpha']")
    assert "params['alpha'] is 1 here" in worked(term(MEAN, factor), "Two replicas").given


@pytest.mark.slow
@pytest.mark.subprocess
def test_keras_gives_these_numbers() -> None:
    """The numbers of the page are those of Keras 3 itself."""
    import subprocess
    import sys

    program = """
import numpy as np, keras
l, w = np.array([[1.], [4.], [0.], [4.]]), np.array([1., 0., 2., .5])
for name in ("sum_over_batch_size", "mean_with_sample_weight", "sum"):
    loss = keras.losses.MeanAbsoluteError(reduction=name)
    print(round(float(loss(np.zeros_like(l), l, sample_weight=w)), 4))
wide = np.repeat(l, 3, axis=1)
print(float(keras.losses.MeanAbsoluteError(reduction="sum")(np.zeros_like(wide), wide)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0.75", "0.8571", "3.0", "9.0"]

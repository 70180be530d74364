"""Each caution about a loss is given for the losses that it is about, and for no others."""

import linecache
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from estimator_compat.ledger import cautions, reader
from estimator_compat.ledger.steps import Line
from estimator_compat.ledger.values import LeftOut, LossLedger, Omission
from tests.estimator_compat.ledger import (
    ledger_cases,
    ledger_cases_losses,
    ledger_cases_models,
    ledger_cases_reductions,
)
from tests.estimator_compat.ledger.ledger_cases import (
    Case,
    cross_entropies,
    logits,
    of,
    predicted,
    read,
    squares,
)

tf1 = tf.compat.v1
CASES = {
    str(case): case
    for cases in (ledger_cases_losses, ledger_cases_models, ledger_cases_reductions)
    for case in cases.CASES
}
W, SQUARES = "features['w']", "squared_difference[batch]"


def ledger_of(loss_fn: Callable[[Any, Any], Any], mode: str = "train") -> LossLedger:
    return read(Case(model_fn=of(loss_fn), terms=()), mode)[0]


def cautions_of(name: str) -> tuple[cautions.Caution, ...]:
    return cautions.warnings(ledger_cases.ledger_of(CASES[name]))


def source(caution: cautions.Caution) -> list[str]:
    return [linecache.getline(line.file, line.number).strip() for line in caution.lines]


@pytest.mark.parametrize(
    "name",
    [
        "mean_squared_error",
        "default_weighted",
        "mean_weighted",
        "over_batch_size_weighted",  # asked for by name
        "get_total_loss",
        "multi_task",
        "mask_and_epsilon",
        "dynamic_batch_size",
        "reduce_sum",
        "learned_log_variances",
        "gan_discriminator",
        "straight_through",
        "batch_of_one",
        "time_major",
        "headed",
    ],
)
def test_nothing_is_wrong_with(name: str) -> None:
    assert cautions_of(name) == ()


def test_a_sum_beside_a_mean() -> None:
    (caution,) = cautions_of("sum_and_mean")
    assert caution.code == "sum-and-mean"
    assert caution.text == (
        f"sum({SQUARES}) is a sum over the batch and mean(softmax_cross_entropy[batch]) a mean: "
        "with twice the batch size the first doubles and the second does not. Reduce both the "
        "same way, or divide the sum by the batch size."
    )
    assert source(caution) == [
        "return tf.reduce_sum(squares(features, labels)) + mean_classes(features, labels)",
        "return tf.reduce_mean(cross_entropies(features, labels))",
    ]


def test_a_scalar_reduced_twice() -> None:
    (caution,) = cautions_of("reduced_twice")
    assert caution.code == "reduced-twice"
    assert caution.text == (
        f"mean(mean({SQUARES})) reduces a scalar once more, which changes nothing: the first "
        "reduction decides. Leave the outer one out, or ask tf.losses for reduction=NONE."
    )
    call = 'return tf.reduce_mean(tf1.losses.mean_squared_error(labels["y"], predicted(features)))'
    assert source(caution) == [call]


def test_a_column_against_a_vector() -> None:
    (caution,) = cautions_of("broadcast")
    assert caution.code == "broadcast"
    assert caution.text == (
        "On the way to squared_difference, sub: (None,) meets (None, 1): every example is compared "
        "with every other, which gives [batch, batch] losses. tf.losses refuses this; squeeze the "
        "last axis of one of the two."
    )
    assert source(caution) == [
        'return tf.reduce_mean(tf.square(labels["y"] - logits(features, 1)))'
    ]


@pytest.mark.parametrize("name", ["weights_with_reduce_mean", "none_weighted_then_mean"])
def test_weights_with_reduce_mean(name: str) -> None:
    (caution,) = cautions_of(name)
    assert caution.code == "weights-with-mean"
    assert caution.text == (
        f"mean({W} * {SQUARES}) weights the losses by {W} and divides by their number, not by the "
        "weights: examples of weight 0 still pull the loss down. sum(w*l) / sum(w) is "
        "Reduction.MEAN; tf.losses divides by the number of weights that are not 0."
    )
    assert source(caution)[0].startswith("return tf.reduce_mean(")


def test_a_vector() -> None:
    with tf.Graph().as_default():
        features = {"x": tf1.placeholder(tf.float32, [None, 3])}
        labels = {"y": tf1.placeholder(tf.float32, [None])}
        found = cautions.warnings(reader.ledger(squares(features, labels), features, labels))
    (caution,) = found
    assert caution.code == "vector-loss"
    assert caution.text == (
        f"The loss is a vector, {SQUARES}: the Estimator refuses it with 'Loss must be scalar'. "
        "These are the unreduced losses; reduce them, for example with tf.reduce_mean, and give "
        "the vector to loss_summaries."
    )
    assert source(caution) == ['return tf.square(labels["y"] - predicted(features))']


def test_a_loss_of_no_feature() -> None:
    def loss(features: Any, labels: Any) -> Any:
        predicted(features)
        return tf.nn.l2_loss(tf1.trainable_variables()[0])

    (caution,) = cautions.warnings(ledger_of(loss))
    assert caution.code == "no-feature"
    assert caution.text == (
        "The loss depends on no feature or label: it is l2(kernel). Expected the losses of the "
        "batch's examples; check that the model uses its inputs."
    )


def test_a_loss_without_a_gradient() -> None:
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.float32, [None])
        kernel = tf1.get_variable("kernel", initializer=1.0)
        loss = tf.reduce_mean(tf.stop_gradient(x * kernel))
        found = cautions.warnings(reader.ledger(loss, x))
    (caution,) = found
    assert caution.code == "no-gradient"
    assert caution.text == (
        "No gradient flows from the loss to a trainable variable, so that training changes "
        "nothing; check for a stop_gradient, an argmax or a cast to an integer."
    )


def test_a_constant_has_neither() -> None:
    with tf.Graph().as_default():
        found = cautions.warnings(reader.ledger(tf.constant(float("nan"))))
    assert [caution.code for caution in found] == ["no-feature", "no-gradient"]
    assert "it is nan." in found[0].text


def test_what_is_not_understood() -> None:
    (caution,) = cautions_of("root_of_a_mean")
    assert caution.code == "opaque"
    assert caution.text == (
        "A part of the loss is known as one number only. The ledger reader stopped at Sqrt of type "
        "Sqrt: it is not linear in the losses behind it. The per-example losses of this part are "
        "not known; if the model_fn has them, call loss_summaries there."
    )
    assert source(caution) == ["return tf.sqrt(mean_squares(features, labels))"]


def test_a_product_of_losses_says_why() -> None:
    (caution,) = cautions_of("product_of_losses")
    assert (
        "both of its inputs depend on the model, so that neither is a weight of the other"
        in caution.text
    )


# TRAIN and EVAL.


def test_another_reduction_in_eval() -> None:
    train = ledger_of(lambda f, y: tf.reduce_sum(squares(f, y)))
    evaluation = ledger_of(lambda f, y: tf.reduce_mean(squares(f, y)), "eval")
    (caution,) = cautions.differences(train, evaluation)
    assert caution.code == "train-eval"
    assert caution.text == (
        f"`loss` is not the same in TRAIN and EVAL. TRAIN has sum({SQUARES}), EVAL has "
        f"mean({SQUARES}) instead. The two curves cannot be compared; use one reduction in "
        "both, or compare `average_loss`."
    )
    assert [text.partition(" = ")[0] for text in source(caution)] == ["train", "evaluation"]


def test_regularization_in_training_only() -> None:
    def loss(features: Any, labels: Any) -> Any:
        data = tf.reduce_mean(squares(features, labels))
        return data + 0.1 * tf.nn.l2_loss(tf1.trainable_variables()[0])

    train = ledger_of(loss)
    evaluation = ledger_of(lambda f, y: tf.reduce_mean(squares(f, y)), "eval")
    (caution,) = cautions.differences(train, evaluation)
    assert "TRAIN has 0.1 * l2(kernel), EVAL has nothing instead" in caution.text


def test_a_term_that_is_there_twice_is_not_there_once() -> None:
    def twice(features: Any, labels: Any) -> Any:
        loss = tf.reduce_mean(squares(features, labels))
        return loss + loss

    once = ledger_of(lambda f, y: tf.reduce_mean(squares(f, y)))
    (caution,) = cautions.differences(ledger_of(twice), once)
    assert f"TRAIN has mean({SQUARES}), EVAL has nothing" in caution.text


def test_names_of_ops_are_no_difference() -> None:
    def named(features: Any, labels: Any) -> Any:
        tf.nn.softplus(predicted(features))  # takes a name
        return tf.reduce_mean(tf.exp(cross_entropies(features, labels) * logits(features)[:, 0]))

    def again(features: Any, labels: Any) -> Any:
        logits(features)
        return tf.reduce_mean(tf.exp(cross_entropies(features, labels) * logits(features)[:, 0]))

    assert cautions.differences(ledger_of(named), ledger_of(again, "eval")) == ()


@pytest.mark.parametrize("case", CASES.values(), ids=str)
def test_a_model_fn_of_one_loss_has_no_difference(case: Case) -> None:
    assert (
        cautions.differences(ledger_cases.ledger_of(case), ledger_cases.ledger_of(case, "eval"))
        == ()
    )


def left_out(*parts: LeftOut) -> LossLedger:
    return LossLedger(loss="loss:0", dtype="float32", terms=(), left_out=parts)


def test_what_the_training_step_leaves_out_is_told_once_for_each_part() -> None:
    lines = [Line(file="model.py", number=number, function="model_fn") for number in (7, 8)]
    ledger = left_out(
        *(
            LeftOut(part=Omission.KERAS_UPDATES, names=(f"norm/{name}",), lines=(line,))
            for name, line in zip(("moving_mean", "moving_variance"), lines, strict=True)
        ),
        LeftOut(part=Omission.UPDATE_OPS, names=tuple(f"update_{n}" for n in range(6))),
    )
    updates, keras = cautions.left_out(ledger)
    assert (updates.code, updates.lines) == ("update-ops-left-out", ())
    assert updates.text == (
        "train_op does not run these UPDATE_OPS: update_0, update_1, update_2, update_3 and 2 "
        "more. What they update, such as the moving averages of batch normalization, keeps its "
        "initial value, and EVAL uses it. Let train_op depend on them, with "
        "tf.control_dependencies."
    )
    assert (keras.code, keras.lines) == ("keras-updates-left-out", tuple(lines))
    assert keras.text == (
        "train_op does not update norm/moving_mean, norm/moving_variance: in a graph, Keras "
        "layers add nothing to UPDATE_OPS. EVAL uses the initial value. Let train_op depend on "
        "the layer's updates."
    )


@pytest.mark.parametrize(
    ("part", "advice"),
    [
        (Omission.REGULARIZATION_LOSSES, "Add tf.losses.get_regularization_loss() to the loss"),
        (Omission.KERAS_REGULARIZERS, "Add the layers' `losses` to the loss, or remove the reg"),
        (Omission.KERAS_LOSSES, "It has no gradient. Add the layers' `losses` to the loss"),
    ],
)
def test_regularization_that_the_loss_does_not_have(part: Omission, advice: str) -> None:
    (caution,) = cautions.left_out(left_out(LeftOut(part=part, names=("dense/kernel",))))
    assert caution.code == f"{part.value}-left-out"
    assert "dense/kernel" in caution.text
    assert advice in caution.text


def test_a_part_that_is_done_gives_no_caution() -> None:
    assert cautions.left_out(left_out()) == ()


@pytest.mark.parametrize(
    ("scale", "factor"),
    [
        (lambda: 0.001, "L2(0.0005)"),
        (lambda: 1.0, "L2(0.5)"),
        (lambda: tf1.get_variable("scale", [], trainable=False), "half of the factor"),
    ],
    ids=["number", "1", "variable"],
)
def test_the_half_of_l2(scale: Callable[[], Any], factor: str) -> None:
    def l2(features: Any, labels: Any) -> Any:
        penalty = tf.nn.l2_loss(tf1.get_variable("weights", [2]))
        return tf.reduce_mean(squares(features, labels)) + scale() * penalty

    ledger = ledger_of(l2)
    (hint,) = cautions.hints(ledger)
    assert hint.code == "l2-half"
    assert hint.text.endswith(f"without the half: the same penalty is {factor} there.")
    assert source(hint) == ['penalty = tf.nn.l2_loss(tf1.get_variable("weights", [2]))']
    assert cautions.warnings(ledger) == ()  # nothing is wrong with the loss


@pytest.mark.parametrize("name", ["mean_squared_error", "multi_task", "words_masked"])
def test_losses_without_l2_have_no_hint(name: str) -> None:
    assert cautions.hints(ledger_cases.ledger_of(CASES[name])) == ()

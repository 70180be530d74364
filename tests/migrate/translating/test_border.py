"""Tests for migrate.translating.border: which functions stay calls."""

import dataclasses

import pytest

from migrate.translating.border import WHOLE, Border, is_forward
from migrate.translating.facts import Call, Callee, Span, Unknown, VariableFact

PLACE = Span("model.py", 3, 0, 3, 9)
WEIGHT = VariableFact(name="w", dtype="float32", shape=(2,), trainable=True)
SLOT = dataclasses.replace(WEIGHT, name="w/adam_m", trainable=False)


def call(
    name: str = "network",
    *inner: Call,
    api: str = "",
    variables: tuple[VariableFact, ...] = (),
    result: object = None,
) -> Call:
    return Call(
        span=PLACE,
        callee=Callee(api=api, name=name, span=None if api else PLACE),
        arguments={},
        result=result,
        iterations=(),
        variables=variables,
        reads=(),
        scope="",
        calls=inner,
        branches={},
        values={},
    )


DENSE = call("dense", api="tf.layers.dense", variables=(WEIGHT,))
DROPOUT = call("dropout", api="tf.nn.dropout")
GETS = call("get_variable", api="tf.get_variable", variables=(SLOT,))
DECAYS = call("polynomial_decay", api="tf.train.polynomial_decay")
KEPT = Border(is_kept=True)
CASES = {
    "a function that makes weights": (KEPT, call("f", DENSE, variables=(WEIGHT,)), False, True),
    "one that applies dropout": (KEPT, call("f", DROPOUT), False, True),
    "one that makes an optimizer": (KEPT, call("f", GETS, DECAYS, variables=(SLOT,)), False, True),
    "a formula": (KEPT, call("f", call("exp", api="tf.exp")), False, False),
    "one that hides the loss": (KEPT, call("f", DENSE, variables=(WEIGHT,)), True, False),
    "one that returns the spec": (
        KEPT,
        call("f", DENSE, variables=(WEIGHT,), result=Unknown("EstimatorSpec")),
        False,
        False,
    ),
    "TensorFlow's own": (KEPT, DENSE, False, False),
    "--translate": (Border(True, (), ("f",)), call("f", DENSE, variables=(WEIGHT,)), False, False),
    "--keep": (Border(True, ("f",)), call("f", call("exp", api="tf.exp")), True, True),
    "a whole program": (WHOLE, call("f", DENSE, variables=(WEIGHT,)), False, False),
}


@pytest.mark.parametrize("case", CASES)
def test_which_calls_stay(case: str) -> None:
    border, one, hides, expected = CASES[case]
    assert border.keeps([one], hides=hides) is expected


def test_the_slots_of_an_optimizer_are_no_forward_pass() -> None:
    assert not is_forward(call("create_optimizer", GETS, DECAYS, variables=(SLOT,)))
    assert is_forward(call("network", DECAYS, DENSE, variables=(WEIGHT,)))

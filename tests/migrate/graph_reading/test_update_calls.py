"""Tests for migrate.graph_reading.update_calls."""

from migrate.graph_reading import update_calls
from migrate.translating.facts import Call, Callee, Span, VariableFact

OWN = Callee(name="own", span=Span("train.py", 1, 0, 0, 0))


def _call(callee: Callee, *calls: Call, makes: tuple[str, ...] = ()) -> Call:
    variables = tuple(
        VariableFact(name=name, dtype="float32", shape=(), trainable=False) for name in makes
    )
    return Call(
        span=Span("train.py", 0, 0, 0, 0), callee=callee, arguments={}, result=None, iterations=(),
        variables=variables, reads=(), scope="", calls=calls, branches={}, values={},
    )  # fmt: skip


def _made(call: Call) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (one.callee.api or one.callee.name, tuple(v.name for v in one.variables))
        for one in call.walk()
    ]


GET = Callee(api="tf.get_variable")
STATE = {"w/adam_m", "global_step"}


def test_slots_are_no_part_of_the_model() -> None:
    slot = _call(GET, makes=("w/adam_m",))
    apply = _call(OWN, slot, makes=("w/adam_m",))
    create = _call(OWN, _call(Callee(api="tf.train.polynomial_decay")), apply, makes=("w/adam_m",))
    layer = _call(Callee(api="tf.layers.dense"), makes=("w",))
    call = update_calls.without_updates(_call(OWN, layer, create, makes=("w", "w/adam_m")), STATE)
    assert _made(call) == [
        ("own", ("w", "w/adam_m")),
        ("tf.layers.dense", ("w",)),
        ("own", ()),
        ("own", ()),
    ]


def test_what_makes_other_variables_too_stays() -> None:
    both = _call(OWN, _call(GET, makes=("w/adam_m",)), makes=("w/adam_m", "moving_mean"))
    call = _call(OWN, both, makes=("w/adam_m", "moving_mean"))
    assert update_calls.without_updates(call, STATE) == call


def test_summaries_in_it_are_still_read() -> None:
    apply = _call(OWN, _call(GET, makes=("w/adam_m",)), makes=("w/adam_m",))
    summary = _call(Callee(api="tf.summary.scalar"))
    create = _call(OWN, summary, apply, makes=("w/adam_m",))
    call = update_calls.without_updates(_call(OWN, create, makes=("w/adam_m",)), STATE)
    assert _made(call)[1:] == [
        ("own", ("w/adam_m",)),
        ("tf.summary.scalar", ()),
        ("own", ()),
    ]

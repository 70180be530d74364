"""Tests for migrate.translating.output_reading."""

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from migrate.translating import output_reading
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.statements import Statement

_MODES = frozenset(("train", "eval", "infer"))


def _statements(*lines: str) -> list[Statement]:
    return [Statement(ast.parse(one).body[0], _MODES) for one in lines]


def test_a_name_that_is_read_and_then_written_is_a_parameter() -> None:
    value = ast.parse("{'classes': logits}").body[0].value  # type: ignore[attr-defined]
    needed = _statements("logits = tf.cast(logits, tf.float32)")
    assert output_reading.parameters(["logits", "other"], needed, value) == ("logits",)


def test_a_name_that_is_written_first_is_none() -> None:
    value = ast.parse("x").body[0].value  # type: ignore[attr-defined]
    assert output_reading.parameters(["x", "y"], _statements("x = f(y)"), value) == ("y",)


def _written_out(*lines: str) -> str:
    found = output_reading.written_out(_statements(*lines), ast.Name(id="metrics"))
    assert found is not None
    return ast.unparse(found)


def test_items_that_are_put_into_a_dict_later() -> None:
    found = _written_out(
        "metrics = {'a': f(x)}", "metrics['b'] = g(x)", "metrics.update({'c': h(x)})"
    )
    assert found == "{'a': f(x), 'b': g(x), 'c': h(x)}"


def test_what_stands_before_the_dict_is_not_an_item() -> None:
    assert _written_out("metrics = {}", "metrics['b'] = g(x)", "metrics = {'a': f(x)}") == (
        "{'a': f(x)}"
    )


def test_a_name_that_changes_after_a_metric_reads_it_is_refused() -> None:
    with pytest.raises(Refusal, match="give the two values names of their own"):
        _written_out("metrics = {'a': f(x)}", "x = g(x)", "metrics['b'] = f(x)")


@pytest.mark.parametrize(
    ("output", "name"), [("logits", "predictions"), ("predictions", "predicted")]
)
def test_the_function_does_not_have_the_name_of_its_argument(output: str, name: str) -> None:
    value = ast.parse(f"{{'score': {output}}}").body[0].value  # type: ignore[attr-defined]
    found = output_reading.predictions({"infer": {"predictions": value}}, [], [output])
    assert found is not None
    assert (found.name, found.parameters) == (name, (output,))


def test_a_metric_that_the_run_showed_and_the_source_does_not_is_refused() -> None:
    flat: Any = SimpleNamespace(files=[SimpleNamespace(path="program.py")], statements=[], facts={})
    spec = {"eval": {"eval_metric_ops": ast.Dict(keys=[], values=[])}}
    with pytest.raises(Refusal, match="where the metrics 'auc', 'rmse' are put into"):
        output_reading.metrics(flat, spec, [], "variables", ["rmse", "auc"])
    assert output_reading.metrics(flat, spec, [], "variables", []) == ((), (), ())

"""A hosted graph: its variables are the shared ones, and those that it creates are named."""

from collections.abc import Collection
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import EstimatorSpec
from migrate.hosting.graph.built_graph import BuiltGraph, build_for_one_device
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.targets import Target


def built() -> BuiltGraph:
    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        return EstimatorSpec(mode, predictions=features * tf1.get_variable("w", initializer=3.0))

    target = Target(model_fn=model_fn, input_fns=lambda: tf.data.Dataset.from_tensors(1.0))
    return build_for_one_device(target, "infer")


def test_only_new_variables_are_created() -> None:
    variables: dict[str, tf.Variable] = {}
    assert host_on_one_device(built(), variables).created == {"w", "global_step"}
    first = dict(variables)
    assert host_on_one_device(built(), variables).created == frozenset()
    assert all(variables[name] is variable for name, variable in first.items())


class Copies:
    """Notes what is done to the replicas' copies, and the value of `w` then."""

    def __init__(self, variables: dict[str, tf.Variable]) -> None:
        self._variables = variables
        self.done: list[Any] = []

    def copy_to_replicas(self) -> None:
        self.done.append(("copied", float(self._variables["w"])))

    def merge_from_replicas(self, names: Collection[str] | None = None) -> None:
        self.done.append(("merged", names, float(self._variables["w"])))


@pytest.mark.parametrize("replicated", [True, False])
def test_initial_values_go_to_the_replicas(replicated: bool) -> None:
    variables: dict[str, tf.Variable] = {}
    graph = host_on_one_device(built(), variables)
    copies = Copies(variables)
    HostedGraph(
        built=graph.built,
        functions=graph.functions,
        created=graph.created,
        replicas=copies if replicated else None,
    ).initialize(["w"])
    assert float(variables["w"]) == 3.0
    assert copies.done == ([("merged", ["w"], 3.0), ("copied", 3.0)] if replicated else [])

"""The lookup tables of a served graph, as resources of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from estimator_compat import EstimatorSpec
from migrate.hosting.graph.built_graph import build_for_one_device
from migrate.hosting.graph.hosted_graph import HostedGraph, host_on_one_device
from migrate.hosting.saved_model import lookup_tables
from migrate.hosting.saved_model.lookup_tables import ServedTable
from migrate.targets import Target

WORDS = ["b", "nowhere", "a"]


def graph_of(table: Any) -> HostedGraph:
    """Returns the PREDICT graph of a model_fn that looks words up in a table."""

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        numbers = table().lookup(features)
        lookup(["unused"], [7], "unused")
        return EstimatorSpec(mode, predictions=numbers)

    target = Target(model_fn=model_fn, input_fns=lambda: tf.data.Dataset.from_tensors(WORDS))
    return host_on_one_device(build_for_one_device(target, "infer"), {})


def lookup(keys: list[str], values: list[int], name: str) -> Any:
    initializer = tf.lookup.KeyValueTensorInitializer(keys, tf.constant(values, tf.int64))
    return tf.lookup.StaticHashTable(initializer, -1, name=name)


def looked_up(graph: HostedGraph, served: ServedTable, table: tf.Operation) -> list[int]:
    [words] = graph.built.inputs
    run = graph.functions.between([words, table.outputs[0]], graph.built.spec.predictions)
    return np.asarray(run(tf.constant(WORDS), served.resource_handle)).tolist()


def test_a_table_is_filled_when_it_is_made() -> None:
    graph = graph_of(lambda: lookup(["a", "b"], [10, 20], "table"))
    [(table, filling)] = lookup_tables.fillings(graph.built).items()
    assert filling is not None
    assert (table.name, filling.inputs[0].op) == ("table", table)
    served = ServedTable(graph.functions, table, filling)
    assert served.files == []
    assert looked_up(graph, served, table) == [20, -1, 10]
    other = ServedTable(graph.functions, table, filling)
    assert served._attributes["shared_name"] != other._attributes["shared_name"]


def test_a_table_names_the_file_that_it_is_filled_from(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("a\nb\n")

    def of_a_file() -> Any:
        initializer = tf.lookup.TextFileInitializer(
            str(words),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        return tf.lookup.StaticHashTable(initializer, -1)

    graph = graph_of(of_a_file)
    [(table, filling)] = lookup_tables.fillings(graph.built).items()
    served = ServedTable(graph.functions, table, filling)
    assert [file.asset_path.numpy().decode() for file in served.files] == [str(words)]
    assert looked_up(graph, served, table) == [1, -1, 0]  # the numbers of the lines


def test_a_table_that_training_adds_to_has_no_filling() -> None:
    graph = graph_of(
        lambda: tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0, name="growing")
    )
    [(table, filling)] = lookup_tables.fillings(graph.built).items()
    assert table.name.startswith("growing")
    assert filling is None

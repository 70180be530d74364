"""Gives a canned Estimator of TensorFlow 1 a model_fn whose source can be translated."""

import dataclasses
import functools
import importlib.util
import inspect
import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.canned import combined_parts, linear, optimizers
from estimator_compat.canned.partitioners import whole_name
from estimator_compat.heads.binary_class import BinaryClass
from estimator_compat.heads.legacy_head import LegacyHead
from estimator_compat.heads.multi_class import MultiClass
from estimator_compat.heads.regression import Regression
from estimator_compat.ledger import reader
from estimator_compat.ledger.values import LossLedger
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import user_functions
from migrate.graph_reading import model_fn_names
from migrate.graph_reading.api_names import api_name
from migrate.graph_reading.object_sources import ObjectSources
from migrate.targets import Built, Target, build
from migrate.translating import canned_source
from migrate.translating.canned_source import Canned, Deep, Linear
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import CannedFact

_MODULE = "estimator_compat.canned.legacy_"
_KINDS = {"dnn": "DNN", "linear": "Linear", "combined": "DNNLinearCombined"}
_ADDING = "estimator_compat.adding_metrics"
_RATE = 0.05  # of the optimizer of a deep model that is given by its name


@functools.cache
def _folder() -> str:
    """The folder of the sources, which is there until the program ends."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="canned-"))
    return str(_KEPT[-1].name)


_KEPT: list[Any] = []


def with_source(target: Target) -> tuple[Target, str]:
    """Returns a target whose model_fn has a source, and the class of the canned Estimator.

    Args:
      target: Any target. One whose model_fn is no canned Estimator's is returned as it is, with "".

    Raises:
      Refusal: The canned Estimator has an argument that this does not know.
    """
    target = model_fn_names.without_estimator(target)
    function, metric_fn = target.model_fn, None
    if getattr(function, "__module__", "") == _ADDING:
        given = inspect.getclosurevars(function).nonlocals
        function, metric_fn = given["estimator"]._model_fn, given["metric_fn"]  # noqa: SLF001
    module = getattr(function, "__globals__", {}).get("__name__", "")
    if module.removeprefix(_MODULE) not in _KINDS or not module.startswith(_MODULE):
        return target, ""
    given = inspect.getclosurevars(function).nonlocals
    canned, made = _canned(module.removeprefix(_MODULE), given)
    if metric_fn is not None:
        canned = dataclasses.replace(
            canned, more_metrics=tuple(user_functions.argument_names(metric_fn))
        )
    path = os.path.join(_folder(), f"{_snake(canned.name)}_{id(function)}.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(canned_source.source(canned).replace("tf1.", "tf."))
    name = os.path.basename(path).removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    vars(loaded).update(OPTIMIZERS=made, METRIC_FN=metric_fn)
    model_fn = vars(loaded)["model_fn"]
    model_fn.given = (metric_fn,) if metric_fn is not None else ()
    return dataclasses.replace(target, model_fn=model_fn), canned.name


def fact(target: Target, name: str, built: Built, ledgers: Mapping[str, LossLedger]) -> CannedFact:
    """Returns what is known of a canned Estimator; checks that what stands for it is its equal.

    Args:
      target: The canned Estimator.
      name: Its class.
      built: The TRAIN graph of the model_fn that stands for it.
      ledgers: The ledgers of that model_fn, by mode.

    Raises:
      Refusal: It has another loss, or other variables.
    """
    own = build(target, ModeKeys.TRAIN)
    with own.graph.as_default():
        ledger = reader.ledger(
            own.spec.loss, own.batch.features, own.batch.labels, mode=ModeKeys.TRAIN
        )
        variables = {whole_name(v.op.name): v for v in tf1.global_variables()}
        tags = _tags(own)
    with built.graph.as_default():
        standing = {v.op.name: v for v in tf1.global_variables()}
    shapes = [
        {one: v.shape.as_list() for one, v in those.items()} for those in (variables, standing)
    ]
    if shapes[0] != shapes[1] or ledger.formula != ledgers[ModeKeys.TRAIN].formula:
        raise Refusal(
            f"this is a canned Estimator, `{name}`, and what would be written for it has another "
            "loss or other variables; host it as it is with `migrate.host`, and tell its arguments "
            "to the authors of migrate"
        )
    named = {one: _checkpoint_name(v) for one, v in variables.items()}
    left = [f"the summary {tag!r}" for tag in tags if tag not in {*_tags(built), *_OWN_TAGS}]
    return CannedFact(
        name=name,
        checkpoint_names={one: there for one, there in named.items() if one != there},
        lacking=(*left, "the checks that labels and weights are in their range", _SIGNATURES),
    )


_OWN_TAGS = ("loss", "average_loss")  # of the written loop
_SIGNATURES = "the signatures of a SavedModel: `classification`, `regression` and `predict`"


def _tags(built: Built) -> list[str]:
    """Returns the tags of the summaries of a graph."""
    ops = built.graph.get_operations()
    found = [op for op in ops if op.type in ("ScalarSummary", "HistogramSummary")]
    tags = [tf.get_static_value(op.inputs[0]) for op in found]
    return [one.item().decode() for one in tags if one is not None]


def _checkpoint_name(variable: Any) -> str:
    """Returns the name that a variable has in a checkpoint: that of the whole, if it is a part."""
    part = getattr(variable, "_save_slice_info", None)
    return str(part.full_name) if part is not None else whole_name(variable.op.name)


def _canned(kind: str, given: Mapping[str, Any]) -> tuple[Canned, dict[str, Callable[[], Any]]]:
    """Returns the Estimator, and what makes the optimizer of each of its parts."""
    sources = ObjectSources()
    deep = wide = None
    made: dict[str, Callable[[], Any]] = {}
    if kind == "dnn":
        deep = _deep(given["layers"], sources)
        made["dnn"] = _optimizer(given["optimizer"], _RATE)
    elif kind == "linear":
        columns = given["columns"]
        wide = Linear(columns=_columns(columns, sources), combiner=given["sparse_combiner"])
        rate = linear.default_rate(columns)
        named = given["optimizer"] or functools.partial(tf1.train.FtrlOptimizer, rate)
        made["linear"] = _optimizer(named, linear.LEARNING_RATE)
    else:
        parts = given["parts"]
        if parts.deep.columns:
            deep = _deep(parts.deep, sources)
            made["dnn"] = _optimizer(parts.deep_optimizer, combined_parts.DEEP_RATE)
        if parts.linear_columns:
            columns = parts.linear_columns
            wide = Linear(columns=_columns(columns, sources), combiner=parts.sparse_combiner)
            made["linear"] = _optimizer(parts.linear_optimizer, parts.linear_rate)
    head = _head(given["head"])
    of_classes = "Regressor" if head["kind"] == "numbers" else "Classifier"
    canned = Canned(
        name=_KINDS[kind] + of_classes,
        deep=deep,
        linear=wide,
        imports=tuple(sources.imports),
        **head,
    )
    return canned, made


def _deep(layers: Any, sources: ObjectSources) -> Deep:
    activation = layers.activation
    text = "" if activation is None else api_name(activation) or sources.source(activation)
    if text is None:
        raise _refusal("an activation function without a name of its own")
    return Deep(
        columns=_columns(layers.columns, sources),
        units=tuple(int(one) for one in layers.hidden_units),
        activation=text,
        dropout=layers.dropout,
        batch_norm=bool(layers.batch_norm),
    )


def _columns(columns: Any, sources: ObjectSources) -> str:
    texts = []
    for one in columns:
        text = sources.source(one)
        if text is None:
            raise _refusal(f"the feature column {one.name!r}, which has no source")
        texts.append(text)
    return f"[{', '.join(texts)}]"


def _head(head: Any) -> dict[str, Any]:
    if not isinstance(head, LegacyHead):
        raise _refusal(f"a head of the class {type(head).__name__}")
    task = head.task
    kinds = {BinaryClass: "binary", MultiClass: "classes", Regression: "numbers"}
    kind = kinds.get(type(task))
    link = getattr(task, "inverse_link_fn", None)
    thresholds = getattr(task, "thresholds", ())
    if kind is None or head.name or task.loss_fn or link or thresholds:
        raise _refusal("a head with a name, a loss function, a link function or thresholds")
    size = 2 if kind == "binary" else task.logits_dimension
    return {
        "kind": kind,
        "size": size,
        "vocabulary": tuple(getattr(task, "vocabulary", None) or ()),
        "weights": _weights(head.weight_column),
        "reduction": _reduction(head._loss_reduction),  # noqa: SLF001
    }


def _weights(column: Any) -> str:
    """Returns the name of the feature that has the weights; "" for none."""
    if column is None or isinstance(column, str):
        return column or ""
    plain = type(column) is type(tf.feature_column.numeric_column("any"))
    if not plain or tuple(column.shape) != (1,) or column.normalizer_fn is not None:
        raise _refusal("a weight column that is not a feature as it is")
    return str(column.key)


def _reduction(value: str) -> str:
    """Returns the name of a reduction."""
    names = vars(tf1.losses.Reduction).items()
    return str(next(name for name, one in names if one == value and name.isupper()))


def _optimizer(given: Any, rate: float) -> Callable[[], Any]:
    return functools.partial(optimizers.get_optimizer_instance, given, rate)


def _snake(name: str) -> str:
    parts = {"DNNLinearCombined": "dnn_linear_combined_", "DNN": "dnn_", "Linear": "linear_"}
    for begin, text in parts.items():
        if name.startswith(begin):
            return text + name.removeprefix(begin).lower()
    return name.lower()


def _refusal(what: str) -> Refusal:
    return Refusal(
        f"this is a canned Estimator with {what}, which is not translated; expected layers, "
        "columns and a head as they come; host it as it is with `migrate.host`"
    )

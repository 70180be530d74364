"""Reads the summaries of a TRAIN graph: their tags, and what they show."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.graph_reading import scalar_expressions, schedule_reading
from migrate.targets import Built
from migrate.translating.facts import Call, TensorFact
from migrate.translating.refusal import Refusal
from migrate.translating.training_facts import SummaryFact, TrainingFacts

# The input of each op that has what the summary shows.
_SHOWN = {
    "ScalarSummary": "values",
    "HistogramSummary": "values",
    "ImageSummary": "tensor",
    "TensorSummaryV2": "tensor",
    "AudioSummaryV2": "tensor",
}


def read(built: Built, call: Call, training: TrainingFacts) -> tuple[SummaryFact, ...]:
    """Reads the summaries that a SummarySaverHook of the Estimator writes.

    Args:
      built: The TRAIN graph.
      call: The call of the model_fn.
      training: The optimizers.
    """
    norms, schedules = _norms(call), schedule_reading.sources(call)
    found = []
    with built.graph.as_default():
        for summary in tf1.get_collection(tf1.GraphKeys.SUMMARIES):
            op = getattr(summary, "op", None)
            if op is None or op.type not in _SHOWN:
                continue
            shown = _input(op, _SHOWN[op.type])
            found.append(
                SummaryFact(
                    kind=op.type,
                    tag=_tag(op),
                    name=summary.name,
                    shown=_source(shown, norms, schedules, training),
                    dtype=shown.dtype.base_dtype.name,
                    rank=shown.shape.rank,
                    settings=_settings(op),
                )
            )
    return tuple(found)


def _tag(op: tf.Operation) -> str:
    tags = [one for one in ("tags", "tag") if one in [a.name for a in op.op_def.input_arg]]
    value = tf.get_static_value(_input(op, tags[0]))
    return "" if value is None else value.item().decode()


def _input(op: tf.Operation, name: str) -> tf.Tensor:
    return op.inputs[[argument.name for argument in op.op_def.input_arg].index(name)]


def _settings(op: tf.Operation) -> dict[str, int | bytes]:
    """Returns the attributes of an image's op, and the metadata of a text's."""
    if op.type == "ImageSummary":
        return {"max_images": op.get_attr("max_images")}
    if op.type == "TensorSummaryV2":
        value = tf.get_static_value(_input(op, "serialized_summary_metadata"))
        return {} if value is None else {"serialized_summary_metadata": value.item()}
    return {}


def _norms(call: Call) -> set[str]:
    """Returns the names of the global norms of the gradients, before they are clipped."""
    found: set[str] = set()
    clipped: list[Any] = []
    for one in call.walk():
        if one.callee.api == "tf.clip_by_global_norm" and isinstance(one.result, Sequence):
            clipped.append(one.arguments.get("t_list"))
            if isinstance(one.result[1], TensorFact):
                found.add(one.result[1].name)
    for one in call.walk():
        if one.callee.api in ("tf.global_norm", "tf.linalg.global_norm"):
            is_clipped = any(one.arguments.get("t_list") == each for each in clipped)
            if is_clipped and isinstance(one.result, TensorFact):
                found.add(one.result.name)
    return found


def _source(
    shown: tf.Tensor, norms: set[str], schedules: Mapping[str, str], training: TrainingFacts
) -> str:
    """Returns "norm" for the global norm of the gradients, "rate" for a learning rate, or ""."""
    while shown.op.type == "Identity" and shown.op.name not in schedules:
        shown = shown.op.inputs[0]
    if shown.name in norms:
        return "norm"
    rates = [one.rate for one in training.optimizers]
    try:
        is_rate = scalar_expressions.expression(shown, schedules) in rates
    except Refusal:
        return ""
    return "rate" if is_rate else ""

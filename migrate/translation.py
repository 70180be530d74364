"""`translate`: writes a model_fn as the source of a TF2 training loop."""

import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.ledger import reader
from estimator_compat.ledger.values import LossLedger
from migrate.graph_reading import runs, training_reading
from migrate.graph_reading.recorded_facts import fact_of
from migrate.targets import Built, Target
from migrate.translating import emitter, program_reading
from migrate.translating.expressions import is_plain
from migrate.translating.facts import Span
from migrate.translating.loss_reading import Term
from migrate.translating.program_reading import RunFacts
from migrate.translating.refusal import Refusal


def translate(target: Target) -> str:
    """Translates a target.

    Args:
      target: The model_fn with its inputs.

    Returns:
      The source of a module.

    Raises:
      Refusal: A part of the model_fn is not translated; the message has the line.
    """
    modes = ("train", "eval", "infer")
    present = [mode for mode in modes if _has(target, mode)]
    recorded = runs.record(target, tuple(present))
    function = runs.model_function(target)
    ledgers = {mode: _ledger(run.built, mode) for mode, run in recorded.items() if mode != "infer"}
    train = recorded["train"]
    facts = RunFacts(
        model_fn=Span(function.__code__.co_filename, function.__code__.co_firstlineno, 0, 0, 0),
        name=function.__qualname__.rpartition(".")[2],
        calls={mode: run.call for mode, run in recorded.items()},
        formulas={mode: ledger.formula for mode, ledger in ledgers.items()},
        terms=_terms(ledgers["train"]),
        training=training_reading.read(train.built, train.call),
        params=fact_of(target.params),
        closure=_closure(function),
        attributes=_attributes(target.model_fn),
        literals=_literals(function),
        feature_specs=_specs(train.built.inputs.features),
        has_labels=train.built.inputs.labels is not None,
        input_fns={mode: _input_fn(target, mode, function) for mode in present},
        endless=_is_endless(target),
    )
    return formatted(emitter.emit(program_reading.read(facts)))


def formatted(source: str) -> str:
    """Sorts the imports of a module and formats it, as ruff does."""
    command = [sys.executable, "-m", "ruff"]
    options = ["--line-length=100", "--isolated", "-"]
    for arguments in (["check", "--select=I,F401,UP", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(
            [*command, *arguments, *options], input=source, text=True, capture_output=True
        )
        source = done.stdout or source
    return source


def _has(target: Target, mode: str) -> bool:
    return not isinstance(target.input_fns, Mapping) or mode in target.input_fns


def _ledger(built: Built, mode: str) -> LossLedger:
    batch = built.batch
    with built.graph.as_default():
        return reader.ledger(built.spec.loss, batch.features, batch.labels, mode=mode)


def _terms(ledger: LossLedger) -> list[Term]:
    found = []
    for term in ledger.data_terms:
        weights = [step.tensor for step in term.weightings]
        found.append(
            Term(
                tensor=term.tensors[0],
                words=term.op,
                reduction=term.suggested_reduction or "",
                weights=weights[0] if len(weights) == 1 else "",
            )
        )
    return found


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    values = inspect.getclosurevars(function).nonlocals
    return {name: fact_of(v) for name, v in values.items() if is_plain(fact_of(v))}


def _attributes(model_fn: Any) -> dict[str, Any]:
    """Returns the plain attributes of the object whose method the model_fn is, and of those in it."""
    while hasattr(model_fn, "func"):
        model_fn = model_fn.func
    waiting = [("self", getattr(model_fn, "__self__", None))]
    found: dict[str, Any] = {}
    while waiting:
        path, owner = waiting.pop()
        if owner is None or path.count(".") > 3:
            continue
        for name, value in (vars(type(owner)) | getattr(owner, "__dict__", {})).items():
            fact = fact_of(value)
            if name.startswith("__") or inspect.isroutine(value):
                continue
            if is_plain(fact):
                found[f"{path}.{name}"] = fact
            elif not inspect.isroutine(value) and hasattr(value, "__dict__"):
                waiting.append((f"{path}.{name}", value))
    return found


def _literals(function: Any) -> dict[str, str]:
    """Returns the values of constants that depend on the place of the legacy file."""
    return {
        name: repr(value)
        for name, value in function.__globals__.items()
        if isinstance(value, str)
        and os.path.isabs(value)
        and not name.startswith("__")
        and os.path.exists(value)
    }


def _specs(features: Any) -> str:
    if isinstance(features, dict):
        inner = ", ".join(f"{name!r}: {_specs(value)}" for name, value in features.items())
        return f"{{{inner}}}"
    if isinstance(features, tuple | list):
        inner = ", ".join(_specs(value) for value in features)
        return f"({inner},)"
    if not isinstance(features, tf.Tensor | tf.SparseTensor):
        raise Refusal(f"features of type {type(features).__name__} are not translated")
    shape = features.shape.as_list() if features.shape.rank is not None else None
    kind = "SparseTensorSpec" if isinstance(features, tf.SparseTensor) else "TensorSpec"
    return f"tf.{kind}({shape}, tf.{features.dtype.base_dtype.name})"


def _input_fn(target: Target, mode: str, function: Any) -> tuple[str, bool]:
    """Returns the name of an input_fn in the module of the model_fn, and whether it takes params."""
    wanted = target.input_fn(mode)
    for name, value in function.__globals__.items():
        if value is wanted:
            return name, "params" in inspect.signature(wanted).parameters
    raise Refusal(
        f"the input_fn of {mode!r} is not a name at the top level of {function.__module__}"
    )


def _is_endless(target: Target) -> bool:
    """Tells whether the training input is a dataset without an end."""
    with tf.Graph().as_default():
        dataset = target.call_input_fn("train")
        if not isinstance(dataset, tf.data.Dataset):
            return False
        with tf1.Session() as session:
            size = session.run(dataset.cardinality())
    return bool(size == tf.data.INFINITE_CARDINALITY)

"""`translate`: writes a model_fn as the source of a TF2 training loop."""

import dataclasses
import importlib.metadata
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any

import tensorflow as tf

from estimator_compat.ledger import reader
from estimator_compat.ledger.values import LossLedger
from estimator_compat.mode_keys import ModeKeys
from migrate import canned_verification, written_source
from migrate.graph_reading import (
    canned_programs,
    checkpoint_reading,
    export_reading,
    input_reading,
    kept_modules,
    model_fn_names,
    named_numbers,
    our_code,
    runs,
    summary_reading,
    training_reading,
    update_calls,
)
from migrate.graph_reading.recorded_facts import fact_of
from migrate.targets import Built, Target
from migrate.translating import emitter, legacy_names, program_reading
from migrate.translating.border import Border
from migrate.translating.facts import Span
from migrate.translating.ir import KeptFunction, Program
from migrate.translating.refusal import Refusal
from migrate.translating.run_facts import RunFacts
from migrate.translating.sections import header
from migrate.translating.training_facts import ExportFact, TrainingFacts
from migrate.verifying import model_state, written_inputs
from migrate.verifying.subject import SubjectReference
from migrate.verifying.verdict import Verdict


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A translated model_fn.

    Attributes:
      program: What was read.
      because: What kept it from being translated whole; "" if it was, or nobody tried.
    """

    program: Program
    because: str = ""

    @property
    def outcome(self) -> str:
        """What is left of the legacy model: "whole", for nothing, or "kept forward"."""
        return "whole" if self.program.model.kept is None else "kept forward"

    @property
    def kept(self) -> tuple[KeptFunction, ...]:
        """The functions of the legacy program that the module still calls."""
        kept = self.program.model.kept
        return () if kept is None else kept.functions

    @property
    def tf1_names(self) -> int:
        """How many names of TensorFlow 1 the module still reads."""
        return len(header.names_of_tf1(self.program))

    @property
    def inputs(self) -> Mapping[str, str]:
        """The source of the dataset of each mode in the module."""
        return self.program.input_fns

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not carried over."""
        return self.program.left_out

    def source(self, *, keras: str = "keras", proof: str = "") -> str:
        """Returns the source of the module, formatted as ruff does.

        Args:
          keras: The package that the module imports: "keras", which is Keras 3, or "tf_keras".
          proof: What a verification found, for the docstring.
        """
        source = written_source.formatted(emitter.emit(self.program, keras=keras, proof=proof))
        written_source.check_names(source, self.program.source)
        return source


def translate(
    target: Target, *, keep: Collection[str] = (), whole: Collection[str] = ()
) -> Translation:
    """Translates a model_fn into the source of a TF2 training loop.

    The model_fn is run: its graph is built in each mode that has an input_fn, and its calls are
    recorded. Nothing is trained. Where the forward pass cannot be read, it is kept as it is.

    Args:
      target: The model_fn with its inputs, params and config.
      keep: The names of functions of the program that the written module calls as they are.
      whole: The names of functions that it may not call.

    Raises:
      Refusal: A part of the model_fn is not translated. The message has the line.
      ValueError: The target has no input_fn for training, or the model_fn does not return a spec.
    """
    given = target = model_fn_names.without_estimator(target)
    target, canned = canned_programs.with_source(target)
    present = [
        mode for mode in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT) if _has(target, mode)
    ]
    function = runs.model_function(target)
    if getattr(function, "__code__", None) is None or function.__name__ == "<lambda>":
        raise Refusal(
            f"`model_fn` ({target.model_fn!r:.80}) has no `def` that can be read; expected a "
            "function in a file; name that function"
        )
    our_code.check_model_fn(function)
    path = function.__code__.co_filename
    if not os.path.isfile(path):
        raise Refusal(
            f"the source of {function.__name__} is not there: it says that it is in {path}, which "
            "is not a file, as for code of a notebook, of `exec`, or of a .pyc file; put it into a "
            ".py file"
        )
    optional = () if isinstance(target.input_fns, Mapping) else (ModeKeys.EVAL, ModeKeys.PREDICT)
    recorded, errors = runs.record(target, tuple(present), optional=optional)
    for run in recorded.values():
        our_code.check_calls(run.call)
    ledgers = {
        mode: _ledger(run.built, mode) for mode, run in recorded.items() if mode != ModeKeys.PREDICT
    }
    train = recorded[ModeKeys.TRAIN]
    plain = _training(train)
    numbers = named_numbers.named(
        named_numbers.numbers(plain, ledgers[ModeKeys.TRAIN].terms), target, _numbers
    )
    training = training_reading.with_other_modes(
        numbers.training, {m: run.built for m, run in recorded.items()}
    )
    strategy = target.run_config.train_distribute
    evaluation = recorded.get(ModeKeys.EVAL)
    copied_modules = model_fn_names.copied_modules()
    facts = RunFacts(
        model_fn=Span(function.__code__.co_filename, function.__code__.co_firstlineno, 0, 0, 0),
        name=function.__name__,
        calls={mode: run.call for mode, run in recorded.items()}
        | {ModeKeys.TRAIN: update_calls.without_updates(train.call, _optimizer_state(train.built))},
        formulas={mode: ledger.formula for mode, ledger in ledgers.items()},
        terms=ledgers[ModeKeys.TRAIN].terms,
        evaluation_terms=ledgers[ModeKeys.EVAL].terms if ModeKeys.EVAL in ledgers else (),
        training=training,
        penalty_names=numbers.names,
        computed_of=numbers.computed,
        export=_export(function, recorded),
        summary_steps=target.run_config.save_summary_steps or 100,
        kept_checkpoints=_kept_checkpoints(target, train),
        distribution=type(strategy).__name__ if strategy is not None else "",
        summaries=summary_reading.read(train.built, train.call, plain),
        params=fact_of(target.params),
        closure=model_fn_names.closure(function, target.model_fn),
        attributes=model_fn_names.attributes(target.model_fn),
        literals=model_fn_names.literals(function),
        feature_specs=input_reading.specs(train.built.inputs.features),
        has_labels=train.built.inputs.labels is not None,
        input_fns={mode: input_reading.input_fn_call(target, mode, function) for mode in recorded},
        refused_modes=errors,
        endless=frozenset(mode for mode in recorded if input_reading.is_endless(target, mode)),
        of_tensors=frozenset(
            mode for mode in recorded if input_reading.is_of_tensors(target, mode)
        ),
        loss_dtype=train.built.spec.loss.dtype.base_dtype.name,
        param_attributes=model_fn_names.param_attributes(target.params),
        flag_values=model_fn_names.flag_values(),
        label_specs=input_reading.label_specs(train.built.inputs.labels),
        modules=kept_modules.names_by_file(),
        own_modules=copied_modules,
        tf2_names=model_fn_names.tf2_names(copied_modules),
        objects=model_fn_names.objects(function, target.model_fn),
        namespaces=model_fn_names.namespaces(function, target.model_fn),
        read_modules=kept_modules.read,
        metric_names=tuple(evaluation.built.spec.eval_metric_ops or ()) if evaluation else (),
        initialized=checkpoint_reading.read(train.built, train.call, target),
        init_fns=model_fn_names.init_fns({mode: run.built for mode, run in recorded.items()}),
    )
    if canned:
        fact = canned_programs.fact(given, canned, recorded[ModeKeys.TRAIN].built, ledgers)
        return _canned(dataclasses.replace(facts, canned=fact))
    return _translated(facts, keep, whole)


def _training(run: runs.Run) -> TrainingFacts:
    return training_reading.read(run.built, run.call)


def _kept_checkpoints(target: Target, train: runs.Run) -> int | None:
    """Returns how many checkpoints the program keeps; None for all."""
    saver = getattr(train.built.spec.scaffold, "saver", None)
    if isinstance(saver, tf.compat.v1.train.Saver):  # a tf.train.Checkpoint has no limit
        return saver.as_saver_def().max_to_keep or None
    return target.run_config.keep_checkpoint_max or None


def _optimizer_state(built: Built) -> frozenset[str]:
    return model_state.optimizer_state(built.graph, built.spec.loss, built.spec.train_op)


def _numbers(target: Target) -> named_numbers.Numbers:
    """Builds the training graph of a target, and reads it."""
    recorded, _ = runs.record(target, (ModeKeys.TRAIN,))
    run = recorded[ModeKeys.TRAIN]
    return named_numbers.numbers(_training(run), _ledger(run.built, ModeKeys.TRAIN).terms)


def _canned(facts: RunFacts) -> Translation:
    """Translates what stands for a canned Estimator: as a whole, as there is nothing to keep."""
    try:
        translation = Translation(program=_read(facts))
        translation.source()
    except Refusal as refusal:
        assert facts.canned is not None
        raise Refusal(
            f"this is a canned Estimator, `{facts.canned.name}`, of which a part is not "
            f"translated: {refusal.reason}; or host it as it is with `migrate.host`"
        ) from None
    return translation


def _translated(facts: RunFacts, keep: Collection[str], whole: Collection[str]) -> Translation:
    """Translates the program as a whole, or with the forward pass kept."""
    kept = dataclasses.replace(
        facts,
        border=Border(is_kept=True, keep=tuple(keep), translate=tuple(whole)),
        summaries=(),
        export=None,
    )
    _check_names_of_functions(facts, [*keep, *whole])
    if keep:
        return _kept(kept)
    try:
        translation = Translation(program=_read(facts))
        translation.source()
        return translation
    except Refusal as refusal:
        try:
            translation = _kept(kept, because=str(refusal))
            translation.source()
        except Refusal as second:
            # The first reason is that of a user who wants the whole program translated.
            raise refusal from second
        return translation


def _read(facts: RunFacts) -> Program:
    """Reads a program; names that the written module needs for its own get new ones.

    Raises:
      Refusal: A part of it is not translated, or a name stays defined twice.
    """
    program = program_reading.read(facts)
    names = legacy_names.new_names(program)
    if names:
        program = program_reading.read(dataclasses.replace(facts, renamed=names))
        for name in legacy_names.new_names(program):
            raise Refusal(
                f"the written module needs the name `{name}` for its own; expected another name; "
                "rename it in the program",
                path=program.source,
            )
    return program


def _kept(facts: RunFacts, because: str = "") -> Translation:
    """Translates the program with the forward pass kept.

    Raises:
      Refusal: The forward pass is not kept, or it calls what TensorFlow 2 lacks.
    """
    translation = Translation(program=_read(facts), because=because)
    kept = translation.program.model.kept
    absent = {f"tf.{name}" for name in kept.modules.absent} if kept is not None else set()
    places = {(one.path, one.line) for one in translation.kept}
    for call in (one for run in facts.calls.values() for one in run.walk()):
        span = call.callee.span
        if span is None or (span.file, span.line) not in places:
            continue
        for inner in call.walk():
            if inner.callee.api in absent:
                raise Refusal(
                    f"the kept function `{call.callee.name}` calls `{inner.callee.api}`, which "
                    "TensorFlow 2 lacks, and for which there is no stand-in; write it with "
                    "tf.layers or tf.get_variable",
                    path=inner.span.file,
                    line=inner.span.line,
                )
    return translation


def _check_names_of_functions(facts: RunFacts, names: Collection[str]) -> None:
    called = {one.callee.name for call in facts.calls.values() for one in call.walk()}
    for name in names:
        if name not in called:
            raise ValueError(
                f"`{name}` names no function that the model_fn calls; expected one of the "
                f"program's own functions, such as {_examples(facts)}; correct the name."
            )


def _examples(facts: RunFacts) -> str:
    users = {
        one.callee.name
        for call in facts.calls.values()
        for one in call.walk()
        if one.callee.span is not None and one.callee.name != "<lambda>"
    }
    return ", ".join(f"`{name}`" for name in sorted(users)[:5]) or "none here"


def _has(target: Target, mode: str) -> bool:
    return not isinstance(target.input_fns, Mapping) or mode in target.input_fns


def _ledger(built: Built, mode: str) -> LossLedger:
    batch = built.batch
    with built.graph.as_default():
        return reader.ledger(built.spec.loss, batch.features, batch.labels, mode=mode)


def _export(function: Callable[..., Any], recorded: Mapping[str, runs.Run]) -> ExportFact | None:
    predict = recorded.get(ModeKeys.PREDICT)
    if predict is None:
        return None
    with open(function.__code__.co_filename, encoding="utf-8") as file:
        source = file.read()
    return export_reading.read(function.__globals__, function.__module__, source, predict.built)


def prove(
    target: Target,
    path: str,
    *,
    inputs: Mapping[str, str],
    steps: int = 50,
    progress: Callable[[str], None] | None = None,
) -> Verdict:
    """Holds a written module to the model_fn under an Estimator, in a process of its own.

    Args:
      target: The model_fn with its inputs.
      path: The path of the module.
      inputs: The source of the dataset of each mode in the module: see `Translation.inputs`. Its
        first batches are compared with the target's.
      steps: How many steps to train.
      progress: Is called with a line of text now and then.
    """
    verdict = canned_verification.verify(
        target, SubjectReference(f"{path}:Loop"), steps=steps, progress=progress
    )
    if progress is not None:
        progress("reading the module's inputs")
    compared = written_inputs.compared(target, path, inputs)
    return dataclasses.replace(verdict, stages=(compared, *verdict.stages))


def proof(verdict: Verdict, keras: str = "keras") -> str:
    """Returns a sentence on a verdict, with the versions, for the docstring of the module.

    Args:
      verdict: The verdict.
      keras: The package that the module imports.
    """
    stages = ", ".join(f"{stage.name} {stage.outcome.value}" for stage in verdict.stages)
    return (
        f"Verified against the legacy program, TensorFlow {tf.__version__}, {keras} "
        f"{importlib.metadata.version(keras)}: {verdict.outcome.value} ({stages})."
    )

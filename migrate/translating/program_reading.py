"""Reads a whole program: joins what the readers of its parts found."""

import ast
import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import (
    changed_names,
    copying,
    distribution,
    export_reading,
    hyperparameters,
    inputs_to_write,
    kept_checks,
    kept_losses,
    kept_program,
    kept_reading,
    left_out,
    loss_collections,
    loss_comparison,
    loss_reading,
    loss_sites,
    mode_values,
    model_reading,
    model_source,
    output_reading,
    popped_inputs,
    random_draws,
    rebound_losses,
    spec_reading,
    summary_reading,
    tidying,
    variable_loops,
)
from migrate.translating.forward_reading import Forward
from migrate.translating.hyperparameters import Hyperparameters
from migrate.translating.ir import Loss, Model, Program
from migrate.translating.model_part import ModelPart
from migrate.translating.needed_source import NeededSource, names_in, texts
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import HiddenLosses, Refusal
from migrate.translating.run_facts import RunFacts
from migrate.translating.source_reader import flattening, source_files
from migrate.translating.source_reader.object_attributes import constant_name
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import loads, stores
from migrate.translating.training_facts import named_numbers

TRAIN, EVAL, PREDICT = ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT


def read(facts: RunFacts) -> Program:
    """Reads a program.

    Raises:
      Refusal: A part of it is not translated.
    """
    coupled = any(one.axes.count("batch") > 1 for one in facts.terms)
    try:
        program = _Reading(facts).run()
    except HiddenLosses:
        if not coupled:
            raise
        return _Reading(facts, is_one_number=True).run()
    if not coupled or all(one.has_named_reduction for one in program.loss.terms):
        return program
    try:
        return _Reading(facts, is_one_number=True).run()
    except Refusal:
        return program


class _Reading:
    def __init__(self, facts: RunFacts, *, is_one_number: bool = False) -> None:
        self.is_one_number = is_one_number
        hidden = {
            mode: kept_losses.hidden(facts.calls[mode], terms, facts.border)
            for mode, terms in ((TRAIN, facts.terms), (EVAL, facts.evaluation_terms))
            if mode in facts.calls
        }
        self.adds_losses = any(hidden.values())
        self.facts = facts = dataclasses.replace(
            facts,
            terms=kept_losses.without(facts.terms, hidden[TRAIN]),
            evaluation_terms=kept_losses.without(facts.evaluation_terms, hidden.get(EVAL, ())),
        )
        self.file = source_files.load(facts.model_fn.file)
        self.aliases = copying.aliases(self.file)
        self.own = OwnModules({} if facts.border.is_kept else facts.own_modules)
        self.flat = flattening.flatten(
            facts.model_fn,
            facts.calls,
            facts.attributes,
            tensors=frozenset()
            if is_one_number
            else loss_sites.tensors(facts.terms) | loss_sites.tensors(facts.evaluation_terms),
            border=facts.border,
        )
        self._check_objects()
        self.params = Hyperparameters(facts, self.flat)

    def _check_objects(self) -> None:
        """Refuses what reads an object that is made elsewhere: `self` would be the model."""
        for statement in self.flat.statements:
            if "self" in loads(statement.node) and statement.refusal is None:
                statement.refusal = Refusal(
                    f"`{ast.unparse(statement.node)[:60]}` reads an object that is not made in the "
                    "model_fn at once; assign the object to a variable there",
                    path=path_of(statement.node, self.file.path),
                    line=getattr(statement.node, "lineno", 0),
                )

    def run(self) -> Program:
        """Reads the parts one after the other, and joins them."""
        facts, flat = self.facts, self.flat
        marks = summary_reading.mark(flat, facts.summaries)
        hyperparameters.rename(flat, facts, self.own)
        popped_inputs.read_instead(flat)
        variable_loops.as_sums(flat)
        part = self._part()
        changed_names.rename(flat)
        rebound_losses.rename(flat)
        self.names = loss_collections.names_for(flat)
        if not self.adds_losses:
            loss_collections.gather(flat, facts.terms, self.names)
        loss_collections.name_variables(
            flat, part.variables, self.names.variables, loss_sites.losses(facts.terms)
        )
        specs = self._without_penalties(spec_reading.specs(flat))
        tidying.tidy(flat.statements, specs)
        tidying.open_dicts(flat.statements, list(flat.returned.values()))
        output_reading.name_outputs(flat, specs)
        wanted = output_reading.wanted(specs, flat.statements)
        forward, marks = summary_reading.split(flat.statements, wanted, marks)
        others = mode_values.split(flat, forward.others)
        forward = dataclasses.replace(forward, others=others)
        specs = {
            mode: {name: mode_values.folded(flat, node, mode) for name, node in spec.items()}
            for mode, spec in specs.items()
        }
        loss, evaluation_loss = self._losses(specs, forward, part)
        known = (evaluation_loss or loss).known
        found, computed, eval_body = output_reading.metrics(
            flat, specs, output_reading.with_known(forward.others, known), self.names.variables,
            facts.metric_names,
        )  # fmt: skip
        rates, rate_function = self.params.rates()
        others = output_reading.with_known(forward.others, loss.known)
        self.summaries = summary_reading.read(
            flat, marks, facts.summaries, others, forward, loss, facts.training, rates=rates,
            variables=self.names.variables,
        )  # fmt: skip
        predictions = output_reading.predictions(specs, forward.others, forward.outputs)
        parts: dict[str, Any] = {
            "loss": loss,
            "evaluation_loss": evaluation_loss,
            "predictions": predictions,
            "metrics": found,
            "computed_metrics": computed,
            "eval_body": eval_body,
        }
        if facts.border.is_kept:
            model = self._kept_model(forward, list(parts.values()))
        else:
            path = self.file.path
            model = model_source.written(
                part, forward, facts.training, wanted, path, flat.originals
            )
        self.export = export_reading.read(
            specs.get(PREDICT, {}),
            forward.others,
            facts.export,
            functools.partial(output_reading.parameters, forward.outputs),
            output_reading.lines,
        )
        parts |= {"model": model, "rates": rates}
        program = self._program(part, specs, parts, rate_function)
        random_draws.check(program, flat)
        return program

    def _program(
        self,
        part: ModelPart,
        specs: Mapping[str, Mapping[str, ast.expr]],
        parts: Mapping[str, Any],
        rate_function: str,
    ) -> Program:
        """Joins the parts with the source that they need."""
        facts = self.facts
        tables = tuple(f"{k} = {ast.unparse(v)}" for k, v in part.constants.items())
        unwritten = [mode for mode, (name, _, _) in facts.input_fns.items() if not name]
        shown = [self.summaries.function, self.export.function if self.export else None]
        numbers = [*named_numbers(facts.training), rate_function]
        numbers += [one.path for one in facts.initialized]
        self._name_attributes([*numbers, *parts["rates"], *facts.penalty_names.values()])
        read = [tables, *parts.values(), shown, *numbers]
        needed = NeededSource(facts, self.flat, self.own)
        copied = needed.copy(read, known=tuple(part.constants))
        written = "\n".join([*texts([copied, *read]), *parts["model"].body])
        params = self.params.source(written)
        made = [params, *copied.parts]
        is_distributed = distribution.is_written(facts, parts["model"])
        return Program(
            **parts,
            source=facts.model_fn.file,
            model_fn=facts.name,
            formulas=facts.formulas,
            imports=(
                *copied.imports,
                *(["import types"] if any("types.SimpleNamespace(" in one for one in made) else []),
            ),
            copied=(
                *copied.parts,
                *tables,
                *part.classes,
                *map(inputs_to_write.source, unwritten),
            ),
            legacy_names=copied.names,
            read_names=copied.names & names_in(read),
            params=params,
            feature_specs=facts.feature_specs,
            label_specs=facts.label_specs,
            has_labels=facts.has_labels,
            input_fns={mode: self._input(mode) for mode in facts.input_fns},
            endless=facts.endless | facts.of_tensors,
            loss_dtype=facts.loss_dtype,
            training=facts.training,
            rate_function=rate_function,
            left_out=(
                *left_out.words(
                    facts,
                    self.flat,
                    specs,
                    summaries=self.summaries.names,
                    exports=self.export is not None,
                    distributed=is_distributed,
                ),
                *map(inputs_to_write.words, unwritten),
                *left_out.fixed_hyperparameters(facts, self.flat, written),
                *left_out.checks(facts, written),
                *(facts.canned.lacking if facts.canned is not None else ()),
            ),
            summaries=self.summaries,
            export=self.export,
            summary_steps=facts.summary_steps,
            kept_checkpoints=facts.kept_checkpoints,
            initialized=facts.initialized,
            canned=facts.canned,
            is_distributed=is_distributed,
            comments=(
                *left_out.hook_comments(facts, self.flat, specs),
                *(
                    f"Not carried over: init_fn of {mode.upper()}, `{name}`.\n{source}"
                    for mode, (name, source) in facts.init_fns.items()
                ),
            ),
        )

    def _input(self, mode: str) -> str:
        """Returns the source of the dataset of a mode."""
        name, arguments, _ = self.facts.input_fns[mode]
        new = self.facts.renamed.get(name, name) or inputs_to_write.name(mode)
        call = f"{new}({arguments})"
        if mode not in self.facts.of_tensors or not name:
            return call
        return f"tf.data.Dataset.from_tensors(0).repeat().map(lambda _: {call})"

    def _name_attributes(self, texts: Sequence[str]) -> None:
        """Makes constants of the attributes of the model that are numbers of the training step."""
        defined = set().union(*(stores(one) for one in self.file.tree.body))
        read = set(re.findall(r"\w+", " ".join(texts)))
        for path, value in self.facts.attributes.items():
            name = constant_name(path, defined)
            if name in read:
                self.flat.constants.setdefault(name, value)

    def _part(self) -> ModelPart:
        """Reads the model: Keras layers, or the forward pass as it is."""
        flat = self.flat
        if not self.facts.border.is_kept:
            averages = self.facts.training.averages
            return model_reading.read(
                flat, self.aliases, averages.names if averages is not None else None
            )
        aliases = [one for file in flat.files for one in copying.aliases(file)]
        kept_reading.mark(flat, aliases, self.facts.border.keep, adds_losses=self.adds_losses)
        made = kept_reading.read(flat, flat.statements, self.facts.border.keep)
        variables = {name: f"by_name[{name!r}]" for name in made.variables}
        return ModelPart([], {}, variables, list(made.trainable), flat.statements, {}, [])

    def _kept_model(self, forward: Forward, parts: Sequence[Any]) -> Model:
        if not forward.outputs:
            raise Refusal(
                "there is no forward pass to keep: the loss reads the features alone",
                path=self.file.path,
            )
        kept_checks.check(self.flat, forward.statements, forward.outputs, self.file.path)
        kept_checks.check_moved(self.flat, forward.statements, self.facts.training, self.file.path)
        assert self.facts.read_modules is not None
        return kept_program.KeptProgram(
            kept_reading.read(self.flat, forward.statements, self.facts.border.keep),
            forward,
            files=self.flat.files,
            modules=self.facts.modules,
            read_modules=self.facts.read_modules,
            objects={name.upper(): one for name, one in self.facts.objects.items()},
            others=names_in(parts),
            modes=tuple(self.facts.calls),
            constants=["PARAMS", *(n.upper() for n in self.facts.closure), *self.flat.constants],
        ).model()

    def _without_penalties(
        self, specs: Mapping[str, Mapping[str, ast.expr]]
    ) -> dict[str, Mapping[str, ast.expr]]:
        """Puts a call of `regularization` in the place of what the source adds to the losses."""
        given = {mode: specs[mode]["loss"] for mode in (TRAIN, EVAL) if mode in specs}
        if self.adds_losses:
            return dict(specs)
        made = loss_collections.separate_penalties(
            self.flat, given, self.facts.terms, self.names, self.facts.training.moved
        )
        return {
            mode: {**spec, "loss": made[mode]} if mode in made else spec
            for mode, spec in specs.items()
        }

    def _losses(
        self,
        specs: Mapping[str, Mapping[str, ast.expr]],
        forward: Forward,
        part: ModelPart,
    ) -> tuple[Loss, Loss | None]:
        """Returns the losses of TRAIN and of EVAL; None for that of EVAL if it is the same."""
        train = specs[TRAIN]["loss"]
        given = {TRAIN: train}
        if EVAL in specs and not loss_comparison.is_same(
            forward.others, train, specs[EVAL]["loss"]
        ):
            given[EVAL] = specs[EVAL]["loss"]
        found = {
            mode: loss_reading.read(
                self.flat,
                forward.others,
                loss,
                forward.outputs,
                self.facts.terms if mode == TRAIN else self.facts.evaluation_terms,
                names=self.names,
                weight_names={text: name for name, text in part.variables.items()},
                constants=self.facts.penalty_names,
                mode=mode,
                is_one_number=self.is_one_number,
            )
            for mode, loss in given.items()
        }
        if EVAL not in found:
            return found[TRAIN], None
        penalty = found[EVAL].regularization
        if penalty is not None and penalty != found[TRAIN].regularization:
            raise Refusal(
                "EVAL adds another penalty on the weights to the loss than TRAIN; expected the "
                "same, or none; add it in the file that is written",
                path=self.file.path,
                line=getattr(given[EVAL], "lineno", 0),
            )
        return found[TRAIN], loss_comparison.with_functions_of(found[EVAL], found[TRAIN])

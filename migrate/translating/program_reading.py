"""Reads a whole program: joins what the readers of its parts found."""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from estimator_compat.ledger.values import LossTerm
from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import functions
from migrate.translating import (
    copying,
    export_reading,
    forward_reading,
    inputs_to_write,
    kept_program,
    kept_reading,
    loss_collections,
    loss_reading,
    mode_conditions,
    model_reading,
    spec_reading,
    summary_reading,
    tidying,
)
from migrate.translating.border import WHOLE, Border
from migrate.translating.expressions import api_of, dotted, is_plain, parse, refuse
from migrate.translating.facts import Call, Span, TensorFact, Unknown
from migrate.translating.ir import (
    Function,
    KeptModules,
    Loss,
    Metric,
    Model,
    Program,
    source_of,
)
from migrate.translating.ir import LossTerm as TermPart
from migrate.translating.loss_source import unique
from migrate.translating.metric_reading import MetricReading, is_none
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader import flattening, source_files
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import SourceFile
from migrate.translating.source_reader.statements import Statement, loads, needed_for, stores
from migrate.translating.training_facts import ExportFact, SummaryFact, TrainingFacts

TRAIN, EVAL, PREDICT = ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that the runs of a target showed.

    Attributes:
      model_fn: Where the model_fn is defined.
      name: Its name.
      calls: The call of the model_fn in each mode.
      formulas: The ledger's formula in each mode.
      terms: The ledger's terms of the loss in TRAIN.
      evaluation_terms: Those in EVAL.
      training: The optimizers.
      params: The hyperparameters; None if they have no source form.
      closure: The values of names from functions around the model_fn.
      attributes: If the model_fn is a method, the plain attributes of its object, such as
        "self.units".
      literals: The source of module-level values that depend on the place of the file.
      feature_specs: The source of the nest of TensorSpecs of the features.
      has_labels: Whether the training input has labels.
      input_fns: The names of the input_fns by mode, the arguments of their calls, and their files.
      endless: Whether the training input has no end.
      loss_dtype: The dtype of the loss, such as "float32".
      border: Which functions are kept as they are.
      refused_modes: The errors that the model_fn raised in the modes that it refuses.
      label_specs: The source of the nest of TensorSpecs of the labels.
      param_attributes: The plain attributes of `params`, if it is an object such as HParams.
      flag_values: The source of the values of flags that are not their defaults.
      modules: The names of the user's modules by their files, installed packages' among them.
      own_modules: Those of the program itself, whose source is copied.
      objects: The source of the objects of the names from functions around the model_fn, and the
        imports that it needs.
      read_modules: Reads what kept modules need of TensorFlow 1.
      summaries: The summaries in TRAIN.
      export: What the program exports; None if it exports nothing.
      summary_steps: How many steps the Estimator makes between summaries.
      init_fns: The name and the source of a Scaffold's `init_fn`, by mode.
    """

    model_fn: Span
    name: str
    calls: Mapping[str, Call]
    formulas: Mapping[str, str]
    terms: Sequence[LossTerm]
    evaluation_terms: Sequence[LossTerm]
    training: TrainingFacts
    params: Any
    closure: Mapping[str, Any]
    attributes: Mapping[str, Any]
    literals: Mapping[str, str]
    feature_specs: str
    has_labels: bool
    input_fns: Mapping[str, tuple[str, str, str]]
    endless: bool
    loss_dtype: str
    border: Border = WHOLE
    refused_modes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    label_specs: str = "None"
    param_attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    flag_values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    modules: Mapping[str, str] = dataclasses.field(default_factory=dict)
    own_modules: Mapping[str, str] = dataclasses.field(default_factory=dict)
    objects: Mapping[str, tuple[str, tuple[str, ...]]] = dataclasses.field(default_factory=dict)
    read_modules: Callable[[Iterable[str], Iterable[str], str], KeptModules] | None = None
    summaries: tuple[SummaryFact, ...] = ()
    export: ExportFact | None = None
    summary_steps: int = 100
    init_fns: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)


def read(facts: RunFacts) -> Program:
    """Reads a program.

    Raises:
      Refusal: A part of it is not translated.
    """
    return _Reading(facts).run()


class _Reading:
    def __init__(self, facts: RunFacts) -> None:
        self.facts = facts
        self.file = source_files.load(facts.model_fn.file)
        self.aliases = copying.aliases(self.file)
        self.own = OwnModules({} if facts.border.is_kept else facts.own_modules)

    def run(self) -> Program:
        facts = self.facts
        flat = flattening.flatten(
            facts.model_fn,
            facts.calls,
            facts.attributes,
            tensors=loss_reading.tensors(facts.terms)
            | loss_reading.tensors(facts.evaluation_terms),
            border=facts.border,
        )
        self.flat = flat
        marks = summary_reading.mark(flat, facts.summaries)
        self._name_constants(flat)
        part = self._part(flat)
        self.names = loss_collections.names_for(flat)
        loss_collections.gather(flat, facts.terms, self.names)
        loss_collections.name_variables(
            flat, part.variables, self.names.variables, loss_reading.losses(facts.terms)
        )
        specs = self._without_penalties(spec_reading.specs(flat))
        tidying.tidy(flat.statements)
        tidying.open_dicts(flat.statements, list(flat.returned.values()))
        self._name_outputs(specs)
        self.wanted = wanted = self._wanted(specs)
        forward, marks = summary_reading.split(flat.statements, wanted, marks)
        self.outputs = forward.outputs
        loss, evaluation_loss = self._losses(specs, forward, part)
        known = (evaluation_loss or loss).known
        found, eval_body = self._metrics(specs, _with_known(forward.others, known))
        others = _with_known(forward.others, loss.known)
        rates, rate_function = self._rates()
        self.summaries = summary_reading.read(
            flat, marks, facts.summaries, others, forward, loss, facts.training, rates=rates,
            variables=self.names.variables,
        )  # fmt: skip
        predictions = self._predictions(specs, forward.others)
        if facts.border.is_kept:
            parts = (loss, evaluation_loss, predictions, found, eval_body)
            model = self._kept_model(forward, *parts)
        else:
            model = self._model(part, forward)
        self.export = export_reading.read(
            specs.get(PREDICT, {}), forward.others, facts.export, self._parameters, _lines
        )
        tables = tuple(f"{k} = {ast.unparse(v)}" for k, v in part.constants.items())
        self.tables = tuple(part.constants)
        unwritten = [mode for mode, (name, _, _) in facts.input_fns.items() if not name]
        shown = [self.summaries.function, self.export.function if self.export else None]
        copied = self._copied(
            tables, model, loss, evaluation_loss, predictions, found, eval_body, rates, shown
        )
        params = self._params(
            copied,
            tables,
            model,
            loss,
            evaluation_loss,
            predictions,
            found,
            eval_body,
            rates,
            shown,
        )
        return Program(
            source=facts.model_fn.file,
            model_fn=facts.name,
            formulas=facts.formulas,
            imports=(
                *copied.imports,
                *(["import types"] if "types.SimpleNamespace(" in params else []),
            ),
            copied=(
                *copied.parts,
                *tables,
                *part.classes,
                *map(inputs_to_write.source, unwritten),
            ),
            params=params,
            feature_specs=facts.feature_specs,
            label_specs=facts.label_specs,
            has_labels=facts.has_labels,
            input_fns={
                mode: f"{name or inputs_to_write.name(mode)}({arguments})"
                for mode, (name, arguments, _) in facts.input_fns.items()
            },
            endless=facts.endless,
            loss_dtype=facts.loss_dtype,
            model=model,
            predictions=predictions,
            loss=loss,
            evaluation_loss=evaluation_loss,
            metrics=found,
            eval_body=eval_body,
            training=facts.training,
            rates=rates,
            rate_function=rate_function,
            left_out=(*self._left_out(specs), *map(inputs_to_write.words, unwritten)),
            summaries=self.summaries,
            export=self.export,
            summary_steps=facts.summary_steps,
            comments=tuple(
                f"Not carried over: the Scaffold's init_fn of {mode.upper()}, `{name}`.\n{source}"
                for mode, (name, source) in facts.init_fns.items()
            ),
        )

    def _part(self, flat: Flattened) -> model_reading.ModelPart:
        """Reads the model: Keras layers, or the forward pass as it is."""
        if not self.facts.border.is_kept:
            averages = self.facts.training.averages
            return model_reading.read(
                flat, self.aliases, averages.names if averages is not None else None
            )
        aliases = [one for file in flat.files for one in copying.aliases(file)]
        kept_reading.mark(flat, aliases, self.facts.border.keep)
        made = kept_reading.read(flat, flat.statements, self.facts.border.keep)
        variables = {name: f"by_name[{name!r}]" for name in made.variables}
        return model_reading.ModelPart(
            [], {}, variables, list(made.trainable), flat.statements, {}, []
        )

    def _check_moved(self, moving: Iterable[str]) -> None:
        """Refuses moving averages that the program left where they were."""
        still = [name for name in moving if name not in self.facts.training.moved]
        if still:
            raise Refusal(
                f"`{still[0]}` never moves, because the train_op does not depend on UPDATE_OPS; "
                "put the train_op under tf.control_dependencies of them",
                path=self.file.path,
            )

    def _kept_model(self, forward: forward_reading.Forward, *parts: Any) -> Model:
        # What is kept runs in a tf.function, which runs each assignment.
        self._check_moved(self.facts.training.unmoved)
        assert self.facts.read_modules is not None
        return kept_program.KeptProgram(
            kept_reading.read(self.flat, forward.statements, self.facts.border.keep),
            forward,
            files=self.flat.files,
            modules=self.facts.modules,
            read_modules=self.facts.read_modules,
            objects={name.upper(): one for name, one in self.facts.objects.items()},
            others=_names_in(parts),
            modes=tuple(self.facts.calls),
            constants=["PARAMS", *(n.upper() for n in self.facts.closure), *self.flat.constants],
        ).model()

    def _without_penalties(
        self, specs: Mapping[str, Mapping[str, ast.expr]]
    ) -> dict[str, Mapping[str, ast.expr]]:
        """Puts a call of `regularization` in the place of what the source adds to the losses."""
        given = {mode: specs[mode]["loss"] for mode in (TRAIN, EVAL) if mode in specs}
        made = loss_collections.separate_penalties(self.flat, given, self.facts.terms, self.names)
        return {
            mode: {**spec, "loss": made[mode]} if mode in made else spec
            for mode, spec in specs.items()
        }

    def _losses(
        self,
        specs: Mapping[str, Mapping[str, ast.expr]],
        forward: forward_reading.Forward,
        part: model_reading.ModelPart,
    ) -> tuple[Loss, Loss | None]:
        """Returns the losses of TRAIN and of EVAL; None for that of EVAL if it is the same."""
        train = specs[TRAIN]["loss"]
        given = {TRAIN: train}
        if EVAL in specs and not loss_reading.is_same(forward.others, train, specs[EVAL]["loss"]):
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
                constants=self._constants(),
                mode=mode,
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
        return found[TRAIN], loss_reading.with_functions_of(found[EVAL], found[TRAIN])

    def _constants(self) -> dict[str, str]:
        """Returns the names of the hyperparameters that are fractions, by their numbers."""
        named = list(self._named_params().items())
        named += [(name.upper(), value) for name, value in self.facts.closure.items()]
        named += list(self.flat.constants.items())
        found: dict[str, list[str]] = {}
        for name, value in named:
            if isinstance(value, float):
                found.setdefault(str(np.float32(value)), []).append(name)
        return {number: names[0] for number, names in found.items() if len(names) == 1}

    def _named_params(self) -> dict[str, Any]:
        """Returns the hyperparameters by the expressions that read them."""
        params, attributes = self.facts.params, self.facts.param_attributes
        if isinstance(params, dict):
            return {f"PARAMS[{name!r}]": value for name, value in params.items()}
        return {f"PARAMS.{name}": value for name, value in attributes.items()}

    def _name_constants(self, flat: Flattened) -> None:
        """Names the hyperparameters as constants of the written module."""
        names = {"params": "PARAMS"} | {name: name.upper() for name in self.facts.closure}
        if self.facts.border.is_kept:
            names |= {name: name.upper() for name in self.facts.objects}

        own, files = self.own, flat.files
        variables = set().union(*(stores(one.node) for one in flat.statements))

        class Rename(ast.NodeTransformer):
            def visit_Name(self, node: ast.Name) -> ast.AST:
                if isinstance(node.ctx, ast.Load):
                    node.id = names.get(node.id, node.id)
                return node

            def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
                # `layers.gelu` of an own module is `gelu` of the written one.
                name = dotted(node)
                for file in files if name else ():
                    member = own.member(file, name)
                    if member is not None and member[2] == name:
                        if member[1] in variables:
                            reason = f"`{name}` has the name of a variable; rename one"
                            raise Refusal(reason, path=file.path, line=node.lineno)
                        return ast.copy_location(ast.Name(id=member[1], ctx=node.ctx), node)
                return self.generic_visit(node)

        for statement in flat.statements:
            Rename().visit(statement.node)
        for node in flat.returned.values():
            Rename().visit(node)

    def _name_outputs(self, specs: dict[str, Mapping[str, ast.expr]]) -> None:
        """Gives names to predictions and losses that the model computes where they are returned."""
        for mode, spec in specs.items():
            key = "predictions" if mode == PREDICT else "loss"
            value = spec.get(key)
            if value is None or not forward_reading.uses_model(value):
                continue
            values = value.values if isinstance(value, ast.Dict) else [value]
            keys = value.keys if isinstance(value, ast.Dict) else [ast.Constant(key)]
            for index, (named, one) in enumerate(zip(keys, values, strict=True)):
                if not forward_reading.uses_model(one):
                    continue
                taken = {n for s in self.flat.statements for n in stores(s.node) | loads(s.node)}
                word = str(named.value) if isinstance(named, ast.Constant) else key
                name = unique(re.sub(r"\W", "_", word) or key, taken)
                new = ast.Assign(
                    targets=[ast.Name(id=name, ctx=ast.Store())], value=one, lineno=value.lineno
                )
                self.flat.statements.append(Statement(new, frozenset((mode,))))
                read = ast.Name(id=name, ctx=ast.Load())
                if isinstance(value, ast.Dict):
                    value.values[index] = read
                else:
                    specs[mode] = {**spec, key: read}

    def _wanted(self, specs: Mapping[str, Mapping[str, ast.expr]]) -> dict[str, set[str]]:
        wanted: dict[str, set[str]] = {}
        for mode, spec in specs.items():
            read = set()
            if mode == PREDICT:
                read |= loads(spec.get("predictions"))
            else:
                read |= loads(spec["loss"])
            if mode == EVAL:
                read |= loads(spec.get("eval_metric_ops"))
            wanted[mode] = read
        return wanted

    def _model(self, part: model_reading.ModelPart, forward: forward_reading.Forward) -> Model:
        self._check_moved(part.moving)
        training = self.facts.training
        for name in training.weights:
            if name not in part.variables and name not in training.without_gradient:
                raise Refusal(
                    f"the weight `{name}` is made in a way that is not translated",
                    path=self.file.path,
                )
        unknown = [name for name in self.facts.training.moved if name not in part.moving]
        if unknown:
            raise Refusal(
                f"the train_op assigns the variable {unknown[0]}, which is not translated; "
                "expected optimizers, moving averages of weights and those of batch "
                "normalization; leave it out, and add it in the file that is written",
                path=self.file.path,
            )
        init: list[str] = []
        for name, value in part.definitions.items():
            init.append(
                f"def {name}() -> keras.initializers.Initializer:\n"
                "    # Made anew for each weight: one would give them all the same numbers.\n"
                f"    return {ast.unparse(value)}"
            )
        for attribute in part.attributes:
            made = ast.unparse(ast.fix_missing_locations(attribute.value))
            if attribute.loop is not None:
                target, iterated = ast.unparse(attribute.loop.target), attribute.loop.iter
                made = f"[{made} for {target} in {ast.unparse(iterated)}]"
            init.append(f"self.{attribute.name} = {made}")
        return Model(
            init=tuple(init),
            body=mode_conditions.lines(
                forward.statements, self.wanted, forward.outputs, self.file.path
            ),
            outputs=forward.outputs,
            variables=part.variables,
            state=tuple(name for name in part.variables if name not in part.trainable),
            methods=tuple(part.methods),
            functions=tuple(dict.fromkeys(part.functions)),
        )

    def _predictions(
        self, specs: Mapping[str, Mapping[str, ast.expr]], others: list[Statement]
    ) -> Function | None:
        spec = specs.get(PREDICT)
        if spec is None or "predictions" not in spec:
            return None
        value = spec["predictions"]
        needed, _ = needed_for(others, loads(value), PREDICT)
        last = needed[-1] if needed else None
        if (
            last is not None
            and isinstance(value, ast.Name)
            and isinstance(last.node, ast.Assign)
            and ast.unparse(last.node.targets[0]) == value.id
        ):
            value, needed = last.node.value, needed[:-1]
        return Function(
            name="predictions",
            parameters=self._parameters(needed, value),
            body=tuple(_lines(needed)),
            returns=ast.unparse(value),
        )

    def _parameters(self, needed: list[Statement], *values: ast.expr) -> tuple[str, ...]:
        every = set().union(*(loads(one) for one in values), *(loads(s.node) for s in needed))
        names = every - set().union(*(stores(one.node) for one in needed), set())
        return tuple(name for name in ("labels", *self.outputs, "features") if name in names)

    def _metrics(
        self,
        specs: Mapping[str, Mapping[str, ast.expr]],
        others: list[Statement],
    ) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
        spec = specs.get(EVAL)
        value = spec.get("eval_metric_ops") if spec else None
        if value is None:
            return (), ()
        for _ in range(5):
            if isinstance(value, ast.Name):
                value = spec_reading.assigned(others, value.id, EVAL)
        if isinstance(value, ast.Constant) and value.value is None:
            return (), ()
        if not isinstance(value, ast.Dict):
            raise Refusal(
                f"eval_metric_ops is {ast.unparse(value) if value else 'made elsewhere'}; a dict "
                "written out is translated",
                path=self.file.path,
                line=getattr(value, "lineno", 0),
            )
        found, reading = [], MetricReading(self.flat, self.file.path)
        for key, one in zip(value.keys, value.values, strict=True):
            if not isinstance(key, ast.Constant):
                raise refuse(one, self.file.path, "a metric's name is computed")
            found.append(reading.read(str(key.value), one))
        read = set().union(*(loads(parse(v)) for one in found for v in one.values), set())
        needed, _ = needed_for(others, read, EVAL)
        lines = tuple(self._with_own_variables(one) for one in _lines(needed))
        return tuple(found), lines

    def _with_own_variables(self, text: str) -> str:
        """Returns source of a method, where the variables are an attribute."""
        return re.sub(rf"(?<![\w.]){self.names.variables}(?=[\[)])", "self.variables", text)

    def _rates(self) -> tuple[tuple[str, ...], str]:
        """Returns the rate of each optimizer, and the body of `learning_rate`."""
        sources = [one.rate for one in self.facts.training.optimizers]
        schedules = [one for one in sources if "step" in one]
        if len(set(schedules)) > 1:
            raise Refusal("the optimizers have different schedules")
        named = [self._named_rate(one) for one in sources]
        return (
            tuple(
                "rate" if "step" in one else name for one, name in zip(sources, named, strict=True)
            ),
            schedules[0] if schedules else "",
        )

    def _named_rate(self, rate: str) -> str:
        """Returns the expression of the source for a constant rate, if it has one."""
        for name, value in self._named_params().items():
            if isinstance(value, float) and str(value) == rate:
                return name
        for name, value in self.facts.closure.items():
            if isinstance(value, float) and str(value) == rate:
                return name.upper()
        return rate

    def _check_names(self, text: str) -> None:
        """Refuses names of TensorFlow 1 that TF2 does not have."""
        for node in ast.walk(ast.parse(text)):
            name = dotted(node) if isinstance(node, ast.Attribute) else ""
            if functions.is_absent(name):
                lines = [
                    number
                    for number, line in enumerate(self.file.text.splitlines(), 1)
                    if name.removeprefix("tf.") in line
                ]
                raise Refusal(
                    f"`{name}` has no form in TF2 that is translated",
                    path=self.file.path,
                    line=lines[0] if lines else 0,
                )

    def _copied(self, *parts: Any) -> copying.Copied:
        """Copies the constants and functions that the parts and the inputs need."""
        text = "\n".join(_texts(parts))
        read = {
            node.id
            for tree in [ast.parse(text)]
            for node in ast.walk(tree)
            if isinstance(node, ast.Name)
        }
        self._check_names(text)
        gone = ("tensorflow.contrib", "tf_slim", "tensorflow.python", "tensorflow_estimator")
        known = ["PARAMS", "tf", "keras", *(n.upper() for n in self.facts.closure)]
        known += [*self.flat.constants, *self.tables, *(n.upper() for n in self.facts.objects)]
        inputs = [(name, path) for name, _, path in self.facts.input_fns.values() if name]
        found = copying.copy_of(
            [(file, name) for name in sorted(read) for file in self._defining(name)]
            + [(source_files.load(path), name) for name, path in inputs],
            known=known,
            literals=dict(self.facts.literals),
            own=self.own,
            flags=copying.flags_read(text),
            flag_values=self.facts.flag_values,
        )
        for one in found.imports:
            if any(name in one for name in gone):
                raise Refusal(
                    f"a part of the model_fn needs `{one}`, and what it uses of that has no "
                    "translation; expected functions that TF2 has; write it with those",
                    path=self.file.path,
                )
        return found

    def _defining(self, name: str) -> list[SourceFile]:
        """Returns the file that defines a name, among those whose functions the model has."""
        found = {}
        for file in self.flat.files:
            origin = self.own.origin(file, name)
            if origin is not None:
                found[origin[0].path, origin[1]] = file
            elif any(name in copying.imported(node) for node in file.tree.body):
                found.setdefault(("", name), file)
        if len(found) > 1:
            paths = " and ".join(sorted(path or "an import" for path, _ in found))
            raise Refusal(f"`{name}` is one thing in {paths}, and another there; rename one")
        return list(found.values())

    def _params(self, *parts: Any) -> str:
        lines = []
        text = "\n".join(_texts(parts)) + "".join(
            f" {arguments}" for _, arguments, _ in self.facts.input_fns.values()
        )
        text += "".join("\n".join(one.body) for one in parts if isinstance(one, Model))
        if "PARAMS" in text:
            lines.append(self._params_source(text))
        for name, value in self.facts.closure.items():
            if re.search(rf"\b{name.upper()}\b", text):
                lines.append(f"{name.upper()} = {value!r}")
        lines += [f"{k} = {v!r}" for k, v in self.flat.constants.items() if k in text]
        return "\n".join(lines)

    def _params_source(self, text: str) -> str:
        attributes = self.facts.param_attributes
        if not attributes:
            return f"PARAMS: dict[str, Any] = {_source(self._plain_params(text))}"
        read = set(re.findall(r"\bPARAMS\.(\w+)", text))
        if not read <= set(attributes) or "PARAMS[" in text:
            raise Refusal(
                "`params` is an object of which more is read than plain attributes: "
                f"{', '.join(sorted(read - set(attributes))) or 'elements'}; pass a dict"
            )
        given = ", ".join(f"{name}={value!r}" for name, value in attributes.items())
        return f"PARAMS = types.SimpleNamespace({given})"

    def _plain_params(self, text: str) -> Any:
        """Returns the hyperparameters with a source form; the text must not read the others."""
        params = self.facts.params
        if is_plain(params):
            return params
        given = params.items() if isinstance(params, dict) else ()
        plain = {k: v for k, v in given if is_plain(v) or _is_dtype(v)}
        read = set(re.findall(r"PARAMS\[(['\"])(.*?)\1\]", text))
        missing = sorted({name for _, name in read} - set(plain))
        if missing or not isinstance(params, dict):
            raise Refusal(
                f"`params` has values without a source form, such as objects: {', '.join(missing)}"
            )
        return plain

    def _left_out(self, specs: Mapping[str, Mapping[str, ast.expr]]) -> tuple[str, ...]:
        """Returns the hooks, host calls and summaries of the model_fn, in words."""
        found = []
        for mode, spec in specs.items():
            for name, value in spec.items():
                if (name.endswith("hooks") or name == "host_call") and not is_none(value):
                    found.append(f"{name} of {mode.upper()}: {ast.unparse(value)}")
        for mode, (name, _) in self.facts.init_fns.items():
            found.append(f"init_fn of {mode.upper()}: `{name}`, which stands below as a comment")
        for mode, error in self.facts.refused_modes.items():
            found.append(f"{mode.upper()}, which the model_fn refuses: {error}")
        names = {one.name for one in self.facts.summaries}
        for call in self.facts.calls[TRAIN].walk():
            if call.callee.api.startswith("tf.summary."):
                name = call.result.name if isinstance(call.result, TensorFact) else ""
                names.discard(name)
                if name in self.summaries.names:
                    continue
                tag = call.arguments.get("name")
                kind = call.callee.api.rpartition(".")[2]
                found.append(f"the {kind} summary {tag!r} (line {call.span.line})")
        found += [
            f"the summary {one.tag!r}, which a library makes"
            for one in self.facts.summaries
            if one.name in names
        ]
        if self.facts.export is not None and self.export is None:
            found.append("the exported signatures, whose outputs are made in another way")
        elif self.facts.export is not None and self.facts.export.is_left_out:
            found.append("the function of serving inputs: `export` takes the features")
        for statement in self.flat.statements:
            node = statement.node
            if (
                isinstance(node, ast.Expr)
                and not api_of(node.value, self.flat.facts).startswith(
                    ("tf.summary.", "tf.losses.")
                )
                and (statement.refusal is not None or not stores(node))
                and ".update_state(" not in ast.unparse(node)
            ):
                found.append(f"`{ast.unparse(node)}` (line {node.lineno})")
        return tuple(dict.fromkeys(found))


def _names_in(parts: Sequence[Any]) -> set[str]:
    """Returns the names that the source in values reads."""
    tree = ast.parse("\n".join(_texts(parts)))
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def _is_dtype(value: Any) -> bool:
    return isinstance(value, Unknown) and value.description.startswith("tf.")


def _source(params: Any) -> str:
    """Returns the source of hyperparameters, dtypes among them."""
    if not isinstance(params, dict):
        return repr(params)
    pairs = [f"{k!r}: {v.description if _is_dtype(v) else repr(v)}" for k, v in params.items()]
    return f"{{{', '.join(pairs)}}}"


def _with_known(statements: list[Statement], known: Mapping[str, str]) -> list[Statement]:
    """Returns the statements of EVAL's metrics, in which the losses are known already."""
    made: list[Statement] = []
    for statement in statements:
        names = stores(statement.node)
        if len(names) == 1 and names <= set(known):
            [old] = names
            writes = [one for one in statements if old in stores(one.node)]
            if len(writes) == 1 and isinstance(statement.node, ast.Assign):
                new = ast.parse(f"{old} = {known[old]}").body[0]
                if old != known[old]:
                    made.append(Statement(new, statement.modes))
                continue
        made.append(statement)
    return made


def _texts(parts: Sequence[Any]) -> list[str]:
    """Returns all source in values."""
    found: list[str] = []
    for one in parts:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Function):
            found += [*one.body, one.returns]
        elif isinstance(one, Loss):
            found += _texts([*one.terms, one.regularization, one.body, one.loss])
        elif isinstance(one, TermPart):
            found += _texts([one.per_example, one.reduce, one.weights])
        elif isinstance(one, Model):
            body = one.body if one.kept is None else ()
            found += [*one.init, *body, *one.methods, *one.functions]
        elif isinstance(one, Metric):
            found += [one.make, *one.values, one.definition]
        elif isinstance(one, copying.Copied):
            found += one.parts
        elif isinstance(one, model_reading.ModelPart):
            continue
        elif isinstance(one, tuple | list):
            found += _texts(list(one))
    return found


def _lines(statements: Sequence[Statement]) -> list[str]:
    """Returns the source of statements, with their comments."""
    return ["\n".join([*one.comments, *source_of([one.node])]) for one in statements]

"""The loop: its variables, training, predictions and legacy checkpoints."""

from collections.abc import Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Program
from migrate.translating.optimizer_rows import optimizer_row
from migrate.translating.sections import initialization, replicas
from migrate.translating.sections.averages import init_lines, model_name, shared_lines
from migrate.translating.sections.evaluation import evaluation_source
from migrate.translating.sections.export import export_source
from migrate.translating.sections.optimizers import attributes, construction
from migrate.translating.sections.source_text import indented, model_call
from migrate.translating.sections.training import train_step_source, train_steps_source
from migrate.translating.training_facts import OptimizerFact


def loop_source(program: Program) -> str:
    """Returns the class `Loop`, and the function that makes an empty batch."""
    return "\n\n".join(
        [
            _loop_init(program),
            train_step_source(program),
            train_steps_source(program),
            evaluation_source(program),
        ]
        + ([_predict(program)] if program.predictions else [])
        + ([export_source(program)] if program.export is not None else [])
        + ([initialization.method_source(program)] if program.initialized else [])
        + [_restore(program)]
    )


def _loop_init(program: Program) -> str:
    model, training = program.model, program.training
    trained = [name for name in training.weights if name not in training.without_gradient]
    if model.is_empty:
        lines = []
    elif model.kept is not None:
        lines = _kept_weights(program)
    else:
        lines = _own_weights(program, trained)
    if any("FLAGS" in one for one in program.copied):
        lines = [
            "if not flags.FLAGS.is_parsed():",
            "    flags.FLAGS.mark_as_parsed()  # imported: the flags have their defaults",
            *lines,
        ]
    named = ["**self.weights,"]
    single = len(training.optimizers) == 1
    for fact, attribute in zip(training.optimizers, attributes(training.optimizers), strict=True):
        row = optimizer_row(fact.kernel)
        if single:
            weights = "self.weights" if row.takes_names else "list(self.weights.values())"
        else:
            ordered = [name for name in trained if name in fact.weights]
            names = _names(ordered, [name for name in trained if name not in ordered])
            lines.append(f"self.{attribute}_names = {names}")
            weights = f"[self.weights[name] for name in self.{attribute}_names]"
        lines.append(f"self.{attribute} = {construction(fact, weights)}")
        names = "self.weights" if single else f"self.{attribute}_names"
        named += _slots(fact, names, f"self.{attribute}")
        for legacy, power in row.powers.items():
            named.append(f'"{fact.powers.get(legacy, legacy)}": self.{attribute}.{power},')
    made, average_names = init_lines(program)
    lines += made
    named += average_names
    if model.kept is not None:
        named.insert(0, "**by_name,")
        named.remove("**self.weights,")
    elif model.is_empty:
        named.remove("**self.weights,")
    else:
        named += [f'"{name}": model.{model.variables[name]}.value,' for name in model.state]
        others = [n for n in training.without_gradient if n in model.variables]
        named += [f'"{name}": model.{model.variables[name]}.value,' for name in others]
    named.append('"global_step": self.global_step,')
    step = "tf.Variable(0, dtype=tf.int64)" if model.kept is None else "model.tf1.global_step"
    step = replicas.STEP if program.is_distributed else step
    lines.append(f"self.global_step = {step}")
    lines.append("self.variables = {")
    lines += [f"    {one}" for one in named]
    lines.append("}")
    return f'''\
class Loop:
    """Trains, evaluates and predicts.

    Attributes:
      variables: By the names that they have in an Estimator's checkpoint.
    """

    def __init__(self) -> None:
{indented(chr(10).join(lines), 2)}'''


def _own_weights(program: Program, trained: Sequence[str]) -> list[str]:
    """Returns the lines that make the variables of the Keras layers."""
    variables = program.model.variables
    return [
        *([replicas.STRATEGY] if program.is_distributed else []),
        "self.model = model = Model()",
        "# A trace makes the weights, without data.",
        "tf.function(model).get_concrete_function(FEATURES)",
        "self.weights = {",
        *(f'    "{name}": model.{variables[name]}.value,' for name in trained),
        "}",
    ]


def _kept_weights(program: Program) -> list[str]:
    """Returns the lines that make the variables of a forward pass that is kept."""
    kept, without = program.model.kept, program.training.without_gradient
    assert kept is not None
    labels = ", LABELS" if kept.takes_labels else ""
    how = f'mode="{ModeKeys.TRAIN}"' if kept.takes_mode else "training=True"
    condition = f" and name not in {without!r}" if without else ""
    return [
        "self.model = model = Model()",
        "# A trace makes the variables, without data.",
        "traced = tf.function(model, autograph=False)",
        f"traced.get_concrete_function(FEATURES{labels}, {how})",
        "by_name = model.tf1.by_name",
        "self.weights = {",
        f"    name: one for name, one in by_name.items() if one.trainable{condition}",
        "}",
    ]


def _names(ordered: Sequence[str], others: Sequence[str]) -> str:
    """Returns the source of a list of weights: those of a scope, if that is what they are."""
    scope = f"{ordered[0].partition('/')[0]}/"
    if all(one.startswith(scope) for one in ordered) and not any(
        one.startswith(scope) for one in others
    ):
        return f"[name for name in self.weights if name.startswith({scope!r})]"
    return repr(list(ordered))


def _slots(fact: OptimizerFact, names: str, optimizer: str) -> list[str]:
    """Returns the items of `variables` for the slots of an optimizer."""
    row = optimizer_row(fact.kernel)
    found = list(zip(fact.ends or row.slots, row.slots.values(), strict=True))
    scope = fact.scope
    if len(found) == 1:
        [(end, slot)] = found
        pairs = f"zip({names}, {optimizer}.{slot}, strict=True)"
        return [f'**{{f"{scope}{{name}}/{end}": slot for name, slot in {pairs}}},']
    if not found:
        return []
    slots = ", ".join(f'("{end}", {optimizer}.{slot})' for end, slot in found)
    return [
        f'**{{f"{scope}{{name}}/{{end}}": slot '
        f"for end, slots in [{slots}] for name, slot in zip({names}, slots, strict=True)}},"
    ]


def _predict(program: Program) -> str:
    assert program.predictions is not None
    arguments = ", ".join(program.predictions.parameters)
    lines = [
        *shared_lines(program, ModeKeys.PREDICT),
        model_call(program, ModeKeys.PREDICT, model_name(program, ModeKeys.PREDICT)),
    ]
    return f'''\
    @tf.function
    def predict_step(self, features: Any) -> Any:
{indented(chr(10).join(lines), 2)}
        return {program.predictions.name}({arguments})

    def predict(self, dataset: tf.data.Dataset) -> Iterator[Any]:
        """Yields the predictions for each batch; labels in the input are left alone."""
        for batch in dataset:
            yield self.predict_step(batch[0] if isinstance(batch, tuple) else batch)'''


def _restore(program: Program) -> str:
    """Returns `restore_legacy`."""
    names = program.canned.checkpoint_names if program.canned is not None else {}
    return _RESTORE.replace("(name)", "(CHECKPOINT_NAMES.get(name, name))") if names else _RESTORE


def checkpoint_names_source(program: Program) -> str:
    """Returns the names that a canned Estimator's checkpoints have for slots; "" for none."""
    names = program.canned.checkpoint_names if program.canned is not None else {}
    return f"CHECKPOINT_NAMES = {dict(names)!r}" if names else ""


_RESTORE = '''\
    def restore_legacy(self, path: str) -> None:
        """Takes the values of an Estimator's checkpoint, slots and step included."""
        reader = tf.train.load_checkpoint(path)
        for name, variable in self.variables.items():
            variable.assign(reader.get_tensor(name))'''

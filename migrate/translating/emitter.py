"""Writes the module of a translated program."""

import ast
import os
import textwrap
from collections.abc import Iterable, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import optimizers
from migrate.translating.ir import Function, Program
from migrate.translating.program_reading import optimizer_row
from migrate.translating.source_reader.statements import stores
from migrate.translating.training_facts import OptimizerFact


def emit(program: Program, *, keras: str = "keras", proof: str = "") -> str:
    """Returns the source of the module, not formatted yet.

    Args:
      program: The program.
      keras: The package that the module imports: "keras" or "tf_keras".
      proof: What a verification found, for the docstring; "" for none.
    """
    first = next((i for i, one in enumerate(program.copied) if _is_definition(one)), None)
    constants, definitions = program.copied[:first], program.copied[first:] if first else ()
    if first == 0:
        constants, definitions = (), program.copied
    parts = [
        _docstring(program, proof),
        _imports(program),
        _FLAGS,
        "\n".join(one for one in (program.params, *constants) if one),
        *definitions,
        f"FEATURES = {program.feature_specs}",
        _model(program),
        *([_function(program.predictions, _PREDICTIONS_DOC)] if program.predictions else []),
        _loss(program),
        _rate(program),
        *_optimizers(program),
        *dict.fromkeys(one.definition.rstrip() for one in program.metrics if one.definition),
        _loop(program),
        _train(program),
        _main(program),
    ]
    text = "\n\n\n".join(part for part in parts if part) + "\n"
    if keras == "tf_keras":
        # Its variables are tf.Variables themselves.
        text = text.replace("import keras\n", "import tf_keras as keras\n").replace(
            ".value,\n", ",\n"
        )
    return text


def _is_definition(source: str) -> bool:
    return "\ndef " in f"\n{source}" or "\nclass " in f"\n{source}"


_PREDICTIONS_DOC = "Returns what PREDICT returned."
_FLAGS = """\
MODEL_DIR = flags.DEFINE_string(
    "model_dir", None, "Where checkpoints and summaries go.", required=True
)
WARM_START_FROM = flags.DEFINE_string(
    "warm_start_from", None, "An Estimator's checkpoint to begin from."
)
STEPS = flags.DEFINE_integer("steps", 1000, "How many steps to train, fewer if the input ends.")
STEPS_PER_LOOP = flags.DEFINE_integer(
    "steps_per_loop", 100, "How many steps to make in one graph."
)"""


def _indented(text: str, levels: int = 1) -> str:
    return textwrap.indent(text, "    " * levels)


def _docstring(program: Program, proof: str) -> str:
    lines = [
        f"The TF2 training loop of `{program.model_fn}` in {os.path.basename(program.source)}.",
        "",
    ]
    formulas = dict(program.formulas)
    if len(set(formulas.values())) == 1:
        lines += ["The loss of TRAIN and EVAL:", "", f"    loss = {next(iter(formulas.values()))}"]
    else:
        lines += ["The loss:", ""]
        lines += [f"    {mode.upper():5} loss = {text}" for mode, text in formulas.items()]
    lines += ["", f"    reduction     {program.loss.reduce_words}"]
    for fact, rate in zip(program.training.optimizers, program.rates, strict=True):
        row = optimizer_row(fact.kernel)
        shown = "learning_rate(step)" if rate == "rate" else rate
        lines.append(f"    optimizer     {row.name}, rate {shown}")
    if program.training.clip_norm is not None:
        lines.append(
            f"    gradients     clipped to a global norm of {program.training.clip_norm:g}"
        )
    if program.model.state:
        lines.append(f"    state         {', '.join(program.model.state)}")
    if program.left_out:
        lines += ["", "Not carried over:", ""]
        lines += [f"    {one}" for one in program.left_out]
    if proof:
        lines += ["", proof]
    text = "\n".join(_wrapped(lines))
    return f'"""{text}\n"""'


def _wrapped(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        deeper = indent + (" " * 14 if indent and "     " in line.strip() else "    ")
        found += textwrap.wrap(line, 98, subsequent_indent=deeper) or [""]
    return found


def _imports(program: Program) -> str:
    own = set(program.imports) - {"import tensorflow as tf", "import keras"}
    standard = ["from collections.abc import Iterator", "from typing import Any"]
    rest = ["import keras", "import tensorflow as tf", "from absl import app, flags"]
    return "\n".join([*standard, *sorted(own), *rest])


def _signature(function: Function, returns: str) -> str:
    parameters = ", ".join(f"{name}: {_type(name)}" for name in function.parameters)
    return f"def {function.name}({parameters}) -> {returns}:"


def _type(name: str) -> str:
    if name.rstrip("_") == "variables":
        return _VARIABLES
    return "Any" if name in ("features", "labels") else "tf.Tensor"


def _function(function: Function, doc: str, returns: str = "Any") -> str:
    lines = [_signature(function, returns), _indented(f'"""{doc}"""')]
    lines += [_indented(line) for line in function.body]
    lines.append(_indented(f"return {function.returns}"))
    return "\n".join(lines)


def _model(program: Program) -> str:
    model = program.model
    # Keras would cast what is not float32.
    cast = any(
        f"tf.{name})" in program.feature_specs for name in ("float64", "float16", "bfloat16")
    )
    init = "\n".join([f"super().__init__({'autocast=False' if cast else ''})", *model.init])
    body = list(model.body)
    returned = ", ".join(model.outputs)
    last = body[-1] if body else ""
    if len(model.outputs) == 1 and last.startswith(f"{returned} = ") and "\n" not in last:
        body[-1] = f"return {last.removeprefix(f'{returned} = ')}"
    else:
        body.append(f"return {returned}")
    what = "Any" if len(model.outputs) != 1 else "tf.Tensor"
    methods = "".join(f"\n\n{_indented(one)}" for one in model.methods)
    functions = "".join(f"{one}\n\n\n" for one in model.functions)
    return f'''\
{functions}class Model(keras.Model):
    """The forward pass: from the features to {_and(model.outputs)}."""

    def __init__(self) -> None:
{_indented(init, 2)}

    def call(self, features: Any, training: bool = False) -> {what}:
{_indented(chr(10).join(body), 2)}{methods}'''


def _and(names: Sequence[str]) -> str:
    return f"`{names[0]}`" if len(names) == 1 else ", ".join(f"`{one}`" for one in names)


def _loss(program: Program) -> str:
    loss = program.loss
    parts: list[str] = []
    for index, term in enumerate(loss.terms):
        if term.per_example in [one.per_example for one in loss.terms[:index]]:
            continue
        parts.append(_function(term.per_example, f"{term.per_example_words}.", "tf.Tensor"))
        if term.reduce is not None:
            parts.append(_function(term.reduce, f"{term.reduce_words}.", "tf.Tensor"))
    if loss.regularization is not None:
        parts.append(_function(loss.regularization, f"{loss.regularization_words}.", "tf.Tensor"))
    return "\n\n\n".join([*parts, _compute_loss(program)])


def _compute_loss(program: Program) -> str:
    loss = program.loss
    outputs = "".join(f", {one}: tf.Tensor" for one in program.model.outputs)
    variables = f", {loss.variables}: {_VARIABLES}" if loss.variables else ""
    several = len(loss.terms) > 1
    returns = "tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]"
    what = "the loss, and for each term the losses of the examples and their weights"
    lines = [*loss.body]
    if several:
        lines += ["terms = {"]
        for one in loss.terms:
            weights = one.weights or f"tf.ones_like({one.losses})"
            lines.append(f"    {one.name!r}: ({one.losses}, {weights}),")
        lines += ["}", f"return {loss.loss}, terms"]
    else:
        [term] = loss.terms
        results = [loss.loss, term.losses, *([term.weights] if term.weights else [])]
        if not term.losses.isidentifier() or loss.loss != "loss":
            lines.append(f"loss = {loss.loss}")
            results[0] = "loss"
        lines.append(f"return {', '.join(results)}")
        returns = f"tuple[{', '.join(['tf.Tensor'] * len(results))}]"
        what = "the loss, the losses of the examples" + (
            ", and their weights" if term.weights else ""
        )
        what = what if term.weights else what.replace(", the losses", " and the losses")
    return f'''\
def compute_loss(features: Any, labels: Any{outputs}{variables}) -> {returns}:
    """Returns {what}.

    A further term is added here.
    """
{_indented(chr(10).join(lines))}'''


_VARIABLES = "dict[str, tf.Variable]"


def _results(program: Program) -> str:
    """Returns the names for what `compute_loss` returns besides the loss."""
    if len(program.loss.terms) > 1:
        return "terms"
    return "losses, weights" if program.loss.terms[0].weights else "losses"


def _rate(program: Program) -> str:
    if not program.rate_function:
        return ""
    return f'''\
def learning_rate(step: tf.Variable) -> tf.Tensor:
    """The learning rate at a global step."""
    return {program.rate_function}'''


def _optimizers(program: Program) -> list[str]:
    """Returns the classes of the optimizers, and what they call."""
    sources: dict[str, str] = {}
    for fact in program.training.optimizers:
        row = optimizer_row(fact.kernel)
        if row.has_row_kernel and fact.sparse:
            sources["summed"] = optimizers.SUMMED
            sources[row.name] = optimizers.with_rows(row)
        else:
            sources.setdefault(row.name, row.source)
    return [source.rstrip() for source in sources.values()]


def _make(fact: OptimizerFact, weights: str) -> str:
    row = optimizer_row(fact.kernel)
    usual = optimizers.defaults(row)
    arguments = [weights]
    for name, source in row.hyperparameters.items():
        value = fact.hyperparameters.get(source)
        if value is not None and value != usual.get(name, object()):
            arguments.append(f"{name}={value!r}")
    return f"{row.name}({', '.join(arguments)})"


def _loop(program: Program) -> str:
    return "\n\n".join(
        [_loop_init(program), _train_step(program), _train_steps(program), _evaluate(program)]
        + ([_predict(program)] if program.predictions else [])
        + [_RESTORE]
    )


_ZEROS = '''\
def _zeros(spec: tf.TensorSpec) -> tf.Tensor:
    """A batch of one example, with which the model makes its weights."""
    return tf.zeros([1 if size is None else size for size in spec.shape], spec.dtype)'''
_SPARSE_ZEROS = '''\
def _zeros(spec: tf.TensorSpec | tf.SparseTensorSpec) -> tf.Tensor | tf.SparseTensor:
    """A batch of one example, with which the model makes its weights."""
    zeros = tf.zeros([1 if size is None else size for size in spec.shape], spec.dtype)
    return tf.sparse.from_dense(zeros) if isinstance(spec, tf.SparseTensorSpec) else zeros'''


def _loop_init(program: Program) -> str:
    model, training = program.model, program.training
    trained = [name for name in training.weights if name not in training.without_gradient]
    lines = ["self.model = model = Model()", "model(tf.nest.map_structure(_zeros, FEATURES))"]
    lines.append("self.weights = {")
    lines += [f'    "{name}": model.{model.variables[name]}.value,' for name in trained]
    lines.append("}")
    named = ["**self.weights,"]
    single = len(training.optimizers) == 1
    for fact in training.optimizers:
        row = optimizer_row(fact.kernel)
        attribute = "optimizer" if single else f"{row.name.lower()}"
        if single:
            weights = "list(self.weights.values())"
        else:
            ordered = [name for name in trained if name in fact.weights]
            lines.append(f"self.{attribute}_names = {ordered!r}")
            weights = f"[self.weights[name] for name in self.{attribute}_names]"
        lines.append(f"self.{attribute} = {_make(fact, weights)}")
        names = "self.weights" if single else f"self.{attribute}_names"
        for end, slot in row.slots.items():
            named.append(
                f'**{{f"{{name}}/{end}": slot for name, slot in '
                f"zip({names}, self.{attribute}.{slot}, strict=True)}},"
            )
        for legacy, power in row.powers.items():
            named.append(f'"{legacy}": self.{attribute}.{power},')
    named += [f'"{name}": model.{model.variables[name]}.value,' for name in model.state]
    others = [n for n in training.without_gradient if n in model.variables]
    named += [f'"{name}": model.{model.variables[name]}.value,' for name in others]
    named.append('"global_step": self.global_step,')
    lines.append("self.global_step = tf.Variable(0, dtype=tf.int64)")
    lines.append("self.variables = {")
    lines += [f"    {one}" for one in named]
    lines.append("}")
    return f'''\
{_SPARSE_ZEROS if "tf.SparseTensorSpec" in program.feature_specs else _ZEROS}


class Loop:
    """Trains, evaluates and predicts.

    Attributes:
      variables: By the names that they have in an Estimator's checkpoint.
    """

    def __init__(self) -> None:
{_indented(chr(10).join(lines), 2)}'''


def _call_model(program: Program, training: bool) -> str:
    outputs = ", ".join(program.model.outputs)
    return f"{outputs} = self.model(features, training={training})"


def _compute(program: Program) -> str:
    arguments = ["features", "labels", *program.model.outputs]
    if program.loss.variables:
        arguments.append("self.variables")
    return f"compute_loss({', '.join(arguments)})"


def _train_step(program: Program) -> str:
    training = program.training
    values = "list(gradients.values())"
    results = _results(program)
    lines = [f"loss, {results}, gradients = self.differentiate(features, labels)"]
    if training.clip_norm is not None:
        norm = repr(training.clip_norm)
        lines.append(f"clipped, _ = tf.clip_by_global_norm({values}, clip_norm={norm})")
        values = "clipped"
    if program.rate_function:
        lines.append("rate = learning_rate(self.global_step)")
    if len(training.optimizers) == 1:
        lines.append(f"self.optimizer.apply({values}, {program.rates[0]})")
    else:
        if values == "clipped":
            lines.append("gradients = dict(zip(gradients, clipped, strict=True))")
        for fact, rate in zip(training.optimizers, program.rates, strict=True):
            name = optimizer_row(fact.kernel).name.lower()
            lines.append(
                f"self.{name}.apply([gradients[name] for name in self.{name}_names], {rate})"
            )
    lines.append("self.global_step.assign_add(1)")
    labels = "labels: Any" if program.has_labels else "labels: Any = None"
    what = {"terms": "and, for each term, the losses of the examples and their weights"}.get(
        results, "the losses of the examples" + (", their weights" if "weights" in results else "")
    )
    return f'''\
    def differentiate(self, features: Any, {labels}) -> tuple[Any, ...]:
        """Returns the loss, {what}, and the gradients."""
        with tf.GradientTape() as tape:
            {_call_model(program, True)}
            loss, {results} = {_compute(program)}
        return loss, {results}, tape.gradient(loss, self.weights)

    def gradients(self, features: Any, {labels}) -> dict[str, Any]:
        """Returns the gradients of the loss, not clipped, by the names of the weights."""
        *_, gradients = self.differentiate(features, labels)
        return dict(gradients)

    @tf.function
    def train_step(self, features: Any, {labels}) -> dict[str, tf.Tensor]:
{_indented(chr(10).join(lines), 2)}
{_indented(_step_result(program), 2)}'''


_AVERAGE = "tf.math.divide_no_nan(tf.reduce_sum(losses * weights), tf.reduce_sum(weights))"


def _step_result(program: Program) -> str:
    results = _results(program)
    if results == "terms":
        return f"""\
result = {{"loss": loss}}
for name, (losses, weights) in terms.items():
    result[f"loss_per_example/{{name}}"] = losses
    result[f"average_loss/{{name}}"] = {_AVERAGE}
return result"""
    average = _AVERAGE if "weights" in results else "tf.reduce_mean(losses)"
    return f'return {{"loss": loss, "loss_per_example": losses, "average_loss": {average}}}'


def _train_steps(program: Program) -> str:
    step = "*next(batches)" if program.has_labels else "next(batches)"
    if program.endless:
        return f'''\
    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph; returns what the last one does."""
        for _ in tf.range(count - 1):
            self.train_step({step})
        result: dict[str, tf.Tensor] = self.train_step({step})
        return result'''
    batch = "features, labels" if program.has_labels else "features"
    tags = [f"/{one.name}" for one in program.loss.terms] if len(program.loss.terms) > 1 else [""]
    losses = [f"loss_per_example{tag}" for tag in tags]
    names = ["loss", *losses, *(f"average_loss{tag}" for tag in tags)]
    zeros = ", ".join(f'"{name}": {_zero(program)}' for name in names)
    shapes = ", ".join(f'"{name}": tf.TensorShape(None)' for name in names)
    return f'''\
    @tf.function
    def train_steps(self, batches: Iterator[Any], count: tf.Tensor) -> dict[str, tf.Tensor]:
        """Makes `count` steps in one graph, fewer if the input ends; returns the last one's values.

        `steps` is how many it made.
        """
        made, values = tf.constant(0), {{{zeros}}}
        for {batch} in batches:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(values, {{{shapes}}})]
            )
            values = self.train_step({batch})
            made += 1
            if made == count:
                break
        return {{**values, "steps": made}}'''


def _zero(program: Program) -> str:
    dtype = program.loss_dtype
    return "tf.constant(0.0)" if dtype == "float32" else f"tf.constant(0.0, tf.{dtype})"


def _evaluate(program: Program) -> str:
    results = _results(program)
    body = ast.parse("\n".join(program.eval_body))
    if "weights" in results and "weights" in stores(body):
        results = results.replace("weights", "loss_weights")
    lines = [
        _call_model(program, False),
        f"loss, {results} = {_compute(program)}",
        *program.eval_body,
    ]
    values, averages = ['"loss": (loss,),'], ["average_loss"]
    if results == "terms":
        values.append('**{f"average_loss/{name}": values for name, values in terms.items()},')
        averages = [f"average_loss/{one.name}" for one in program.loss.terms]
    else:
        values.append(f'"average_loss": ({results},),')
    for metric in program.metrics:
        comma = "," if len(metric.values) == 1 else ""
        values.append(f'"{metric.name}": ({", ".join(metric.values)}{comma}),')
    made = [f'"{name}": keras.metrics.Mean(),' for name in ("loss", *averages)]
    made += [f'"{metric.name}": {metric.make},' for metric in program.metrics]
    batch = "features, labels" if program.has_labels else "features"
    labels = "labels: Any" if program.has_labels else "labels: Any = None"
    return f'''\
    @tf.function
    def eval_step(self, features: Any, {labels}) -> dict[str, tuple[tf.Tensor, ...]]:
        """Returns what each metric takes."""
{_indented(chr(10).join(lines), 2)}
        return {{
{_indented(chr(10).join(values), 3)}
        }}

    def evaluate(self, dataset: tf.data.Dataset) -> dict[str, float]:
        """Returns `loss`, the mean over the batches as an Estimator's, and the metrics."""
        metrics = {{
{_indented(chr(10).join(made), 3)}
        }}
        for {batch} in dataset:
            for name, values in self.eval_step({batch}).items():
                metrics[name].update_state(*values)
        return {{name: float(metric.result()) for name, metric in metrics.items()}}'''


def _predict(program: Program) -> str:
    assert program.predictions is not None
    arguments = ", ".join(program.predictions.parameters)
    return f'''\
    @tf.function
    def predict_step(self, features: Any) -> Any:
        {_call_model(program, False)}
        return predictions({arguments})

    def predict(self, dataset: tf.data.Dataset) -> Iterator[Any]:
        """Yields the predictions for each batch; labels in the input are left alone."""
        for batch in dataset:
            yield self.predict_step(batch[0] if isinstance(batch, tuple) else batch)'''


_RESTORE = '''\
    def restore_legacy(self, path: str) -> None:
        """Takes the values of an Estimator's checkpoint, slots and step included."""
        reader = tf.train.load_checkpoint(path)
        for name, variable in self.variables.items():
            variable.assign(reader.get_tensor(name))'''


def _train(program: Program) -> str:
    call = "loop.train_steps(batches, tf.constant(min(steps_per_loop, steps - step)))"
    first = "" if program.endless else _MADE
    return f'''\
def write_summaries(writer: Any, step: tf.Variable, values: dict[str, tf.Tensor]) -> None:
    """Writes scalars, and histograms of vectors; `tf.summary.scalar` would need TensorBoard."""
    with writer.as_default(step=step):
        for tag, value in values.items():
            if value.shape.rank == 0:
                summary = tf.raw_ops.ScalarSummary(tags=tag, values=value)
            else:
                summary = tf.raw_ops.HistogramSummary(tag=tag, values=value)
            tf.summary.experimental.write_raw_pb(summary)


def train(
    loop: Loop, dataset: tf.data.Dataset, model_dir: str, steps: int, steps_per_loop: int
) -> None:
    """Trains up to `steps`, from the last checkpoint in `model_dir`, if there is one."""
    checkpoint = tf.train.Checkpoint(variables=loop.variables)
    manager = tf.train.CheckpointManager(
        checkpoint, model_dir, max_to_keep=5, step_counter=loop.global_step
    )
    manager.restore_or_initialize()
    writer = tf.summary.create_file_writer(model_dir)
    batches = iter(dataset)
    while (step := int(loop.global_step)) < steps:
        found = {call}{first}
        write_summaries(writer, loop.global_step, found)
        manager.save()'''


_MADE = """
        made = int(found.pop("steps"))
        if made == 0:
            break  # the input has ended"""


def _main(program: Program) -> str:
    lines = [
        "loop = Loop()",
        "if WARM_START_FROM.value:",
        "    loop.restore_legacy(WARM_START_FROM.value)",
        f"dataset = {program.input_fns[ModeKeys.TRAIN]}",
        "train(loop, dataset, MODEL_DIR.value, STEPS.value, STEPS_PER_LOOP.value)",
    ]
    if ModeKeys.EVAL in program.input_fns:
        lines.append(f"print(loop.evaluate({program.input_fns[ModeKeys.EVAL]}))")
    return f"""\
def main(_: list[str]) -> None:
{_indented(chr(10).join(lines))}


if __name__ == "__main__":
    app.run(main)"""

"""Moving averages of weights: made once, updated in each step, used where a Saver restored them."""

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.ir import Program
from migrate.translating.training_facts import TrainingFacts, depends_on_step


def averages_lines(training: TrainingFacts) -> list[str]:
    """Returns the statements of a training step that move the averages."""
    fact = training.averages
    if fact is None:
        return []
    decay = f"tf.constant({fact.decay})"
    lines = []
    if depends_on_step(fact.decay):
        lines.append("step = tf.identity(self.global_step)")
        decay = fact.decay
    return [
        *lines,
        f"decay = {decay}",
        "for name, average in self.averages.items():",
        "    average.assign_sub((average - self.weights[name]) * (1.0 - decay))",
    ]


def uses_averages(program: Program, mode: str) -> bool:
    """Tells whether a mode has the averages as the weights of the model."""
    return mode in program.training.averaged_modes


def init_lines(program: Program) -> tuple[list[str], list[str]]:
    """Returns the statements that make the averages, and the items of `variables` for them."""
    fact = program.training.averages
    if fact is None:
        return [], []
    variables = program.model.variables
    if any(name in variables for name in fact.names.values()):
        # The model applies layers with the averages, too: they are its variables.
        lines, named = ["self.averages = {"], []
        for one, name in fact.names.items():
            if name in variables:
                lines.append(f'    "{one}": model.{variables[name]}.value,')
            else:
                lines.append(f'    "{one}": tf.Variable(self.weights["{one}"], trainable=False),')
                named.append(f'"{name}": self.averages["{one}"],')
        return [*lines, "}", *_INITIAL], named
    named = [
        '**{f"{name}/ExponentialMovingAverage": average '
        "for name, average in self.averages.items()},"
    ]
    if not program.training.averaged_modes:
        chosen = (
            "" if list(fact.names) == _trained(program) else f" if name in {list(fact.names)!r}"
        )
        lines = [
            "self.averages = {",
            "    name: tf.Variable(weight, trainable=False)",
            f"    for name, weight in self.weights.items(){chosen}",
            "}",
        ]
        return lines, named
    lines = [
        "# The same model, whose weights are moving averages of those that are trained.",
        "self.averaged = averaged = Model()",
        "tf.function(averaged).get_concrete_function(FEATURES)",
        "self.averages = {",
        *(f'    "{one}": averaged.{variables[one]}.value,' for one in fact.names),
        "}",
        *_INITIAL,
    ]
    return lines, named


def _trained(program: Program) -> list[str]:
    training = program.training
    return [name for name in training.weights if name not in training.without_gradient]


_INITIAL = [
    "for name, average in self.averages.items():",
    "    average.assign(self.weights[name])",
]


def shared_lines(program: Program, mode: str) -> list[str]:
    """Returns the statements that give the averaged model what is not averaged."""
    fact = program.training.averages
    if fact is None or not uses_averages(program, mode):
        return []
    variables = program.model.variables
    rest = [name for name in variables if name not in fact.names]
    return [
        f"self.averaged.{variables[name]}.assign(self.model.{variables[name]})" for name in rest
    ]


def model_name(program: Program, mode: str) -> str:
    """Returns the attribute of the loop that is the model of a mode."""
    return "averaged" if uses_averages(program, mode) else "model"


def averages_words(program: Program) -> list[str]:
    """Returns what the averages are, in words, for the docstring of the module."""
    fact = program.training.averages
    if fact is None:
        return []
    shown = f"moving averages of {len(fact.names)} weights, decay {fact.decay}"
    modes = [
        {ModeKeys.EVAL: "evaluation", ModeKeys.PREDICT: "prediction"}.get(one, one)
        for one in program.training.averaged_modes
    ]
    if modes:
        shown += f"; {' and '.join(modes)} have them as weights"
    if not fact.ordered:
        shown += (
            "; nothing in the legacy graph says whether they take the weights before or after "
            "the optimizer's step: here, before"
        )
    return [shown]

"""The learning rate and the optimizers."""

from collections.abc import Sequence

from migrate.mappings import optimizers
from migrate.translating.ir import Program
from migrate.translating.optimizer_rows import hyperparameter, optimizer_row
from migrate.translating.training_facts import NamedNumber, OptimizerFact


def rate_source(program: Program) -> str:
    """Returns `learning_rate`; "" if the rate is constant."""
    if not program.rate_function:
        return ""
    return f'''\
def learning_rate(step: tf.Variable) -> tf.Tensor:
    """The learning rate at a global step."""
    return {program.rate_function}'''


def optimizer_sources(program: Program) -> list[str]:
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


def attributes(facts: Sequence[OptimizerFact]) -> list[str]:
    """Returns what the loop calls its optimizers: by their kinds, if there are several."""
    if len(facts) == 1:
        return ["optimizer"]
    kinds = [optimizer_row(fact.kernel).name.lower() for fact in facts]
    return [
        kind if kinds.count(kind) == 1 else f"{kind}_{kinds[: index + 1].count(kind)}"
        for index, kind in enumerate(kinds)
    ]


def construction(fact: OptimizerFact, weights: str) -> str:
    """Returns the expression that makes an optimizer."""
    row = optimizer_row(fact.kernel)
    usual = optimizers.defaults(row)
    arguments = [weights]
    for name, source in row.hyperparameters.items():
        value = hyperparameter(fact, source)
        is_usual = value == usual.get(name, object()) and not isinstance(value, NamedNumber)
        if value is not None and not is_usual:
            arguments.append(f"{name}={value!r}")
    return f"{row.name}({', '.join(arguments)})"

"""The learning rate and the optimizers."""

from migrate.mappings import optimizers
from migrate.translating.ir import Program
from migrate.translating.optimizer_rows import optimizer_row
from migrate.translating.training_facts import OptimizerFact


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


def construction(fact: OptimizerFact, weights: str) -> str:
    """Returns the expression that makes an optimizer."""
    row = optimizer_row(fact.kernel)
    usual = optimizers.defaults(row)
    arguments = [weights]
    for name, source in row.hyperparameters.items():
        value = fact.hyperparameters.get(source)
        if value is not None and value != usual.get(name, object()):
            arguments.append(f"{name}={value!r}")
    return f"{row.name}({', '.join(arguments)})"

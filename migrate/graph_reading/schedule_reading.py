"""Reads the calls of schedules of `tf.train` that a module writes as Keras's."""

from typing import Any

from migrate.mappings import schedules
from migrate.translating.facts import Call, TensorFact


def sources(call: Call) -> dict[str, str]:
    """Returns the source of each schedule of the global step, by the name of its op.

    Args:
      call: The call of the model_fn.
    """
    found = {}
    for one in call.walk():
        row = schedules.ROWS.get(one.callee.api)
        if row is None or not isinstance(one.result, TensorFact):
            continue
        step, given = one.arguments.get(row.step), one.arguments
        values = [given.get(name) for name in row.arguments]
        values += [given.get(name, default) for name, default in row.keywords]
        if not _is_global_step(step) or not all(map(_is_numbers, values)):
            continue
        text = [_text(one) for one in values[: len(row.arguments)]]
        text += [
            f"{name}={given[name]!r}"
            for name, default in row.keywords
            if given.get(name, default) != default
        ]
        schedule = f"keras.optimizers.schedules.{row.keras}({', '.join(text)})"
        found[one.result.name.partition(":")[0]] = f"{schedule}(step)"
    return found


def _is_global_step(value: Any) -> bool:
    return isinstance(value, TensorFact) and value.name.partition(":")[0].startswith("global_step")


def _is_numbers(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(one, int | float) for one in value)
    return isinstance(value, int | float)


def _text(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)

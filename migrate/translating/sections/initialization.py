"""What new variables are given from a checkpoint."""

import os
from collections.abc import Mapping, Sequence

from migrate.translating.ir import Program
from migrate.translating.sections.source_text import indented


def begin_lines(program: Program) -> list[str]:
    """Returns the lines of `main` that give a new loop the values of a checkpoint."""
    lines = ["if WARM_START_FROM.value:", "    loop.restore_legacy(WARM_START_FROM.value)"]
    return lines + (["else:", "    loop.init_from_checkpoint()"] if program.initialized else [])


def constant_source(program: Program) -> str:
    """Returns the names of the variables, where they have no shorter source; "" for none."""
    found = [
        f"{_constant(index)} = {dict(one.names)!r}"
        for index, one in enumerate(program.initialized)
        if not _loop(program, one.names)
    ]
    return "\n".join(found)


def method_source(program: Program) -> str:
    """Returns `init_from_checkpoint`."""
    lines = []
    for index, one in enumerate(program.initialized):
        lines.append(f"reader = tf.train.load_checkpoint({one.path})")
        lines += _loop(program, one.names) or [
            f"for name, legacy_name in {_constant(index)}.items():",
            "    self.variables[name].assign(reader.get_tensor(legacy_name))",
        ]
    if program.training.averages is not None:
        lines += [
            "for name, average in self.averages.items():",
            "    average.assign(self.weights[name])  # it begins as the weight does",
        ]
    return f'''\
    def init_from_checkpoint(self) -> None:
        """Takes what the legacy program gave new variables, as `tf.train.init_from_checkpoint`."""
{indented(chr(10).join(lines), 2)}'''


def _constant(index: int) -> str:
    return "FROM_CHECKPOINT" + (f"_{index + 1}" if index else "")


def _scope(names: Sequence[str]) -> str:
    """Returns the innermost scope of all names, such as "bert/"; "" for none."""
    common = os.path.commonpath(names)
    common = os.path.dirname(common) if common in names else common
    return f"{common}/" if common else ""


def _loop(program: Program, names: Mapping[str, str]) -> list[str]:
    """Returns a loop over the weights, if they are those of a scope or all; [] otherwise."""
    without = program.training.without_gradient
    weights = [name for name in program.training.weights if name not in without]
    scope, there = _scope(list(names)), _scope(list(names.values()))
    if {name for name in weights if name.startswith(scope)} != set(names):
        return []
    if any(there + name.removeprefix(scope) != legacy for name, legacy in names.items()):
        return []
    read = "name"
    if scope != there:
        rest = f"name.removeprefix({scope!r})" if scope else "name"
        read = f"{there!r} + {rest}" if there else rest
    loop = "for name, weight in self.weights.items():"
    assign = f"weight.assign(reader.get_tensor({read}))"
    if len(names) == len(weights):
        return [loop, f"    {assign}"]
    return [loop, f"    if name.startswith({scope!r}):", f"        {assign}"]

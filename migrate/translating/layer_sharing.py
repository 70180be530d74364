"""Layers and variables that several calls share: the first call makes them."""

import dataclasses
from collections.abc import Mapping, Sequence

from migrate.translating.expressions import refuse
from migrate.translating.model_uses import RNNS, Use
from migrate.translating.source_reader.flattening import Flattened

WEIGHTS = ("tf.get_variable", "tf.Variable")


def share(uses: Sequence[Use], path: str) -> None:
    """Finds the uses whose layer or variable another use made."""
    makers: dict[str, Use] = {}
    objects: dict[int, Use] = {}
    for use in uses:
        if use.made is not None:
            first = objects.setdefault(id(use.made), use)
            if first is not use:
                use.shares = first
        for one in use.variables:
            if makers.setdefault(one.name, use) is not use:
                raise refuse(use.node, path, f"the variable {one.name} is made twice")
        needed = use.api in WEIGHTS or (use.row.variables if use.api not in RNNS else True)
        if use.variables or use.shares is not None or not needed:
            _check_iterations(use, path)
            continue
        found = {id(makers[name]): makers[name] for name in use.reads if name in makers}
        if len(found) != 1:
            raise refuse(use.node, path, "this layer has no variables of its own, and shares none")
        [use.shares] = found.values()


def _check_iterations(use: Use, path: str) -> None:
    """A loop makes one layer for each iteration, or one for all."""
    if use.loop is None or not use.groups:
        return
    for calls in use.calls.values():
        making = sum(bool(call.variables) for call in calls)
        known = {one.name for one in use.groups[0]}
        rest = [call for call in calls if not call.variables]
        if making == len(calls) or (making == 1 and all(set(call.reads) <= known for call in rest)):
            continue
        raise refuse(use.node, path, "this loop makes variables in some iterations; write it out")


def add_averages(
    uses: Sequence[Use], flat: Flattened, averages: Mapping[str, str], path: str
) -> None:
    """Makes the layers that read moving averages by a custom getter own them.

    Args:
      uses: The uses of layers and variables.
      flat: The flattened model_fn.
      averages: The names of the moving averages, by the names of the weights.
      path: The file of the model_fn.

    Raises:
      Refusal: The getter does something else.
    """
    facts = {one.name: one for use in uses for one in use.variables}
    weights = {average: weight for weight, average in averages.items()}
    for use in uses:
        if use.node not in flat.gotten:
            continue
        reads = {name for name in use.reads if name in weights or name in facts}
        if use.variables or reads - set(weights):
            raise refuse(
                use.node,
                path,
                "a custom getter that returns something else than the moving averages of all "
                "weights is not translated; expected tf.train.ExponentialMovingAverage; leave "
                "`custom_getter` out",
            )
        made = tuple(
            dataclasses.replace(facts[weights[name]], name=name, trainable=False)
            for name in sorted(reads, key=lambda one: list(facts).index(weights[one]))
        )
        for calls in use.calls.values():
            calls[:] = [dataclasses.replace(one, variables=made, reads=()) for one in calls]

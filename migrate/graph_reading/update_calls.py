"""Tells the calls that make the update of the weights from those that make the model."""

import dataclasses
from collections.abc import Collection

from migrate.translating.facts import Call

# What such a call makes besides is read from its source.
_READ = ("tf.summary.", "tf.losses.", "tf.metrics.")


def without_updates(call: Call, state: Collection[str]) -> Call:
    """Returns a call, in which those that only make an optimizer's variables make nothing.

    The update is read from the graph: the source of an optimizer that the program defines itself,
    and of its slots, is no part of the model.

    Args:
      call: The call of the model_fn in TRAIN.
      state: The names of the variables that only the optimizer needs.
    """
    return dataclasses.replace(call, calls=tuple(_without(one, state) for one in call.calls))


def _without(call: Call, state: Collection[str]) -> Call:
    names = {one.name for one in call.variables}
    is_update = call.callee.span is not None and bool(names) and names <= set(state)
    if is_update and not any(one.callee.api.startswith(_READ) for one in call.walk()):
        return _emptied(call)
    return without_updates(call, state)


def _emptied(call: Call) -> Call:
    """Returns a call that makes no variables, and calls only functions of the program."""
    own = tuple(_emptied(one) for one in call.calls if one.callee.span is not None)
    return dataclasses.replace(call, variables=(), calls=own)

"""What a call that was put off changes, when it is followed at last."""

from __future__ import annotations

from migrate.ledger_reading.frames import Heap
from migrate.ledger_reading.values import Kind, Value, Values

_COLLECTIONS = "collections"


def merge(before: Heap, after: Heap, now: Heap, values: Values) -> None:
    """Does to the heap what the call would have done when it was made.

    Args:
      before: The heap when the call was made.
      after: That heap after the call was followed.
      now: The heap of the code that asks for the result; it is changed.
      values: Makes values.
    """
    for key, attributes in after.items():
        if key not in now:
            now[key] = attributes  # an object that the call has made
            continue
        known, current = before.get(key, {}), now[key]
        for name, value in attributes.items():
            if value is known.get(name) or value is current.get(name):
                continue
            if current.get(name) is known.get(name):
                current[name] = value
            elif key == _COLLECTIONS:
                current[name] = _added(known.get(name), value, current[name], values)
            else:
                current[name] = values.unknown(value.origin, (), "two calls change it")


def _added(before: Value | None, after: Value, now: Value, values: Values) -> Value:
    """Returns a collection, with what a call has added to it."""
    if any(each is not None and each.kind is not Kind.LIST for each in (before, after, now)):
        return values.unknown(after.origin, (), "a branch adds to the collection")
    count = 0 if before is None else len(before.args)
    return values.make(Kind.LIST, (*now.args, *after.args[count:]), "list")

"""The keys of dicts that a program computes: the run showed what they are."""

import ast

from migrate.translating.source_reader.frames import Frame, executions


def shown(node: ast.Dict, frame: Frame, modes: frozenset[str]) -> list[str]:
    """Returns the keys that the run showed of a dict, where all are text; none for others."""
    span = frame.file.span(node)
    seen = [frame.calls[mode].values.get(span) for mode in modes]
    if not all(isinstance(one, dict) and len(one) == len(node.keys) for one in seen):
        return []
    keys = [list(one) for one in seen if isinstance(one, dict)]
    same = bool(keys) and all(one == keys[0] for one in keys)
    return keys[0] if same and all(isinstance(one, str) for one in keys[0]) else []


def key(node: ast.expr, made: ast.expr, frame: Frame, modes: frozenset[str]) -> ast.expr:
    """Returns the text that a call of a user's function returned; `made` for others."""
    if not isinstance(node, ast.Call):
        return made
    found = executions(node, frame, modes)
    calls = [call for each in found.values() for call in each]
    values = {call.result for call in calls if isinstance(call.result, str)}
    users = all(call.callee.span is not None for call in calls)
    if len(values) != 1 or not users or any(call.result not in values for call in calls):
        return made
    return ast.Constant(value=next(iter(values)))

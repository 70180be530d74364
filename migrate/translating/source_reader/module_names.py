"""Names that variables of a model_fn cannot have in the flattened one.

Where a function is put in place, the names of its module must not become those of variables.
"""

import ast
from collections.abc import Mapping

from migrate.translating.facts import Call, Span
from migrate.translating.source_reader import mode_tests, source_files
from migrate.translating.source_reader.frames import local_names
from migrate.translating.source_reader.statements import loads


def of_helpers(calls: Mapping[str, Call]) -> frozenset[str]:
    """Returns the names of their modules that the functions read which the model_fn calls.

    Args:
      calls: The call of the model_fn in each mode.
    """
    spans: set[Span] = set()
    for call in calls.values():
        spans |= {one.callee.span for one in call.walk() if one is not call and one.callee.span}
    found: set[str] = set()
    for path, line in {(span.file, span.line) for span in spans}:
        file = source_files.load(path)
        for function in file.functions.get(line, ()):
            found |= (loads(function) - local_names(function)) & file.defined.keys()
    return frozenset(found)


def other_flags(function: ast.FunctionDef) -> frozenset[str]:
    """Returns the name `training`, if a function calls something else so than whether it trains."""
    values = [
        one.value
        for one in ast.walk(function)
        if isinstance(one, ast.Assign)
        and any(isinstance(to, ast.Name) and to.id == mode_tests.TRAINING for to in one.targets)
    ]
    train = frozenset((mode_tests.TRAIN,))
    if all(isinstance(one, ast.Compare) and mode_tests.true_in(one) == train for one in values):
        return frozenset()
    return frozenset((mode_tests.TRAINING,))

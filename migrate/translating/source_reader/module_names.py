"""Names of modules that the functions of a model_fn read.

Where a function is put in place, they must not become those of variables around it.
"""

from collections.abc import Mapping

from migrate.translating.facts import Call, Span
from migrate.translating.source_reader import source_files
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

"""What a written module does not carry over, in words."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from estimator_compat.mode_keys import ModeKeys
from migrate.translating.expressions import api_of
from migrate.translating.facts import Span, TensorFact
from migrate.translating.metric_reading import is_none
from migrate.translating.run_facts import RunFacts
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import stores


def words(
    facts: RunFacts,
    flat: Flattened,
    specs: Mapping[str, Mapping[str, ast.expr]],
    *,
    summaries: Collection[str],
    exports: bool,
    distributed: bool,
) -> tuple[str, ...]:
    """Returns the hooks, host calls and summaries of the model_fn, in words.

    Args:
      facts: What the runs showed.
      flat: The flattened model_fn.
      specs: The arguments of the spec in each mode.
      summaries: The names of the summaries that are written.
      distributed: Whether the loop trains on the replicas of the RunConfig's strategy.
      exports: Whether what the program exports is written.
    """
    found = []
    for mode, spec in specs.items():
        for name, value in spec.items():
            if (name.endswith("hooks") or name == "host_call") and not _is_none(value, facts):
                found.append(f"{name} of {mode.upper()}: {ast.unparse(value)}")
    for mode, (name, _) in facts.init_fns.items():
        found.append(f"init_fn of {mode.upper()}: `{name}`, which stands below as a comment")
    if facts.distribution and not distributed:
        found.append(
            f"`train_distribute` of the RunConfig ({facts.distribution}): the loop trains on one "
            "device"
        )
    for mode, error in facts.refused_modes.items():
        found.append(f"{mode.upper()}, which the model_fn refuses: {error}")
    found += _summaries(facts, summaries)
    if facts.export is not None and not exports:
        found.append("the exported signatures, whose outputs are made in another way")
    elif facts.export is not None and facts.export.is_left_out:
        found.append("the function of serving inputs: `export` takes the features")
    for statement in flat.statements:
        node = statement.node
        if (
            isinstance(node, ast.Expr)
            and not api_of(node.value, flat.facts).startswith(("tf.summary.", "tf.losses."))
            and (statement.refusal is not None or not stores(node))
            and ".update_state(" not in ast.unparse(node)
        ):
            found.append(f"`{ast.unparse(node)}` (line {node.lineno})")
    return tuple(dict.fromkeys(found))


def _summaries(facts: RunFacts, written: Collection[str]) -> Iterator[str]:
    """Yields the summaries that are not written: those of the source, then those of libraries."""
    names = {one.name for one in facts.summaries}
    for call in facts.calls[ModeKeys.TRAIN].walk():
        if call.callee.api.startswith("tf.summary."):
            name = call.result.name if isinstance(call.result, TensorFact) else ""
            names.discard(name)
            if name in written:
                continue
            tag = call.arguments.get("name")
            kind = call.callee.api.rpartition(".")[2]
            yield f"the {kind} summary {tag!r} (line {call.span.line})"
    for one in facts.summaries:
        if one.name in names:
            yield f"the summary {one.tag!r}, which a library makes"


def _is_none(value: ast.expr, facts: RunFacts) -> bool:
    """Tells whether an argument is None, or a name around the model_fn that stands for it."""
    around = [one for one in facts.closure if facts.closure[one] is None]
    return is_none(value) or ast.unparse(value) in (one.upper() for one in around)


def fixed_hyperparameters(facts: RunFacts, flat: Flattened, written: str) -> Iterator[str]:
    """Yields the hyperparameters that the model_fn reads and the module does not, in words.

    The module has what they were: a number, or the branch that they chose.

    Args:
      facts: What the runs showed.
      flat: The flattened model_fn.
      written: The source of the module.
    """
    names = dict.fromkeys(
        name
        for function in _called(facts, flat)
        for node in ast.walk(function)
        if (name := _hyperparameter(node))
    )
    written = written.replace("PARAMS", "params").replace('"', "'")
    fixed = [one for one in names if not re.search(rf"{re.escape(one)}(?!\w)", written)]
    if fixed:
        what = "hyperparameters" if len(fixed) > 1 else "hyperparameter"
        whose = "whose values are" if len(fixed) > 1 else "whose value is"
        yield f"the {what} {', '.join(fixed)}, {whose} fixed in the module"


def _called(facts: RunFacts, flat: Flattened) -> Iterator[ast.FunctionDef]:
    """Yields the model_fn, and the functions of the program that it calls."""
    spans: list[Span | None] = [facts.model_fn]
    spans += [call.callee.span for record in facts.calls.values() for call in record.walk()]
    places = dict.fromkeys((span.file, span.line) for span in spans if span is not None)
    files = {file.path: file for file in flat.files}
    for path, line in places:
        if path in files:
            yield from files[path].functions.get(line, ())


def _hyperparameter(node: ast.AST) -> str:
    """Returns `FLAGS.rate`, `params['rate']` or `params.rate`; "" for other nodes."""
    if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
        return ""
    owner = node.value.id
    if owner not in ("FLAGS", "params"):
        return ""
    if isinstance(node, ast.Attribute):
        return "" if owner == "params" and node.attr in _METHODS else ast.unparse(node)
    is_name = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    return ast.unparse(node) if is_name else ""


_METHODS = frozenset(dir(dict))

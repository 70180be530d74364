"""What a written module does not carry over, in words."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from estimator_compat.mode_keys import ModeKeys
from migrate.translating import forward_reading, spec_reading
from migrate.translating.expressions import api_of, dotted
from migrate.translating.facts import Span, TensorFact
from migrate.translating.metric_reading import is_none
from migrate.translating.run_facts import RunFacts
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import loads, stores


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
    for name, mode, value in _hooks(facts, flat, specs):
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
            and not forward_reading.uses_model(node)
            and not api_of(node.value, flat.facts).startswith(("tf.summary.", "tf.losses."))
            and (statement.refusal is not None or not stores(node))
            and ".update_state(" not in ast.unparse(node)
            and not (facts.initialized and _initializes(node.value, flat))
        ):
            found.append(f"`{ast.unparse(node)}` (line {node.lineno})")
    return tuple(dict.fromkeys(found))


def _initializes(node: ast.expr, flat: Flattened) -> bool:
    """Tells whether a call gives new variables the values of a checkpoint."""
    return api_of(node, flat.facts).endswith((".init_from_checkpoint", ".warm_start"))


def _hooks(
    facts: RunFacts, flat: Flattened, specs: Mapping[str, Mapping[str, ast.expr]]
) -> Iterator[tuple[str, str, ast.expr]]:
    """Yields the hooks and host calls that run: their argument of the spec, mode and value."""
    modes = {"evaluation_hooks": ModeKeys.EVAL, "prediction_hooks": ModeKeys.PREDICT}
    for mode, spec in specs.items():
        for name, value in spec.items():
            is_hook = name.endswith("hooks") and mode == modes.get(name, ModeKeys.TRAIN)
            given = value
            if isinstance(value, ast.Name):
                given = spec_reading.assigned(flat.statements, value.id, mode) or value
            if (is_hook or name == "host_call") and not _is_none(given, facts):
                yield name, mode, value


def hook_comments(
    facts: RunFacts, flat: Flattened, specs: Mapping[str, Mapping[str, ast.expr]]
) -> Iterator[str]:
    """Yields the source of the hooks and host calls, which stands in the module as a comment."""
    for name, mode, value in _hooks(facts, flat, specs):
        sources = []
        for read in _hook_names(value, flat, mode):
            sources += [
                ast.unparse(ast.fix_missing_locations(one.node))
                for one in flat.statements
                if mode in one.modes and read in stores(one.node)
            ][-1:]
            sources += [
                ast.unparse(node)
                for file in flat.files
                for node in file.defined.get(read, ())
                if isinstance(node, ast.ClassDef | ast.FunctionDef)
            ]
        if sources:
            source = "\n".join(dict.fromkeys(sources))
            yield f"Not carried over: {name} of {mode.upper()}, {ast.unparse(value)}.\n{source}"


def _hook_names(value: ast.expr, flat: Flattened, mode: str) -> list[str]:
    """Returns the names of hooks, of their classes, and of functions that a host call has."""
    found = [value.id] if isinstance(value, ast.Name) else []
    if isinstance(value, ast.Name):
        value = spec_reading.assigned(flat.statements, value.id, mode) or value
    elements = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    made = [one.func if isinstance(one, ast.Call) else one for one in elements]
    return [*found, *(one.id for one in made if isinstance(one, ast.Name) and one.id not in found)]


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

    The module has what they were: a number, the branch that they chose, or the layers of a loop.

    Args:
      facts: What the runs showed.
      flat: The flattened model_fn.
      written: The source of the module.
    """
    functions = list(_called(facts, flat))
    nodes = [node for function in functions for node in ast.walk(function)]
    owners = {"FLAGS", "params"}
    owners |= {one for one, source in facts.literals.items() if source.startswith("types.")}
    names = dict.fromkeys(name for node in nodes if (name := _hyperparameter(node, owners)))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    unread = [f"params[{one!r}]" for one in unread_params(facts, written)]
    names |= dict.fromkeys(one for one in unread if ast.literal_eval(one[7:-1]) in texts)
    around = [one for one, value in facts.closure.items() if value is not None]
    names |= {one: None for one in around if not re.search(rf"\b{one.upper()}\b", written)}
    written = written.replace("PARAMS", "params").replace('"', "'")
    fixed = [one for one in names if not re.search(rf"{re.escape(one)}(?!\w)", written)]
    if fixed:
        what = "hyperparameters" if len(fixed) > 1 else "hyperparameter"
        whose = "whose values are" if len(fixed) > 1 else "whose value is"
        yield f"the {what} {', '.join(fixed)}, {whose} fixed in the module"
    if others := [one for one in unread if one not in fixed]:
        yield f"{', '.join(others)}, which nothing in the module reads"
    computed = [one.replace("PARAMS", "params") for one in facts.computed_of]
    if half := [one for one in computed if one not in fixed]:
        yield f"what the training step computes of {', '.join(half)}: its numbers are fixed"
    yield from _of_namespaces(facts, nodes, written)
    yield from _unrolled(facts, flat, nodes)


def checks(facts: RunFacts, written: str) -> Iterator[str]:
    """Yields the assertions on tensors that the model_fn makes and the module does not, in words.

    Args:
      facts: What the runs showed.
      written: The source of the module.
    """
    made = [one for call in facts.calls.values() for one in call.walk()]
    for one in dict.fromkeys((one.callee.api, one.span.line) for one in made):
        api, line = one
        name = api.rpartition(".")[2]
        if name.lower().startswith("assert") and f"{name}(" not in written:
            yield f"the check `{api}` (line {line})"


def _of_namespaces(facts: RunFacts, nodes: Iterable[ast.AST], written: str) -> Iterator[str]:
    """Yields the attributes of objects around the model_fn whose values are fixed, in words."""
    if facts.border.is_kept:
        return
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for name, attributes in facts.namespaces.items():
        fixed = [one for one in attributes if one in read]
        fixed = [one for one in fixed if not re.search(rf"\.{one}\b", written)]
        if fixed:
            yield f"of {name}: {', '.join(fixed)}, whose values are fixed in the module"
        is_whole = name.upper() in written and f"{name.upper()}." not in written
        if is_whole and len(fixed) < len(read & set(attributes)):
            yield f"what the layers take of {name}: their numbers are fixed in the module"


def unread_params(facts: RunFacts, written: str) -> list[str]:
    """Returns the keys of `params` that a module does not read.

    Args:
      facts: What the runs showed.
      written: The source of the module.
    """
    params = facts.params if isinstance(facts.params, dict) else {}
    is_passed_on = re.search(r"PARAMS(?!\[['\"]|\.get\(['\"]|\w)", written) is not None
    before = r"['\"]" if is_passed_on else r"PARAMS(?:\[|\.get\()['\"]"
    return [
        name
        for name in params
        if isinstance(name, str) and not re.search(rf"{before}{re.escape(name)}['\"]", written)
    ]


def _unrolled(facts: RunFacts, flat: Flattened, nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yields the loops whose iterations are written out, and whose number is a hyperparameter."""
    derived = {*facts.closure, "params", "FLAGS"}
    for node in nodes:
        if isinstance(node, ast.Assign) and loads(node.value) & derived:
            calls = [dotted(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)]
            derived |= stores(node) if not any(one.startswith("tf.") for one in calls) else set()
    for one in dict.fromkeys(flat.unrolled):
        if loads(ast.parse(one.iterated)) & derived:
            yield (
                f"the number of iterations of the loop over {one.iterated} (line {one.line}), "
                f"which are written out: {one.count}"
            )


def _called(facts: RunFacts, flat: Flattened) -> Iterator[ast.FunctionDef]:
    """Yields the model_fn, and the functions of the program that it calls."""
    spans: list[Span | None] = [facts.model_fn]
    spans += [call.callee.span for record in facts.calls.values() for call in record.walk()]
    places = dict.fromkeys((span.file, span.line) for span in spans if span is not None)
    files = {file.path: file for file in flat.files}
    for path, line in places:
        if path in files:
            yield from files[path].functions.get(line, ())


def _hyperparameter(node: ast.AST, owners: Collection[str]) -> str:
    """Returns `FLAGS.rate`, `params['rate']` or `params.rate`; "" for other nodes."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "params.get" and node.args:
        return f"params[{ast.unparse(node.args[0])}]"
    if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
        return ""
    owner = node.value.id
    if owner not in owners:
        return ""
    if isinstance(node, ast.Attribute):
        return "" if owner == "params" and node.attr in _METHODS else ast.unparse(node)
    is_name = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    return ast.unparse(node) if is_name else ""


_METHODS = frozenset(dir(dict))

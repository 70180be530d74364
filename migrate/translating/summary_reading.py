"""The summaries of a model_fn: where its source computes what they show.

Before the forward pass is read, each call of `tf.summary` becomes an assignment of what it shows.
A name that is assigned anew later keeps the value that the summary shows. Afterwards, the
assignments that the model does not make are gathered in the function `summaries`.
"""

import ast
import copy
import dataclasses
import re
from collections.abc import Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import functions
from migrate.translating import forward_reading, random_draws, tidying
from migrate.translating.changed_names import changed
from migrate.translating.expressions import api_of, calls_of, dotted, parse
from migrate.translating.facts import TensorFact
from migrate.translating.forward_reading import Forward
from migrate.translating.ir import Function, Loss, Summaries, Summary, source_of
from migrate.translating.loss_source import rebuilt, unique
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, needed_for, stores
from migrate.translating.training_facts import ChangeKind, SummaryFact, TrainingFacts

_VALUES = {"scalar": "tensor", "histogram": "values", "image": "tensor", "text": "tensor"}
_MODES = frozenset((ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT))
# What `write_summaries` writes for a value of each rank, and what has a line of its own.
_WITH_RANK_0 = "ScalarSummary"
_OWN_LINE = ("ImageSummary", "TensorSummaryV2")
_OWN_TAGS = ("loss", "average_loss", "loss_per_example")  # of the loop itself
_FROM_THE_LOSS = ("loss", "losses", "weights")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A summary whose value the source computes.

    Attributes:
      fact: The summary.
      name: The name that its value has from now on.
      is_new: Whether the source has no such name.
    """

    fact: SummaryFact
    name: str
    is_new: bool


def mark(flat: Flattened, facts: Sequence[SummaryFact]) -> list[Mark]:
    """Puts assignments in the places of the calls of `tf.summary`, and returns them."""
    by_name = {fact.name: fact for fact in facts if fact.tag and _is_written(fact)}
    taken = set().union(*(stores(s.node) | loads(s.node) for s in flat.statements), set())
    found: list[Mark] = []
    for statement in flat.statements:
        node = statement.node
        if not isinstance(node, ast.Expr | ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        kind = api_of(node.value, flat.facts).removeprefix("tf.summary.")
        results = [call.result for call in calls_of(node.value, flat.facts)]
        names = {one.name for one in results if isinstance(one, TensorFact)} & by_name.keys()
        value = _value(node.value, kind)
        if kind not in _VALUES or len(names) != 1 or value is None:
            continue
        fact = by_name[names.pop()]
        if fact.shown:
            continue  # of the optimizer
        whole = re.sub(r"\W+", "_", fact.tag).strip("_")
        words = re.sub(r"\W+", "_", fact.tag.rpartition("/")[2]).strip("_") or "value"
        words = whole if words in taken else words
        name = unique(words if words.isidentifier() else f"_{words}", taken)
        if isinstance(value, ast.Name) and _is_final(value.id, statement, flat.statements):
            statement.node = ast.Pass(lineno=node.lineno)
            found.append(Mark(fact=fact, name=value.id, is_new=False))
            continue
        if isinstance(value, ast.Name) and fact.rank == 0 and _changes(value.id, statement, flat):
            continue  # it would show the later value
        taken.add(name)
        statement.node = ast.Assign(
            targets=[ast.Name(id=name, ctx=ast.Store())], value=value, lineno=node.lineno
        )
        if not _needs_training(value, statement, flat.statements):
            statement.modes = _MODES & frozenset(flat.returned)
        found.append(Mark(fact=fact, name=name, is_new=True))
    flat.statements[:] = [s for s in flat.statements if not isinstance(s.node, ast.Pass)]
    return found


def _is_written(fact: SummaryFact) -> bool:
    """Tells whether a written module writes a summary of this kind and rank."""
    if fact.kind in _OWN_LINE:
        return True
    return fact.kind in ("ScalarSummary", "HistogramSummary") and (
        (fact.kind == _WITH_RANK_0) == (fact.rank == 0)
    )


def _value(node: ast.Call, kind: str) -> ast.expr | None:
    if len(node.args) > 1:
        return node.args[1]
    return next((one.value for one in node.keywords if one.arg == _VALUES.get(kind)), None)


def _is_final(name: str, statement: Statement, statements: Sequence[Statement]) -> bool:
    index = next(i for i, one in enumerate(statements) if one is statement)
    return not any(name in stores(one.node) for one in statements[index + 1 :])


def _changes(name: str, statement: Statement, flat: Flattened) -> bool:
    """Tells whether a later statement computes a name anew from its own value."""
    index = next(i for i, one in enumerate(flat.statements) if one is statement)
    return any(changed(one.node) == name for one in flat.statements[index + 1 :])


def _needs_training(value: ast.expr, statement: Statement, statements: Sequence[Statement]) -> bool:
    """Tells whether a value depends on statements of TRAIN only."""
    index = next(i for i, one in enumerate(statements) if one is statement)
    needed, _ = needed_for(statements[:index], loads(value), ModeKeys.TRAIN)
    return any(ModeKeys.EVAL not in one.modes for one in needed)


def split(
    statements: list[Statement], wanted: Mapping[str, set[str]], marks: list[Mark]
) -> tuple[Forward, list[Mark]]:
    """Splits the statements of a model_fn, with those that compute what summaries show.

    Returns:
      The forward pass, whose last outputs are those that only summaries read, and the marks that
      can be written.
    """
    without = forward_reading.split(statements, dict(wanted))
    if not marks:
        return without, marks
    inside = {m.name for m in marks if _is_inside(m, statements, without.outputs)}
    inside |= set(without.outputs)  # with more outputs, a sum of two would be made outside
    names = wanted[ModeKeys.TRAIN] | {one.name for one in marks}
    try:
        found = forward_reading.split(
            statements, {**wanted, ModeKeys.TRAIN: names}, frozenset(inside)
        )
    except Refusal:
        return without, []
    added = [name for name in found.outputs if name not in without.outputs]
    return dataclasses.replace(found, outputs=(*without.outputs, *added), extra=tuple(added)), marks


def _is_inside(mark: Mark, statements: Sequence[Statement], outputs: Sequence[str]) -> bool:
    """Tells whether a value reads what the model does not return, or what changes later."""
    for index, one in enumerate(statements if mark.is_new else ()):
        if mark.name in stores(one.node) and isinstance(one.node, ast.Assign):
            later = set().union(*(stores(s.node) for s in statements[index + 1 :]), set())
            return bool(loads(one.node) - {*outputs, "features"} or loads(one.node) & later)
    return False


def read(
    flat: Flattened,
    marks: Sequence[Mark],
    facts: Sequence[SummaryFact],
    others: list[Statement],
    forward: Forward,
    loss: Loss,
    training: TrainingFacts,
    *,
    rates: Sequence[str],
    variables: str,
) -> Summaries:
    """Writes the summaries; those that are not in the result are left out.

    Args:
      flat: The flattened model_fn.
      marks: The summaries whose values the source computes.
      facts: All summaries.
      others: The statements that are not the model's, in which the losses are known.
      forward: The forward pass.
      loss: The loss.
      training: The optimizers.
      rates: The source of the optimizers' rates.
      variables: The name of the variables by their legacy names.
    """
    outputs = forward.outputs
    known = {"features", "labels", *outputs, "loss", variables}
    if len(loss.terms) == 1:
        known |= {"losses"} | ({"weights"} if loss.terms[0].weights else set())
    if len(loss.terms) > 1:
        others = _with_terms(others, loss)
    others = [_with_reduction(one, flat, loss) for one in others]
    used: list[Mark] = []
    for one in marks:
        if one.fact.tag in _OWN_TAGS:
            continue
        needed, names = needed_for(others, {one.name}, ModeKeys.TRAIN)
        text = "\n".join(source_of([s.node for s in needed]))
        if one.name not in known and not any(one.name in stores(s.node) for s in needed):
            continue
        if _is_translated(text) and not names & _local(flat) - known:
            used.append(one)
    source = {"rate": _rate(rates), "norm": "norm" if _is_clipped(training) else ""}
    direct = [one for one in facts if source.get(one.shown) and _is_written(one)]
    same = [m.fact for m in marks if m.fact.tag == "loss" and loss.known.get(m.name) == "loss"]
    return Summaries(
        function=_function(others, used, (*outputs, *_FROM_THE_LOSS, variables)) if used else None,
        direct=tuple(_summary(one, source[one.shown]) for one in direct),
        by_function=tuple(_summary(one.fact, one.name) for one in used),
        names=tuple(one.name for one in [*(m.fact for m in used), *direct, *same]),
        extra=forward.extra,
    )


def _function(others: Sequence[Statement], marks: Sequence[Mark], known: Sequence[str]) -> Function:
    """Writes `summaries`."""
    shown = ast.Dict(
        keys=[ast.Constant(one.fact.tag) for one in marks],
        values=[ast.Name(id=one.name, ctx=ast.Load()) for one in marks],
    )
    needed, _ = needed_for(others, {one.name for one in marks}, ModeKeys.TRAIN)
    train = frozenset((ModeKeys.TRAIN,))
    needed = [Statement(copy.deepcopy(s.node), train, list(s.comments)) for s in needed]
    end = Statement(ast.Expr(value=shown), train)
    statements = [*needed, end]
    tidying.tidy(statements)
    body = _inlined(statements[:-1], shown)
    read_names = loads(shown).union(*(loads(one.node) for one in body))
    return Function(
        name="summaries",
        parameters=tuple(one for one in ("features", "labels", *known) if one in read_names),
        body=tuple("\n".join([*s.comments, *source_of([s.node])]) for s in body),
        returns=ast.unparse(shown),
    )


def _inlined(statements: Sequence[Statement], shown: ast.Dict) -> list[Statement]:
    """Puts values that only the returned dict reads into it; returns the other statements."""
    kept = list(statements)
    for index, value in enumerate(shown.values):
        assert isinstance(value, ast.Name)
        writes = [one for one in kept if value.id in stores(one.node)]
        reads = [one for one in kept if value.id in loads(one.node)]
        count = sum(isinstance(v, ast.Name) and v.id == value.id for v in shown.values)
        if len(writes) == 1 and not reads and count == 1:
            node = writes[0].node
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                shown.values[index] = node.value
                kept.remove(writes[0])
    return kept


def _is_clipped(training: TrainingFacts) -> bool:
    """Tells whether all gradients are clipped to one global norm."""
    trained = set(training.weights) - set(training.without_gradient)
    kind = ChangeKind.CLIP_BY_GLOBAL_NORM
    return any(one.kind is kind and set(one.numbers) == trained for one in training.changes)


def _summary(fact: SummaryFact, source: str) -> Summary:
    return Summary(
        tag=fact.tag, kind=fact.kind, source=source, dtype=fact.dtype, settings=fact.settings
    )


def _rate(rates: Sequence[str]) -> str:
    """Returns the rate as a tensor; "" if the optimizers have different ones."""
    if len(set(rates)) != 1:
        return ""
    return rates[0] if rates[0] == "rate" else f"tf.constant({rates[0]})"


def _local(flat: Flattened) -> set[str]:
    return set().union(*(stores(one.node) for one in flat.statements), set())


def _is_translated(text: str) -> bool:
    names = [dotted(n) for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Attribute)]
    return not random_draws.draws(text) and not any(
        functions.is_absent(name) or name.startswith(("tf.losses.", "tf.metrics.", "self."))
        for name in names
    )


def _with_terms(others: Sequence[Statement], loss: Loss) -> list[Statement]:
    """Puts the statements of `compute_loss` in the place of those that they are made of."""
    train = frozenset((ModeKeys.TRAIN,))
    body = [Statement(node, train) for node in ast.parse("\n".join(loss.body)).body]
    names = set().union(*(stores(one.node) for one in body))
    made: list[Statement] = []
    for statement in others:
        if not stores(statement.node) & names:
            made.append(statement)
        elif body:
            made += body
            body = []
    return made


def _with_reduction(statement: Statement, flat: Flattened, loss: Loss) -> Statement:
    """Puts `reduce_loss(losses)` in the place of the call of `tf.losses` that it stands for."""
    term = loss.terms[0] if len(loss.terms) == 1 else None
    if term is None or term.reduce is None or term.losses != "losses":
        return statement
    call = parse(f"{term.reduce.name}({', '.join(term.reduce.parameters)})")

    def replaced(node: ast.AST) -> ast.expr | None:
        api = api_of(node, flat.facts)
        is_loss = api.startswith("tf.losses.") and not api.startswith("tf.losses.get_")
        return call if is_loss else None

    node = rebuilt(statement.node, replaced, lambda *_: None)
    return Statement(node, statement.modes, statement.comments)

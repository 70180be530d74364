"""Finds the hyperparameters among the numbers of a training step.

The graph is built again with another value of a hyperparameter: a number that is the value, and
becomes the other value, is the hyperparameter. Two hyperparameters of one value are told apart so,
and so is a literal of that value.
"""

import ast
import contextlib
import copy
import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from estimator_compat.ledger.values import LossTerm
from migrate.graph_reading import model_fn_names, runs
from migrate.targets import Target
from migrate.translating import copying
from migrate.translating.source_reader.object_attributes import constant_name
from migrate.translating.training_facts import (
    GradientChange,
    NamedNumber,
    OptimizerFact,
    TrainingFacts,
)

_NUMBER = re.compile(r"(?<![\w.\"'])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.\"'])")
_MOST = 12  # hyperparameters for which the graph is built again


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of a training step.

    Attributes:
      training: The update of the weights.
      penalties: The factors of the penalties in the loss.
      names: The sources of hyperparameters, by the factors that they are.
      computed: The sources of hyperparameters of which other numbers are computed.
    """

    training: TrainingFacts
    penalties: tuple[float, ...]
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    computed: tuple[str, ...] = ()


def numbers(training: TrainingFacts, terms: Sequence[LossTerm]) -> Numbers:
    """Returns the numbers of a training step, without names.

    Args:
      training: The update of the weights.
      terms: The terms of the loss.
    """
    factors = [
        float(step.value)
        for term in terms
        if term.is_penalty
        for step in term.steps
        if step.value is not None
    ]
    return Numbers(training=training, penalties=tuple(factors))


def named(found: Numbers, target: Target, read: Callable[[Target], Numbers]) -> Numbers:
    """Returns the numbers of a training step with the names of hyperparameters.

    Args:
      found: The numbers.
      target: The model_fn with its params.
      read: Builds the training graph of a target, and reads it.
    """
    known = {abs(_key(one)) for one in _all(found)}
    others: list[tuple[_Hyperparameter, Numbers]] = []
    computed = []
    for one in _candidates(target, known):
        try:
            with one.changing(target, one.name, one.other) as changed:
                other = read(changed)
        except Exception:  # the program does not take another value: its number stays
            continue
        if _shape(other) == _shape(found):
            others.append((one, other))
        if not _explains(one, found, other):
            computed.append(one.source)
    if not others:
        return dataclasses.replace(found, computed=tuple(computed))
    factors: dict[str, set[str]] = {}
    for place, factor in enumerate(found.penalties):
        pairs = [(one, other.penalties[place]) for one, other in others]
        factors.setdefault(_text(factor), set()).add(repr(_number(factor, pairs)))
    return dataclasses.replace(
        found,
        training=_named(found.training, [(one, other.training) for one, other in others]),
        names={k: next(iter(v)) for k, v in factors.items() if len(v) == 1 and not _is_number(v)},
        computed=tuple(computed),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Hyperparameter:
    """A hyperparameter: its source, its name, its value, and how to give it another one."""

    source: str
    name: str
    value: float
    changing: Callable[[Target, str, float], contextlib.AbstractContextManager[Target]]

    @property
    def other(self) -> float:
        """The other value."""
        return self.value + 1 if isinstance(self.value, int) else self.value * 0.75 or 0.25

    def written(self, one: float, other: float, *, is_float: bool) -> str:
        """Returns what stands for a number in source: "" if it is not the hyperparameter.

        Args:
          one: The number.
          other: What it is when the hyperparameter has the other value.
          is_float: Whether it must be a float.
        """
        source = (
            f"float({self.source})" if is_float and isinstance(self.value, int) else self.source
        )
        for sign, factor in (("", 1), ("-", -1)):
            if (_key(one), _key(other)) == (_key(factor * self.value), _key(factor * self.other)):
                return sign + source
        return ""


@contextlib.contextmanager
def _with_item(target: Target, name: str, value: float) -> Iterator[Target]:
    yield dataclasses.replace(target, params={**target.params, name: value})


@contextlib.contextmanager
def _with_attribute(target: Target, name: str, value: float) -> Iterator[Target]:
    params = copy.copy(target.params)
    setattr(params, name, value)
    yield dataclasses.replace(target, params=params)


@contextlib.contextmanager
def _set(owner: Any, name: str, value: float) -> Iterator[None]:
    """Gives an attribute another value for a while."""
    old = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, old)


@contextlib.contextmanager
def _with_flag(target: Target, name: str, value: float) -> Iterator[Target]:
    with _set(flags.FLAGS[name], "value", value):
        yield target


@contextlib.contextmanager
def _with_global(target: Target, name: str, value: float) -> Iterator[Target]:
    scope = runs.model_function(target).__globals__
    old, scope[name] = scope[name], value
    try:
        yield target
    finally:
        scope[name] = old


@contextlib.contextmanager
def _with_cell(target: Target, name: str, value: float) -> Iterator[Target]:
    with _set(_cells(target)[name], "cell_contents", value):
        yield target


@contextlib.contextmanager
def _with_own_attribute(target: Target, path: str, value: float) -> Iterator[Target]:
    """Changes an attribute of the object whose method the model_fn is."""
    *owners, name = path.split(".")[1:]
    with _set(functools.reduce(getattr, owners, runs.bound_method(target).__self__), name, value):
        yield target


@contextlib.contextmanager
def _with_attribute_of(owner: Any, target: Target, name: str, value: float) -> Iterator[Target]:
    """Changes an attribute of an object or class at the top level of the module."""
    with _set(owner, name, value):
        yield target


@contextlib.contextmanager
def _with_keyword(target: Target, name: str, value: float) -> Iterator[Target]:
    yield dataclasses.replace(target, model_fn=functools.partial(target.model_fn, **{name: value}))


def _cells(target: Target) -> dict[str, Any]:
    """Returns the cells of the variables of functions around the model_fn, by their names."""
    function = runs.model_function(target)
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def hyperparameters(target: Target) -> list[tuple[str, str, Any, Any]]:
    """Returns the source, name and value of each hyperparameter, and how to change its value.

    Args:
      target: The model_fn with its params.
    """
    params = target.params
    items = params if type(params) is dict else {}
    given: list[tuple[str, Any, Any, Any]] = [
        (f"PARAMS[{name!r}]", name, value, _with_item) for name, value in items.items()
    ]
    given += [
        (f"PARAMS.{name}", name, value, _with_attribute)
        for name, value in model_fn_names.param_attributes(params).items()
    ]
    given += [(f"FLAGS.{n}", n, flags.FLAGS[n].value, _with_flag) for n in _own_flags()]
    cells = _cells(target)
    around = model_fn_names.closure(runs.model_function(target), target.model_fn)
    given += [
        (name.upper(), name, value, _with_cell if name in cells else _with_keyword)
        for name, value in around.items()
    ]
    defined = runs.model_function(target).__globals__
    given += [
        (constant_name(path, defined), path, value, _with_own_attribute)
        for path, value in model_fn_names.attributes(target.model_fn).items()
    ]
    given += [
        (name, name, value, _with_global) for name, value in defined.items() if name.isupper()
    ]
    given += [
        (f"{name}.{attribute}", attribute, value, functools.partial(_with_attribute_of, owner))
        for name, owner in model_fn_names.settings(runs.model_function(target)).items()
        for attribute, value in vars(owner).items()
    ]
    return given


def _candidates(target: Target, known: set[np.float32]) -> list[_Hyperparameter]:
    """Returns the hyperparameters that may be among numbers, and items of `params`."""
    given = hyperparameters(target)
    found = [_Hyperparameter(*one) for one in given if type(one[2]) in (int, float)]
    likely = [one for one in found if abs(_key(one.value)) in known]
    items_too = [
        one
        for one in found
        if one not in likely
        and (one.changing is _with_item or isinstance(one.changing, functools.partial))
    ]
    return [*likely, *items_too][:_MOST]


def _own_flags() -> list[str]:
    """Returns the flags that the program itself defines: those of a library are not copied."""
    if not flags.FLAGS.is_parsed():
        return []
    trees = [ast.parse(Path(one).read_bytes()) for one in model_fn_names.own_modules()]
    defined = {copying.defined_flag(node) for tree in trees for node in tree.body}
    return [one for one in flags.FLAGS if one in defined]


def _key(number: float) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float32(number)  # type: ignore[no-any-return]


def _text(number: float) -> str:
    return repr(float(str(np.float32(number))))


def _is_number(sources: set[str]) -> bool:
    return any(_NUMBER.fullmatch(one.removeprefix("-")) for one in sources)


def _all(found: Numbers) -> Iterator[float]:
    """Yields the numbers of a training step."""
    for optimizer in found.training.optimizers:
        yield from (float(one) for one in optimizer.hyperparameters.values())
        yield from map(float, _NUMBER.findall(optimizer.rate))
    for change in found.training.changes:
        for values in change.numbers.values():
            yield from values
    if found.training.averages is not None:
        yield from map(float, _NUMBER.findall(found.training.averages.decay))
    yield from found.penalties


def _shape(found: Numbers) -> tuple[object, ...]:
    """Returns what the facts of two runs must have in common to be compared."""
    training = found.training
    return (
        [(one.kernel, list(one.hyperparameters)) for one in training.optimizers],
        [(one.kind, list(one.numbers)) for one in training.changes],
        training.averages is None,
        len(found.penalties),
    )


def _explains(hyperparameter: _Hyperparameter, one: Numbers, other: Numbers) -> bool:
    """Tells whether all that differs is the hyperparameter itself."""
    sources = [[_NUMBER.sub("", o.rate) for o in each.training.optimizers] for each in (one, other)]
    numbers, others = list(_all(one)), list(_all(other))
    same = _shape(one) == _shape(other) and sources[0] == sources[1]
    same = same and len(numbers) == len(others)
    return same and all(
        _key(a) == _key(b) or hyperparameter.written(a, b, is_float=True)
        for a, b in zip(numbers, others, strict=True)
    )


def _named(
    training: TrainingFacts, others: Sequence[tuple[_Hyperparameter, TrainingFacts]]
) -> TrainingFacts:
    def optimizer(index: int, fact: OptimizerFact) -> OptimizerFact:
        found = [(one, other.optimizers[index]) for one, other in others]
        rate = _source(fact.rate, [(one, other.rate) for one, other in found])
        is_number = rate != fact.rate and _NUMBER.fullmatch(fact.rate)
        return dataclasses.replace(
            fact,
            rate=rate,
            rate_number=fact.rate if is_number else "",
            hyperparameters={
                name: _number(value, [(one, other.hyperparameters[name]) for one, other in found])
                for name, value in fact.hyperparameters.items()
            },
        )

    def change(index: int, fact: GradientChange) -> GradientChange:
        found = [(one, other.changes[index].numbers) for one, other in others]
        made = {
            name: tuple(
                _number(value, [(one, other[name][place]) for one, other in found])
                for place, value in enumerate(values)
            )
            for name, values in fact.numbers.items()
        }
        return dataclasses.replace(fact, numbers=made)

    averages = training.averages
    if averages is not None:
        decays = [(one, other.averages.decay) for one, other in others if other.averages]
        averages = dataclasses.replace(averages, decay=_source(averages.decay, decays))
    return dataclasses.replace(
        training,
        optimizers=tuple(optimizer(*one) for one in enumerate(training.optimizers)),
        changes=tuple(change(*one) for one in enumerate(training.changes)),
        averages=averages,
    )


def _number(value: float | bool, others: Sequence[tuple[_Hyperparameter, float]]) -> float:
    for one, other in others:
        if not isinstance(value, bool) and (source := one.written(value, other, is_float=True)):
            return NamedNumber(value, source)
    return value


def _source(text: str, others: Sequence[tuple[_Hyperparameter, str]]) -> str:
    """Returns source with hyperparameters for the numbers that differ in other source."""
    count = len(_NUMBER.findall(text))
    given = [(one, _NUMBER.findall(other)) for one, other in others]
    places = iter(range(count))

    def name(match: re.Match[str]) -> str:
        number, place = match[0], next(places)
        for one, found in given:
            if len(found) == count:
                is_float = not number.isdigit()
                source = one.written(float(number), float(found[place]), is_float=is_float)
                if source:
                    return source
        return number

    return _NUMBER.sub(name, text)

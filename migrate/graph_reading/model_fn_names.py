"""What the source of a target's model_fn reads: names around it, attributes, flags, `params`."""

import argparse
import ast
import dataclasses
import dis
import functools
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
from absl import flags

from estimator_compat import package_files
from estimator_compat.facade.contrib.hparams import HParams
from migrate.graph_reading import kept_modules
from migrate.graph_reading.object_sources import ObjectSources
from migrate.graph_reading.recorded_facts import fact_of, nonlocals
from migrate.targets import Built, Target
from migrate.translating.expressions import is_plain
from migrate.translating.hyperparameters import namespace
from migrate.translating.source_reader.statements import loads, stores

# The arguments that an Estimator passes.
_SETTINGS = (HParams, argparse.Namespace)
_PASSED = ("features", "labels", "mode", "params", "config")


def objects(
    function: Callable[..., Any], model_fn: Callable[..., Any]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Returns the source of the objects around a function that have one."""
    found = {}
    for name, value in _around(function, model_fn).items():
        sources = ObjectSources()
        text = sources.source(value)
        if text is not None and not is_plain(fact_of(value)):
            found[name] = (text, tuple(sources.imports))
    return found


def closure(function: Callable[..., Any], model_fn: Callable[..., Any]) -> dict[str, Any]:
    """Returns the plain values of the names from functions around a function."""
    values = _around(function, model_fn)
    return {name: fact_of(v) for name, v in values.items() if is_plain(fact_of(v))}


def namespaces(
    function: Callable[..., Any], model_fn: Callable[..., Any]
) -> dict[str, dict[str, Any]]:
    """Returns the attributes of the objects around a function that have only plain ones."""
    values = _around(function, model_fn)
    found = {name: _plain_attributes(value) for name, value in values.items()}
    return {name: one for name, one in found.items() if one}


def _plain_attributes(value: Any) -> dict[str, Any]:
    """Returns the attributes of an object; {} if there are others than plain ones."""
    own = getattr(value, "__dict__", None)
    if not own or isinstance(value, type | types.ModuleType) or callable(value):
        return {}
    facts = {name: fact_of(one) for name, one in own.items()}
    return facts if all(is_plain(one) for one in facts.values()) else {}


def _around(function: Callable[..., Any], model_fn: Callable[..., Any]) -> dict[str, Any]:
    """Returns the names from functions around a function, and the arguments that are bound to it.

    Args:
      function: The function.
      model_fn: The function, or a `functools.partial` of it.
    """
    names = inspect.signature(function).parameters
    bound = {name: one.default for name, one in names.items() if one.default is not one.empty}
    keywords: list[Mapping[str, Any]] = []
    while isinstance(model_fn, functools.partial):
        keywords.append(model_fn.keywords)
        model_fn = model_fn.func
    for one in reversed(keywords):
        bound |= one
    code = getattr(function, "__code__", None)
    written = (
        {one.argval for one in dis.get_instructions(code) if one.opname == "STORE_FAST"}
        if code is not None
        else set()
    )
    passed = {name: one for name, one in bound.items() if name not in {*written, *_PASSED}}
    return {**nonlocals(function), **passed}


def attributes(model_fn: Any) -> dict[str, Any]:
    """Returns the plain attributes of the object whose method the model_fn is."""
    while hasattr(model_fn, "func"):
        model_fn = model_fn.func
    waiting = [("self", getattr(model_fn, "__self__", None))]
    found: dict[str, Any] = {}
    while waiting:
        path, owner = waiting.pop()
        if owner is None or path.count(".") > 3:
            continue
        for name, value in (vars(type(owner)) | getattr(owner, "__dict__", {})).items():
            fact = fact_of(value)
            if name.startswith("__") or inspect.isroutine(value):
                continue
            if is_plain(fact):
                found[f"{path}.{name}"] = fact
            elif not inspect.isroutine(value) and hasattr(value, "__dict__"):
                waiting.append((f"{path}.{name}", value))
    return found


def literals(function: Any) -> dict[str, str]:
    """Returns the source of constants that TF2 cannot compute as the legacy file does.

    They depend on the place of the file, are objects of `tf.contrib.training.HParams`, or were
    read from the command line by argparse.
    """
    with open(function.__code__.co_filename, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    assigned = [one for one in tree.body if isinstance(one, ast.Assign | ast.AnnAssign)]
    placed = set().union(*(stores(one) for one in assigned if "__file__" in loads(one.value)))
    values = {name: function.__globals__.get(name) for name in placed}
    found = {name: repr(value) for name, value in values.items() if isinstance(value, str)}
    made = {n: function.__globals__.get(n) for one in assigned for n in stores(one)}
    objects = {n: param_attributes(one) for n, one in made.items() if isinstance(one, _SETTINGS)}
    return found | {name: namespace(one) for name, one in objects.items()}


def settings(function: Any) -> dict[str, Any]:
    """Returns the objects and classes of a function's module that may hold hyperparameters.

    They are HParams, what argparse returns, and the module's own classes: `class C: rate = 0.1`.
    """
    return {
        name: value
        for name, value in function.__globals__.items()
        if isinstance(value, _SETTINGS)
        or (isinstance(value, type) and value.__module__ == function.__module__)
    }


def param_attributes(params: Any) -> dict[str, Any]:
    """Returns the plain attributes of hyperparameters that are an object."""
    if params is None or isinstance(params, Mapping) or not hasattr(params, "__dict__"):
        return {}
    return {
        name: value
        for name, value in vars(params).items()
        if not name.startswith("_") and is_plain(fact_of(value))
    }


def own_modules() -> dict[str, str]:
    """Returns the names of the program's own modules by their files: no installed package's."""
    return {
        path: name
        for path, name in kept_modules.names_by_file().items()
        if not package_files.is_installed(path)
        and (package_files.is_example(path) or not package_files.is_ours(path))
    }


def copied_modules() -> dict[str, str]:
    """Returns the names of the modules whose source is copied, by their files.

    They are the program's own, and those of installed packages that are TensorFlow 1 code: without
    the facade, they cannot be imported.
    """
    legacy = {
        path: name
        for path, name in kept_modules.names_by_file().items()
        if kept_modules.sees_facade(sys.modules[name])
    }
    return own_modules() | legacy


def tf2_names(modules: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Returns the names of TensorFlow 2 itself in modules, not those of the facade, by the files.

    Args:
      modules: The names of the modules by their files.
    """
    return {
        path: frozenset(one for one, value in vars(sys.modules[name]).items() if value is tf)
        for path, name in modules.items()
        if name in sys.modules
    }


def flag_values() -> dict[str, str]:
    """Returns the source of the values of flags that are not their defaults."""
    found = {}
    for name in flags.FLAGS if flags.FLAGS.is_parsed() else ():
        flag = flags.FLAGS[name]
        if flag.value != flag.default and is_plain(fact_of(flag.value)):
            found[name] = repr(flag.value)
    return found


def init_fns(built: Mapping[str, Built]) -> dict[str, tuple[str, str]]:
    """Returns the name and source of each Scaffold's `init_fn`."""
    found = {}
    for mode, one in built.items():
        function = getattr(one.spec.scaffold, "init_fn", None)
        while isinstance(function, functools.partial):
            function = function.func
        # A Scaffold wraps the function that it is given.
        cells = getattr(function, "__closure__", None) or ()
        inner = [one.cell_contents for one in cells if callable(one.cell_contents)]
        function = inner[0] if inner else function
        if function is None:
            continue
        try:
            source = textwrap.dedent(inspect.getsource(function)).rstrip()
        except (OSError, TypeError):
            source = "(its source is not there)"
        found[mode] = (getattr(function, "__name__", "init_fn"), source)
    return found


def without_estimator(target: Target) -> Target:
    """Returns the target whose model_fn is the program's own, where it is `Estimator.model_fn`."""
    function = target.model_fn
    if getattr(function, "__qualname__", "") != "Estimator.model_fn.<locals>.bound":
        return target
    estimator = inspect.getclosurevars(function).nonlocals["self"]
    return dataclasses.replace(
        target, model_fn=vars(estimator)["_model_fn"], params=estimator.params
    )

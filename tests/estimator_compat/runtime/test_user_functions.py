"""Which arguments a model_fn and an input_fn are called with; cases were run on TF 2.15.1 too."""

import functools
import itertools
from typing import Any

import pytest

from estimator_compat.runtime import user_functions


class Holder:
    def method(self, features, labels, mode):
        return "method"

    def __call__(self, features, labels, mode, params):
        return "object"

    @classmethod
    def of_class(cls, features, labels, mode):
        return "class"


def extra(a, features, labels, mode, b=2):
    return a, b


def keyword_only(features, labels, *, mode):
    return mode


def keyword_only_default(features, labels, mode, *, params="mine"):
    return params


def positional_default(features, labels, mode, params="mine"):
    return params


@functools.wraps(positional_default)
def wrapper(*args, **kwargs):
    return positional_default(*args, **kwargs)


@functools.wraps(positional_default)
def narrow_wrapper(features, labels, mode):
    return positional_default(features, labels, mode)


NAMES = {
    "function": (positional_default, "features labels mode params"),
    "method": (Holder().method, "features labels mode"),
    "class_method": (Holder.of_class, "features labels mode"),
    "object": (Holder(), "features labels mode params"),
    "lambda": (lambda features, mode: 1, "features mode"),
    "partial_positional": (functools.partial(extra, 1), "features labels mode b"),
    "partial_keyword": (functools.partial(extra, a=1, b=3), "features labels mode"),
    "partial_of_partial": (
        functools.partial(functools.partial(extra, 1), b=2),
        "features labels mode",
    ),
    "partial_of_method": (functools.partial(Holder().method), "features labels mode"),
    "partial_of_object": (functools.partial(Holder(), mode="x"), "features labels params"),
    "keyword_only": (keyword_only, "features labels mode"),
    "keyword_only_default": (keyword_only_default, "features labels mode"),
    "wraps": (wrapper, "features labels mode params"),
    "wraps_narrower": (narrow_wrapper, "features labels mode"),
    "any_positional": (lambda features, *more: 1, "features"),
    "any_keyword": (lambda features, **more: 1, "features"),
}


@pytest.mark.parametrize(("function", "names"), NAMES.values(), ids=NAMES)
def test_argument_names(function: Any, names: str) -> None:
    assert user_functions.argument_names(function) == tuple(names.split())


OPTIONAL = ("labels", "mode", "params", "config")


@pytest.mark.parametrize(
    "names",
    [names for n in range(5) for names in itertools.combinations(OPTIONAL, n)],
    ids=lambda names: "+".join(names) or "features",
)
def test_a_model_fn_gets_the_arguments_it_names(names: tuple[str, ...]) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def model_fn({', '.join(('features', *names))}): return locals()", namespace)
    given: dict[str, Any] = {
        "labels": "L" if "labels" in names else None,
        "mode": "M",
        "params": {},
        "config": "C",
    }
    got = user_functions.call_model_fn(
        namespace["model_fn"], "F", given["labels"], mode="M", params={}, config="C"
    )
    assert got == {"features": "F", **{name: given[name] for name in names}}


INPUT_FNS = {
    "nothing": (lambda: "read", "read"),
    "mode": (lambda mode: {"mode": mode}, {"mode": "M"}),
    "params": (lambda params: {"params": params}, {"params": {"a": 1}}),
    "config": (lambda config: {"config": config}, {"config": "C"}),
    "all": (lambda mode, params, config: (mode, params, config), ("M", {"a": 1}, "C")),
    "partial": (functools.partial(lambda n, params: (n, params), 2), (2, {"a": 1})),
    "default_taken": (lambda mode="mine": mode, "M"),
    "keyword_only_default_kept": (lambda *, mode="mine": mode, "mine"),
    "unknown_default_kept": (lambda size=3: size, 3),
}


@pytest.mark.parametrize(("input_fn", "got"), INPUT_FNS.values(), ids=INPUT_FNS)
def test_an_input_fn_gets_the_arguments_it_names(input_fn: Any, got: Any) -> None:
    assert user_functions.call_input_fn(input_fn, mode="M", params={"a": 1}, config="C") == got


def test_an_input_fn_gets_an_input_context_where_there_is_one() -> None:
    given: dict[str, Any] = {"mode": "M", "params": {}, "config": "C"}

    def input_fn(mode: Any, input_context: Any = None) -> Any:
        return mode, input_context

    assert user_functions.call_input_fn(input_fn, **given) == ("M", None)
    assert user_functions.call_input_fn(input_fn, **given, input_context="I") == ("M", "I")
    assert user_functions.call_input_fn(lambda mode: mode, **given, input_context="I") == "M"


def test_a_keyword_only_default_is_kept() -> None:
    called = user_functions.call_model_fn(
        keyword_only_default, "F", "L", mode="M", params={"a": 1}, config="C"
    )
    assert called == "mine"


REFUSED = {
    "none": (None, None, ValueError, "pass one"),
    "not_callable": (5, None, TypeError, "pass the function, not its result"),
    "no_features": (lambda x, mode: 1, None, ValueError, "rename its first argument to `features`"),
    "no_params": (lambda features: 1, {"a": 1}, ValueError, "leave `params=` out"),
    "empty_params": (lambda features: 1, {}, ValueError, "add a `params` argument"),
    "bound_params": (
        functools.partial(positional_default, params={}),
        {"a": 1},
        ValueError,
        "add a `params` argument",
    ),
    "unknown": (lambda features, size: 1, None, ValueError, r"\['size'\].*functools.partial"),
    "unknown_default": (functools.partial(extra, 1), None, ValueError, r"\['b'\].*functools"),
    "a_class": (Holder, None, ValueError, "rename its first argument to `features`"),
}


@pytest.mark.parametrize(("model_fn", "params", "error", "advice"), REFUSED.values(), ids=REFUSED)
def test_refused_model_fns(model_fn: Any, params: Any, error: Any, advice: str) -> None:
    with pytest.raises(error, match=advice):
        user_functions.verify_model_fn(model_fn, params)


@pytest.mark.parametrize("function", [f for f, _ in NAMES.values()], ids=NAMES)
def test_accepted_model_fns(function: Any) -> None:
    if "b" not in user_functions.argument_names(function):
        user_functions.verify_model_fn(function, None)


def test_params_that_are_not_given_are_only_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="tensorflow"):
        user_functions.verify_model_fn(positional_default, None)
    assert "params are not passed to Estimator" in caplog.text


def test_labels_for_a_model_fn_without_them() -> None:
    with pytest.raises(ValueError, match="add a `labels` argument to the model_fn"):
        user_functions.call_model_fn(lambda features: 1, "F", "L", mode="M", params={}, config="C")


def test_an_input_fn_that_is_no_function() -> None:
    with pytest.raises(TypeError, match="wrap the data: `lambda: dataset`"):
        user_functions.call_input_fn(5, mode="M", params={}, config="C")  # type: ignore[arg-type]

"""Records of a run as facts: frozen values without TensorFlow's objects."""

import contextlib
import inspect
import sys
import types
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import package_files
from migrate.graph_reading import column_sources
from migrate.graph_reading.api_names import api_name, space_name
from migrate.graph_reading.call_recorder import Record
from migrate.mappings import initializers
from migrate.translating.facts import (
    Call,
    Callee,
    ColumnFact,
    FunctionFact,
    InitializerFact,
    Span,
    TensorFact,
    Unknown,
    VariableFact,
)

_LAYERS = ("tf.layers.", "tf.keras.layers.", "tf.nn.dynamic_rnn", "tf.nn.bidirectional_dynamic_rnn",
           "tf.contrib.layers.")  # fmt: skip
_PLAIN = (bool, int, float, str, bytes, type(None))


def call_of(record: Record) -> Call:
    """Converts a record and the records in it."""
    return Call(
        span=record.span or Span("", 0, 0, 0, 0),
        callee=_callee(record.function),
        arguments={name: fact_of(value) for name, value in _arguments(record).items()},
        result=fact_of(record.result),
        iterations=record.iterations,
        variables=tuple(variable_of(variable) for variable in record.variables),
        reads=_reads(record),
        scope=record.scope,
        calls=tuple(call_of(call) for call in record.calls),
        values={span: fact_of(value) for span, value in record.values.items()},
        branches={span: tuple(values) for span, values in record.branches.items()},
        operations=record.operations,
    )


def _reads(record: Record) -> tuple[str, ...]:
    """Returns the variables that a layer reads and that were there before its call."""
    first, end = record.operations
    if first == end or record.variables or not _is_layer(record.function):
        return ()
    names: dict[str, None] = {}
    for operation in tf1.get_default_graph().get_operations()[first:end]:
        for source in operation.inputs:
            made = source.op
            if made.type in ("Identity", "ReadVariableOp") and made.inputs:
                made = made.inputs[0].op
            if made.type in ("VarHandleOp", "VariableV2"):
                names[made.name] = None
    return tuple(names)


def _is_layer(function: Any) -> bool:
    return _callee(function).api.startswith(_LAYERS)


def variable_of(variable: Any) -> VariableFact:
    """Converts a variable."""
    return VariableFact(
        name=variable.op.name,
        dtype=variable.dtype.base_dtype.name,
        shape=tuple(variable.shape.as_list()),
        trainable=any(variable is one for one in tf1.trainable_variables()),
    )


def fact_of(value: Any) -> Any:
    """Converts a value: plain Python values stay, tensors become `TensorFact`s."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, types.ModuleType):  # one of the facade has any attribute
        return Unknown(space_name(value) or "module")
    if column_sources.is_column(value):
        fields = {name: _setting(getattr(value, name)) for name in value._fields}
        return ColumnFact(kind=type(value).__name__, name=value.name, fields=fields)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(fact_of(one) for one in value)
    if isinstance(value, dict):
        return {key: fact_of(one) for key, one in value.items()}
    if isinstance(value, type):
        return Unknown(api_name(value) or value.__name__)
    if isinstance(value, tf.Variable) or tf.is_tensor(value) or hasattr(value, "dense_shape"):
        return _tensor(value)
    if isinstance(value, tf.DType):
        return Unknown(f"tf.{value.name}")
    if isinstance(value, tf.TensorShape):
        return tuple(value.as_list()) if value.rank is not None else Unknown("a TensorShape")
    if isinstance(value, types.FunctionType) and not api_name(value):
        return _function(value)
    if callable(value):
        return Unknown(api_name(value) or getattr(value, "__name__", type(value).__name__))
    if hasattr(value, "tolist") and getattr(value, "ndim", 1) == 0:
        return value.item()
    return Unknown(type(value).__name__)


def _setting(value: Any) -> Any:
    """Converts a setting of a feature column, which may be an initializer."""
    api = api_name(type(value))
    if api not in initializers.ROWS:
        return fact_of(value)
    config = {name: fact_of(one) for name, one in value.get_config().items()}
    return InitializerFact(api=api, config=config)


def _function(function: types.FunctionType) -> FunctionFact | Unknown:
    code = function.__code__
    if _is_foreign(code.co_filename):
        return Unknown(function.__name__)
    parameters = inspect.signature(function).parameters.values()
    values = {one.name: one.default for one in parameters if one.default is not one.empty}
    values |= nonlocals(function)
    return FunctionFact(
        name=function.__name__,
        span=Span(code.co_filename, code.co_firstlineno, 0, 0, 0),
        values={name: one for name, one in values.items() if isinstance(one, _PLAIN)},
    )


def nonlocals(function: Any) -> dict[str, Any]:
    """Returns the values of the names from functions around a function, as far as they have one."""
    names, cells = function.__code__.co_freevars, function.__closure__ or ()
    found = {}
    for name, cell in zip(names, cells, strict=True):
        with contextlib.suppress(ValueError):  # the function around it has not assigned it yet
            found[name] = cell.cell_contents
    return found


def _tensor(value: Any) -> TensorFact:
    shape = getattr(value, "shape", None)
    known = None if shape is None or shape.rank is None else tuple(shape.as_list())
    name = getattr(value, "name", "")
    if isinstance(value, tf.Variable):
        name = value.op.name
    return TensorFact(value.dtype.base_dtype.name, known, name)


def _callee(function: Any) -> Callee:
    name = getattr(function, "__name__", type(function).__name__)
    api = api_name(function)
    method = _own_method(function)
    if method is not None and not api:
        span = Span(method.__code__.co_filename, method.__code__.co_firstlineno, 0, 0, 0)
        return Callee(name=name, span=span, makes=isinstance(function, type))
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if api or not isinstance(code, types.CodeType) or _is_foreign(code.co_filename):
        owner = getattr(function, "__self__", None)
        if not api and owner is not None and not isinstance(owner, types.ModuleType):
            api = api_name(type(owner))
            api = f"{api}.{name}" if api else ""
        elif not api and not isinstance(function, types.FunctionType | type):
            api = api_name(type(function))  # an object that is called, such as a layer
            api = f"{api}.__call__" if api else ""
        return Callee(api=api, name=name, ours="" if api else _ours(function, code))
    return Callee(name=name, span=Span(code.co_filename, code.co_firstlineno, 0, 0, 0))


def _own_method(function: Any) -> Any:
    """Returns the `__init__` of a class of the user's, or the `__call__` of an object of one."""
    if isinstance(function, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        return None
    made = isinstance(function, type)
    owner, name = (function, "__init__") if made else (type(function), "__call__")
    method = next((vars(one)[name] for one in owner.__mro__ if name in vars(one)), None)
    if not isinstance(method, types.FunctionType) or _is_foreign(method.__code__.co_filename):
        return None
    return method


def _ours(function: Any, code: Any) -> str:
    """Returns the qualified name of a function of this project; "" for others."""
    is_ours = isinstance(code, types.CodeType) and package_files.is_ours(code.co_filename)
    return str(function.__qualname__) if is_ours else ""


def _is_foreign(path: str) -> bool:
    ours = package_files.is_ours(path) and not package_files.is_example(path)
    is_compiled = not path.endswith(".py") and not path.startswith("<")  # such as `mtrand.pyx`
    return ours or is_compiled or package_files.is_framework(path)


def _arguments(record: Record) -> dict[str, Any]:
    """Returns the arguments of a call, those that an `arg_scope` sets among them."""
    arguments = _bound(record)
    scoped = _scoped(record, record.function)
    arguments |= {name: value for name, value in scoped.items() if name not in arguments}
    normalizer = arguments.get("normalizer_fn")
    if normalizer is not None:
        given = arguments.get("normalizer_params") or {}
        arguments["normalizer_params"] = {**_scoped(record, normalizer), **given}
    return arguments


def _scoped(record: Record, function: Any) -> dict[str, Any]:
    if not record.arg_scope or not hasattr(function, "_key_op"):
        return {}
    slim: Any = sys.modules["tf_slim.ops.arg_scope"]
    return dict(record.arg_scope.get(slim.arg_scope_func_key(function), {}))


def _bound(record: Record) -> dict[str, Any]:
    try:
        bound = inspect.signature(record.function).bind(*record.arguments, **record.keywords)
    except (TypeError, ValueError):
        names = [str(index) for index in range(len(record.arguments))]
        return {**dict(zip(names, record.arguments, strict=True)), **record.keywords}
    arguments = dict(bound.arguments)
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(name, {}))
    return arguments

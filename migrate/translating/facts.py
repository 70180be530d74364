"""What a run of a model_fn showed, as values: the calls in its source, and what they made.

The source of a model_fn does not say what `units` is, which branch a mode takes, or how a variable
is named. A run does. `migrate.graph_reading` makes these values; the source reader looks them up by
`Span`.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Span:
    """The place of an expression or statement in a file, as `ast` counts lines and columns."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclasses.dataclass(frozen=True, slots=True)
class TensorFact:
    """A tensor: its dtype's name and its static shape, with None for an unknown size.

    Attributes:
      dtype: Such as "float32".
      shape: None if the rank is not known.
      name: The name of the tensor in the graph; a variable's own name, without ":0".
    """

    dtype: str
    shape: tuple[int | None, ...] | None
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """A value that has no source form, such as an object."""

    description: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFact:
    """A Python function that was passed on.

    Attributes:
      name: Its name, such as "<lambda>".
      span: Its file, and its first line.
      values: The defaults of its parameters, and the values of the names around it.
    """

    name: str
    span: Span
    values: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InitializerFact:
    """An initializer in the settings of a feature column.

    Attributes:
      api: The public name of its class, such as "tf.random_uniform_initializer".
      config: What it was made with, by the names of the parameters.
    """

    api: str
    config: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFact:
    """A feature column.

    Attributes:
      kind: Its class, such as "NumericColumn".
      name: Its name.
      fields: Its settings; those that are columns are `ColumnFact`s.
    """

    kind: str
    name: str
    fields: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Callee:
    """What was called.

    Attributes:
      api: The public name of a function or class of TensorFlow, such as "tf.layers.dense"; ""
        for the user's own functions and for methods.
      name: The name of the function.
      span: Where the user's function is defined; None for others. For a class, its `__init__`; for
        an object that is called, its `__call__`.
      makes: Whether it is a class.
      ours: The qualified name of a function or method of estimator_compat without an `api`, such
        as "BinaryClassHead.loss"; "" for others.
    """

    api: str = ""
    name: str = ""
    span: Span | None = None
    makes: bool = False
    ours: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VariableFact:
    """A variable that the model_fn made.

    Attributes:
      name: Its name in checkpoints, such as "dense/kernel".
      dtype: The dtype's name.
      shape: The static shape.
      trainable: Whether it is in TRAINABLE_VARIABLES.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    trainable: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One execution of a call in the source.

    Attributes:
      span: The call expression.
      callee: What was called.
      arguments: The values by the names of the parameters that they were passed to, as the
      signature
        binds them. Tensors are `TensorFact`s, Python values are themselves.
      result: The returned value.
      iterations: The loops around the call within its function, with the number of the iteration.
      variables: The variables that the call made.
      reads: The names of the variables that a layer read and that were made before.
      scope: The variable scope in which the call was made.
      calls: The calls that this call made in the user's source, in order.
      branches: For each condition evaluated in the function called: its values, in order.
      values: What the function called assigned and returned, by the span of the expression, and the
        items of what its loops iterated over.
      operations: The numbers of the graph's operations that it made: the first one, and the one
        after the last.
    """

    span: Span
    callee: Callee
    arguments: Mapping[str, Any]
    result: Any
    iterations: tuple[tuple[Span, int], ...]
    variables: tuple[VariableFact, ...]
    reads: tuple[str, ...]
    scope: str
    calls: tuple["Call", ...]
    branches: Mapping[Span, tuple[bool, ...]]
    values: Mapping[Span, Any]
    operations: tuple[int, int] = (0, 0)

    def walk(self) -> Iterator["Call"]:
        """Yields the call, then all calls in it, in the order in which they began."""
        yield self
        for call in self.calls:
            yield from call.walk()

"""The layers and variables of a model, as they are read."""

import ast
import dataclasses

from migrate.translating.source_reader.statements import Statement


@dataclasses.dataclass(slots=True)
class Attribute:
    """A layer or variable of the model, made once.

    Attributes:
      name: Without `self.`.
      value: The expression that makes it.
      loop: The loop of the forward pass in which it is used, if it is a list with one element for
        each iteration.
    """

    name: str
    value: ast.expr
    loop: ast.For | None = None


@dataclasses.dataclass(slots=True)
class ModelPart:
    """The model.

    Attributes:
      attributes: Its layers and variables, in the order of the forward pass.
      definitions: Functions that make initializers, by their names.
      variables: The expressions for the variables, by their legacy names.
      trainable: The legacy names of the trainable variables.
      statements: All statements of the model_fn, with the layers in their places.
      constants: What is made once for the module, such as lookup tables, by name.
      moving: The legacy names of the variables that the layers move in training.
      classes: The source of the classes that the attributes need, such as RNN cells.
    """

    attributes: list[Attribute]
    definitions: dict[str, ast.expr]
    variables: dict[str, str]
    trainable: list[str]
    statements: list[Statement]
    constants: dict[str, ast.expr]
    classes: list[str]
    moving: list[str] = dataclasses.field(default_factory=list)
    methods: list[str] = dataclasses.field(default_factory=list)
    functions: list[str] = dataclasses.field(default_factory=list)

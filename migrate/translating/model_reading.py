"""The forward pass as a Keras model: its layers made once, its statements as they were."""

import ast
import copy
import dataclasses
import re
from collections.abc import Mapping, Sequence

from migrate.mappings import initializers, layers
from migrate.translating.expressions import (
    ToTf2,
    api_of,
    bind,
    calls_of,
    is_plain,
    parse,
    substitute,
)
from migrate.translating.facts import Call, VariableFact
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import TRAINING, Flattened
from migrate.translating.source_reader.statements import Statement, loads, stores

# Attributes that a Keras model has already.
_RESERVED = frozenset(
    "weights variables layers name dtype inputs outputs input output loss metrics optimizer "
    "trainable losses call build fit compile evaluate predict stop_training training".split()
)
_GET_VARIABLE = (
    "name", "shape", "dtype", "initializer", "regularizer", "trainable", "collections",
    "caching_device", "partitioner", "validate_shape", "use_resource", "custom_getter",
    "constraint", "synchronization", "aggregation",
)  # fmt: skip
_DROPOUT = layers.LayerRow(
    legacy="tf.nn.dropout",
    keras="Dropout",
    parameters=("x", "keep_prob", "noise_shape", "seed", "name", "rate"),
    takes_training=True,
    fallback="dropout",
)


@dataclasses.dataclass(slots=True)
class Attribute:
    """A layer, variable or table of the model, made once.

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
    """

    attributes: list[Attribute]
    definitions: dict[str, ast.expr]
    variables: dict[str, str]
    trainable: list[str]
    statements: list[Statement]


@dataclasses.dataclass(slots=True)
class _Use:
    """A call that applies a layer or makes a variable."""

    node: ast.Call
    api: str
    calls: list[Call]
    statement: Statement
    loop: ast.For | None
    name: str = ""

    @property
    def variables(self) -> list[VariableFact]:
        names: dict[str, VariableFact] = {}
        for call in self.calls:
            names |= {one.name: one for one in call.variables}
        return list(names.values())


def read(flat: Flattened, aliases: Sequence[str]) -> ModelPart:
    """Reads the model off the flattened model_fn, whose statements are changed.

    Raises:
      Refusal: A layer is used in a way that has no equal in Keras.
    """
    return _Reading(flat, aliases).run()


class _Reading:
    def __init__(self, flat: Flattened, aliases: Sequence[str]) -> None:
        self.flat, self.aliases = flat, aliases
        self.path = flat.files[0].path
        self.uses: list[_Use] = []
        self.definitions: dict[str, ast.expr] = {}
        self.part = ModelPart([], {}, {}, [], flat.statements)

    def run(self) -> ModelPart:
        for statement in self.flat.statements:
            loop = statement.node if isinstance(statement.node, ast.For) else None
            self._collect(statement.node, statement, loop)
        self._name_all()
        for use in self.uses:
            self._add(use)
        by_node = {id(use.node): use for use in self.uses}

        def replace(node: ast.Call, api: str) -> ast.expr | None:
            use = by_node.get(id(node))
            return None if use is None else self._applied(use)

        rewrite = ToTf2(self.flat.facts, self.aliases, replace)
        for statement in self.flat.statements:
            if _is_dropout_alone(statement, by_node):
                statement.modes = frozenset(("train", "eval", "infer"))
            statement.node = self._loop_over_layers(rewrite.visit(statement.node))
        self.flat.returned.update(
            {mode: rewrite.visit(node) for mode, node in self.flat.returned.items()}
        )
        self._drop_made(self.flat.statements)
        self.part.definitions = self.definitions
        return self.part

    def _collect(self, node: ast.AST, statement: Statement, loop: ast.For | None) -> None:
        """Finds the uses in the order in which they are evaluated."""
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            return
        for child in ast.iter_child_nodes(node):
            self._collect(child, statement, loop)
        if isinstance(node, ast.Call):
            api = api_of(node, self.flat.facts)
            if api in layers.ROWS or api in ("tf.get_variable", "tf.nn.dropout"):
                calls = calls_of(node, self.flat.facts)
                self.uses.append(_Use(node, api, calls, statement, loop))

    def _name_all(self) -> None:
        wanted: dict[int, str] = {}
        for index, use in enumerate(self.uses):
            path = _path(use)
            if path:
                wanted[index] = path
        taken: set[str] = set(_RESERVED)
        paths = list(wanted.values())
        for index, use in enumerate(self.uses):
            if index in wanted:
                use.name = _shortest(wanted[index], paths, taken)
            else:
                use.name = _numbered(_row(use.api).fallback, taken)
            if use.name in _RESERVED or use.name.rpartition("_")[0] in _RESERVED:
                use.name = _numbered(use.name.rpartition("_")[0] + "_layer", taken)
            if use.loop is not None and use.variables:
                use.name = _numbered(re.sub(r"_?\d+$", "", use.name) + "_layers", taken)
            taken.add(use.name)

    def _add(self, use: _Use) -> None:
        value = self._variable(use) if use.api == "tf.get_variable" else self._layer(use)
        listed = use.loop if use.loop is not None and use.variables else None
        self.part.attributes.append(Attribute(use.name, value, listed))
        if use.api == "tf.get_variable":
            for one in use.variables:
                self._variable_at(one, f"{use.name}")
            return
        row = _row(use.api)
        groups: dict[str, list[VariableFact]] = {}
        for one in use.variables:
            groups.setdefault(one.name.rpartition("/")[0], []).append(one)
        for index, group in enumerate(groups.values()):
            base = f"{use.name}[{index}]" if listed is not None else use.name
            for one in group:
                attribute = row.variables.get(one.name.rpartition("/")[2])
                if attribute is None or (listed is None and index):
                    raise self._refusal(use.node, f"the variable {one.name} has no place in Keras")
                self._variable_at(one, f"{base}.{attribute}")

    def _variable_at(self, fact: VariableFact, expression: str) -> None:
        self.part.variables[fact.name] = expression
        if fact.trainable:
            self.part.trainable.append(fact.name)

    def _layer(self, use: _Use) -> ast.expr:
        row = _row(use.api)
        arguments = bind(use.node, row.parameters)
        arguments.pop(row.parameters[0], None)
        arguments.pop("training", None)
        keywords = []
        if use.api == "tf.nn.dropout":
            arguments = self._dropout_rate(use, arguments)
        for name, value in arguments.items():
            plain = _literal(value)
            if name in row.dropped:
                if plain != row.dropped[name]:
                    raise self._refusal(use.node, f"`{name}` of {use.api} has no equal in Keras")
                continue
            if value is None or (isinstance(value, ast.Constant) and value.value is None):
                continue
            if name == "name" and not isinstance(value, ast.Constant):
                continue
            if name.endswith("_regularizer"):
                continue  # the loss has it as a term of its own
            made = self._argument(use, name, value)
            keywords.append(ast.keyword(arg=row.renamed.get(name, name), value=made))
        dtypes = {one.dtype for one in use.variables} - {"float32"}
        if dtypes:
            keywords.append(ast.keyword(arg="dtype", value=ast.Constant(value=dtypes.pop())))
        positional = _positional(row, keywords)
        return ast.Call(
            func=parse(f"keras.layers.{row.keras}"),
            args=[one.value for one in positional],
            keywords=[one for one in keywords if one not in positional],
        )

    def _dropout_rate(self, use: _Use, arguments: dict[str, ast.expr]) -> dict[str, ast.expr]:
        """`tf.nn.dropout` has the probability to keep."""
        if "rate" in arguments:
            return {"rate": arguments["rate"]}
        kept = {call.arguments.get("keep_prob") for call in use.calls}
        if len(kept) != 1 or not isinstance(next(iter(kept)), float | int):
            raise self._refusal(use.node, "`keep_prob` is no number")
        return {"rate": ast.Constant(value=round(1.0 - next(iter(kept)), 12))}

    def _variable(self, use: _Use) -> ast.expr:
        arguments = bind(use.node, _GET_VARIABLE)
        [fact] = use.variables[:1] or [None]
        if fact is None:
            raise self._refusal(use.node, "this variable is made elsewhere, and shared")
        shape = arguments.get("shape")
        made = self._argument(use, "shape", shape) if shape is not None else None
        if made is None or (isinstance(made, ast.List) and len(made.elts) != len(fact.shape)):
            made = parse(repr(list(fact.shape)))
        keywords = [ast.keyword(arg="shape", value=made)]
        if "initializer" in arguments:
            value = self._argument(use, "initializer", arguments["initializer"])
            keywords.append(ast.keyword(arg="initializer", value=value))
        if fact.dtype != "float32":
            keywords.append(ast.keyword(arg="dtype", value=ast.Constant(value=fact.dtype)))
        if not fact.trainable:
            keywords.append(ast.keyword(arg="trainable", value=ast.Constant(value=False)))
        return ast.Call(func=parse("self.add_weight"), args=[], keywords=keywords)

    def _argument(self, use: _Use, name: str, value: ast.expr) -> ast.expr:
        """Returns an argument as `__init__` can compute it."""
        if name.endswith("initializer"):
            made = self._initializer(use, value)
            if made is not None:
                return made
        resolved = self._static(value, use)
        if resolved is not None:
            rewrite = ToTf2(self.flat.facts, self.aliases)
            made_expression: ast.expr = rewrite.visit(copy.deepcopy(resolved))
            return made_expression
        seen = [call.arguments.get(name) for call in use.calls]
        seen = [list(one) if isinstance(one, tuple) else one for one in seen]
        if seen and all(one == seen[0] for one in seen) and is_plain(seen[0]):
            return parse(repr(seen[0]))
        if name == "shape" and use.variables:
            return parse(repr(list(use.variables[0].shape)))
        raise self._refusal(use.node, f"`{name}` depends on the batch")

    def _static(self, value: ast.expr, use: _Use) -> ast.expr | None:
        """Replaces local names by what they were assigned; None if that depends on a tensor."""
        local = self._locals(use)
        for _ in range(20):
            names = loads(value) & set(local)
            if use.loop is not None:
                names -= stores(use.loop.target)
            if not names:
                return None if loads(value) & {"features", "labels"} else value
            definitions = {name: local[name] for name in names}
            if any(one is None for one in definitions.values()):
                return None
            value = substitute(value, {k: v for k, v in definitions.items() if v is not None})
        return None

    def _locals(self, use: _Use) -> dict[str, ast.expr | None]:
        """Returns the local names before a use: their values, or None if these are no expressions."""
        found: dict[str, ast.expr | None] = {}
        for statement in self.flat.statements:
            for name in stores(statement.node):
                value = None
                node = statement.node
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    value = node.value if len(node.targets) == 1 else None
                if name in found:
                    value = None
                found[name] = value
            if statement is use.statement:
                break
        return found

    def _initializer(self, use: _Use, value: ast.expr) -> ast.expr | None:
        """Returns a new Keras initializer: one for each weight, because they share their numbers."""
        if isinstance(value, ast.Name):
            definition = self._locals(use).get(value.id)
            made = self._new_initializer(definition) if definition is not None else None
            if made is None:
                return None
            self.definitions[value.id] = made
            return parse(f"{value.id}()")
        return self._new_initializer(value)

    def _new_initializer(self, value: ast.expr) -> ast.expr | None:
        row = initializers.ROWS.get(api_of(value, self.flat.facts))
        if row is None or not isinstance(value, ast.Call):
            return None
        arguments = bind(value, row.parameters)
        for name in row.dropped:
            arguments.pop(name, None)
        for name, default in row.defaults.items():
            arguments.setdefault(name, parse(default))
        if not arguments and row.keras in ("Zeros", "Ones"):
            return ast.Constant(value=row.keras.lower())
        return ast.Call(
            func=parse(f"keras.initializers.{row.keras}"),
            args=[],
            keywords=[ast.keyword(arg=k, value=v) for k, v in arguments.items()],
        )

    def _applied(self, use: _Use) -> ast.expr:
        """Returns the use in the forward pass, such as `self.dense(x)`."""
        place: ast.expr = parse(f"self.{use.name}")
        if use.loop is not None and use.variables:
            place = ast.Name(id=_element(use.name), ctx=ast.Load())
        if use.api == "tf.get_variable":
            return place
        row = _row(use.api)
        inputs = bind(use.node, row.parameters)[row.parameters[0]]
        rewrite = ToTf2(self.flat.facts, self.aliases, self._replace)
        call = ast.Call(func=place, args=[rewrite.visit(inputs)], keywords=[])
        if row.takes_training:
            call.keywords = [ast.keyword(arg="training", value=parse(TRAINING))]
        return call

    def _replace(self, node: ast.Call, api: str) -> ast.expr | None:
        use = next((one for one in self.uses if one.node is node), None)
        return None if use is None else self._applied(use)

    def _loop_over_layers(self, node: ast.stmt) -> ast.stmt:
        if not isinstance(node, ast.For):
            return node
        lists = [use.name for use in self.uses if use.loop is node and use.variables]
        if not lists:
            return node
        read = set().union(*(loads(one) for one in node.body))
        targets: list[ast.expr] = [ast.Name(id=_element(n), ctx=ast.Store()) for n in lists]
        iterated: list[ast.expr] = [parse(f"self.{name}") for name in lists]
        if read & stores(node.target):
            targets.insert(0, node.target)
            iterated.insert(0, node.iter)
        new = copy.copy(node)
        if len(targets) == 1:
            new.target, new.iter = targets[0], iterated[0]
            return new
        new.target = ast.Tuple(elts=targets, ctx=ast.Store())
        strict = ast.keyword(arg="strict", value=ast.Constant(value=True))
        new.iter = ast.Call(func=parse("zip"), args=iterated, keywords=[strict])
        return new

    def _drop_made(self, statements: list[Statement]) -> None:
        """Puts `self.table` in the place of `table`, where a statement only makes a variable."""
        values: dict[str, ast.expr] = {}
        kept = []
        for statement in statements:
            node = statement.node
            if values:
                statement.node = node = substitute(node, values, copied=False)
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Attribute)
                and any(
                    use.api == "tf.get_variable" and ast.unparse(node.value) == f"self.{use.name}"
                    for use in self.uses
                )
            ):
                values[node.targets[0].id] = node.value
                continue
            kept.append(statement)
        statements[:] = kept

    def _refusal(self, node: ast.AST, reason: str) -> Refusal:
        return Refusal(reason, path=self.path, line=getattr(node, "lineno", 0))


def _row(api: str) -> layers.LayerRow:
    return _DROPOUT if api == "tf.nn.dropout" else layers.ROWS[api]


def _positional(row: layers.LayerRow, keywords: list[ast.keyword]) -> list[ast.keyword]:
    """Returns the arguments that one writes without their names: the sizes of a layer."""
    first = ("units", "filters", "kernel_size", "rate", "pool_size", "strides")
    chosen = []
    for name in row.parameters[1:]:
        found = [one for one in keywords if one.arg == name]
        if not found or name not in first[: len(first)]:
            break
        chosen += found
    return chosen


def _literal(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except ValueError:
        return value


def _path(use: _Use) -> str:
    """Returns the scope of a layer, or the name of a variable, such as "attention/query"."""
    if not use.variables:
        return ""
    name = use.variables[0].name
    return name if use.api == "tf.get_variable" else name.rpartition("/")[0]


def _shortest(path: str, paths: Sequence[str], taken: set[str]) -> str:
    """Returns the shortest end of a path that no other path has, as a name."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        name = _identifier("_".join(parts[-count:]))
        others = [
            _identifier("_".join(other.split("/")[-count:])) for other in paths if other != path
        ]
        if name not in others and name not in taken:
            return name
    return _numbered(_identifier("_".join(parts)), taken)


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text)
    return f"_{name}" if name[:1].isdigit() else name


def _numbered(name: str, taken: set[str]) -> str:
    new, number = name, 1
    while new in taken:
        new, number = f"{name}_{number}", number + 1
    return new


def _element(name: str) -> str:
    """Returns the name for one layer of a list, such as "dense" for "dense_layers"."""
    return name.removesuffix("_layers")


def _is_dropout_alone(statement: Statement, uses: Mapping[int, _Use]) -> bool:
    """Tells whether a statement of TRAIN only applies dropout to a name: `x = dropout(x)`."""
    node = statement.node
    if statement.modes != frozenset(("train",)) or not isinstance(node, ast.Assign):
        return False
    use = uses.get(id(node.value))
    if use is None or not _row(use.api).takes_training:
        return False
    inputs = bind(use.node, _row(use.api).parameters)[_row(use.api).parameters[0]]
    target = node.targets[0]
    return isinstance(inputs, ast.Name) and isinstance(target, ast.Name) and inputs.id == target.id

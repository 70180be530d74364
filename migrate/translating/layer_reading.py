"""The expressions that make the layers and variables of a model, and apply them."""

import ast
import copy
from collections.abc import Mapping, Sequence
from typing import Any

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import initializers, layers
from migrate.translating import layer_arguments
from migrate.translating.expressions import (
    ToTf2,
    api_of,
    bind,
    dotted,
    is_plain,
    parse,
    refuse,
    static_facts,
)
from migrate.translating.facts import FunctionFact, TensorFact, Unknown
from migrate.translating.local_values import LocalValues, copied
from migrate.translating.model_uses import AVERAGE, Use
from migrate.translating.source_reader import source_files
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.inlining import TRAINING
from migrate.translating.source_reader.statements import Statement, loads

GET_VARIABLE = (
    "name", "shape", "dtype", "initializer", "regularizer", "trainable", "collections",
    "caching_device", "partitioner", "validate_shape", "use_resource", "custom_getter",
    "constraint", "synchronization", "aggregation",
)  # fmt: skip
_VARIABLE = ("initial_value", "trainable", "collections", "validate_shape", "caching_device",
             "name", "variable_def", "dtype")  # fmt: skip
# The initializers that give a variable the distribution of an op's values.
_VALUES = {
    "tf.zeros": ("zeros", ("shape", "dtype")),
    "tf.ones": ("ones", ("shape", "dtype")),
    "tf.random_normal": ("random_normal", ("shape", "mean", "stddev", "dtype", "seed")),
    "tf.truncated_normal": ("truncated_normal", ("shape", "mean", "stddev", "dtype", "seed")),
    "tf.random_uniform": ("random_uniform", ("shape", "minval", "maxval", "dtype", "seed")),
    "tf.random.normal": ("random_normal", ("shape", "mean", "stddev", "dtype", "seed")),
    "tf.random.truncated_normal": (
        "truncated_normal", ("shape", "mean", "stddev", "dtype", "seed"),
    ),
    "tf.random.uniform": ("random_uniform", ("shape", "minval", "maxval", "dtype", "seed")),
}  # fmt: skip


class Layers:
    """Makes the expressions.

    Attributes:
      definitions: Functions that make initializers, by their names.
      classes: The source of the classes that the layers need.
      functions: The source of the functions of the model_fn that they need.
    """

    def __init__(self, flat: Flattened, aliases: Sequence[str], local: LocalValues) -> None:
        self.flat, self.aliases, self.local = flat, aliases, local
        self.path = flat.files[0].path
        self.definitions: dict[str, ast.expr] = {}
        self.classes: list[str] = []
        self.functions: list[str] = []

    def made(self, use: Use) -> ast.expr:
        """Returns what makes the attribute of a use.

        Raises:
          Refusal: It has no equal in Keras.
        """
        if use.api == "tf.get_variable":
            return self._get_variable(use)
        if use.api == "tf.Variable":
            return self._variable(use)
        return self._layer(use)

    def _layer(self, use: Use) -> ast.expr:
        row = use.row
        if use.made is not None:
            arguments = bind(use.made, row.parameters)
        else:
            arguments = bind(use.node, row.parameters)
            arguments.pop(row.parameters[0], None)
        arguments.pop(row.training[0], None)
        for name, default in row.defaults.items():
            arguments.setdefault(name, parse(default))
        if use.api == "tf.nn.dropout":
            arguments = self._dropout_rate(use, arguments)
        self._of_scope(use, row, arguments)
        fused = row.keras == "BatchNormalization" and self._is_fused(use, arguments)
        if not row.source:
            arguments.pop("fused", None)
        if fused:
            for name in ("axis", "center", "scale"):
                arguments.pop(name, None)
        keywords = []
        for name, value in arguments.items():
            if name not in (*row.parameters, *row.defaults, "rate", "dtype"):
                raise refuse(use.node, self.path, f"`{name}` of {use.api} is not translated")
            if name == "reuse" or (name == "fused" and row.source):
                continue  # the run showed which layers share their variables
            if name in row.dropped:
                if layer_arguments.literal(value) != row.dropped[name]:
                    reason = f"`{name}` of {use.api} has no equal in Keras"
                    raise refuse(use.node, self.path, reason)
                continue
            if name in ("name", "dtype", "scope", "updates_collections") or name.endswith(
                "_regularizer"
            ):
                continue  # the loss has the regularizers as terms of its own
            if isinstance(value, ast.Constant) and value.value is None:
                continue
            made = self.argument(use, name, value)
            keywords.append(ast.keyword(arg=row.renamed.get(name, name), value=made))
        dtypes = {one.dtype for one in use.variables} - {"float32"}
        if dtypes:
            keywords.append(ast.keyword(arg="dtype", value=ast.Constant(value=dtypes.pop())))
        if use.variables and use.variables[0].name.endswith(AVERAGE):
            keywords.append(ast.keyword(arg="trainable", value=ast.Constant(value=False)))
        if row.source and row.source not in self.classes:
            self.classes.append(row.source)
        positional = layer_arguments.positional(row, keywords)
        name = row.keras if row.source else f"keras.layers.{row.keras}"
        return ast.Call(
            func=parse("FusedBatchNormalization" if fused else name),
            args=[one.value for one in positional],
            keywords=[one for one in keywords if one not in positional],
        )

    def _is_fused(self, use: Use, arguments: Mapping[str, ast.expr]) -> bool:
        """Tells whether a batch normalization is that of images, by a kernel of its own."""
        ranks = {
            len(one.shape)
            for call in use.executions
            for one in [call.result]
            if isinstance(one, TensorFact) and one.shape is not None
        }
        given = arguments.get("fused")
        if ranks != {4} or (given is not None and layer_arguments.literal(given) is False):
            return False
        for name, value in arguments.items():
            usual = name in ("momentum", "epsilon", "fused", "name", "gamma_initializer", "reuse")
            usual = usual or name.endswith("regularizer") or name in ("center", "scale")
            if name in ("center", "scale"):
                usual = all(call.arguments.get(name, True) is True for call in use.executions)
            if not usual and not (name == "axis" and layer_arguments.literal(value) in (-1, 3)):
                reason = f"`{name}` of a fused batch normalization is not translated"
                raise refuse(use.node, self.path, reason)
        if layers.FUSED_BATCH_NORMALIZATION not in self.classes:
            self.classes.append(layers.FUSED_BATCH_NORMALIZATION)
        return True

    def made_alike(self, use: Use, other: Use) -> bool:
        """Tells whether two uses make the same layer, but for its initial values."""
        if use.api in ("tf.get_variable", "tf.Variable"):
            return True
        return layer_arguments.without_values(self.made(use)) == layer_arguments.without_values(
            self.made(other)
        )

    def _of_scope(self, use: Use, row: layers.LayerRow, arguments: dict[str, ast.expr]) -> None:
        """Adds the initializer of the variable scope, where the layer has none of its own."""
        scope = self.flat.initializers.get(use.node)
        if scope is None:
            return
        for name in row.takes_scope_initializer:
            value = arguments.get(name)
            if value is None or (isinstance(value, ast.Constant) and value.value is None):
                arguments[name] = scope

    def _dropout_rate(self, use: Use, arguments: dict[str, ast.expr]) -> dict[str, ast.expr]:
        """`tf.nn.dropout` has the probability to keep."""
        kept = {k: v for k, v in arguments.items() if k in ("noise_shape", "seed")}
        if "rate" in arguments:
            return {"rate": arguments["rate"], **kept}
        rates = layer_arguments.dropout_rates(use)
        value = rates.get(ModeKeys.TRAIN, next(iter(rates.values()), None))
        keep = arguments.get("keep_prob")
        if value is not None:
            return {"rate": self._rate_of(use, keep) or ast.Constant(value=value), **kept}
        if keep is None or not layer_arguments.all_rates(use):
            raise refuse(use.node, self.path, "`keep_prob` is no number")
        # Each iteration of a loop has its own.
        return {"rate": parse(f"1.0 - {ast.unparse(keep)}"), **kept}

    def _rate_of(self, use: Use, keep: ast.expr | None) -> ast.expr | None:
        """Returns the rate in TRAIN as the hyperparameter that it is; None for other numbers."""
        if isinstance(keep, ast.Name):
            found = self.local.assigned(keep.id, use.statement, ModeKeys.TRAIN)
            keep = found[0] if found is not None else None
        if isinstance(keep, ast.IfExp):
            keep = {TRAINING: keep.body, f"not {TRAINING}": keep.orelse}.get(ast.unparse(keep.test))
        static = None
        if keep is not None:
            static = self.local.static(keep, use.statement, in_list=use.listed)
        if static is None or not loads(static) or TRAINING in loads(static):
            return None
        if (
            isinstance(static, ast.BinOp)
            and isinstance(static.op, ast.Sub)
            and layer_arguments.literal(static.left) == 1
        ):
            return static.right
        return parse(f"1.0 - {ast.unparse(static)}")

    def _get_variable(self, use: Use) -> ast.expr:
        arguments = bind(use.node, GET_VARIABLE)
        fact = use.variables[0]
        shape = arguments.get("shape")
        made = self.argument(use, "shape", shape) if shape is not None else None
        if not isinstance(made, ast.List | ast.Tuple) or len(made.elts) != len(fact.shape):
            made = layer_arguments.shape_of(use, self.path)
        keywords = [ast.keyword(arg="shape", value=made)]
        value = arguments.get("initializer", self.flat.initializers.get(use.node))
        if value is not None and layer_arguments.literal(value) is not None:
            initializer = self._initial(use, value)
            keywords.append(ast.keyword(arg="initializer", value=initializer))
        return layer_arguments.weight(use, keywords)

    def _initial(self, use: Use, value: ast.expr) -> ast.expr:
        number = layer_arguments.literal(value)
        if isinstance(number, float):
            return parse(f"keras.initializers.Constant({number!r})")
        made = self.initializer(use, value)
        if made is None:
            raise refuse(
                use.node,
                self.path,
                f"the initializer `{ast.unparse(value)}` has no equal in Keras; use one of "
                "tf.initializers",
            )
        return made

    def _variable(self, use: Use) -> ast.expr:
        """`tf.Variable(tf.zeros([3]))` is a weight with the initializer "zeros"."""
        arguments = bind(use.node, _VARIABLE)
        value = arguments.get("initial_value")
        while isinstance(value, ast.Name):
            found = self.local.assigned(value.id, use.statement)
            value = found[0] if found is not None else None
        fact = use.variables[0]
        shape = ast.keyword(arg="shape", value=parse(repr(list(fact.shape))))
        api = api_of(value, self.flat.facts) if value is not None else ""
        if value is not None and isinstance(layer_arguments.literal(value), int | float):
            made = parse(f"keras.initializers.Constant({ast.unparse(value)})")
        elif api in _VALUES and isinstance(value, ast.Call):
            name, parameters = _VALUES[api]
            row = initializers.ROWS[f"tf.{name}_initializer"]
            given = {
                k: v
                for k, v in bind(value, parameters).items()
                if k not in ("shape", "dtype", "name")
            }
            resolved = {k: self.argument(use, k, v) for k, v in given.items()}
            made = layer_arguments.initializer_call(row, resolved)
        else:
            raise refuse(
                use.node, self.path, "the initial value of this tf.Variable is no initializer's"
            )
        return layer_arguments.weight(use, [shape, ast.keyword(arg="initializer", value=made)])

    def argument(self, use: Use, name: str, value: ast.expr) -> ast.expr:
        """Returns an argument as `__init__` can compute it.

        Raises:
          Refusal: It depends on the batch.
        """
        if name.endswith("initializer"):
            made = self.initializer(use, value)
            if made is not None:
                return made
        function = self._own_function(use, value)
        if function is not None:
            return function
        resolved = self.local.static(value, use.statement, in_list=use.listed)
        if resolved is not None:
            rewrite = ToTf2(self.flat.facts, self.aliases)
            expression: ast.expr = rewrite.visit(copied(resolved, self.flat))
            return expression
        by_mode = {
            mode: [call.arguments.get(name) for call in calls] for mode, calls in use.calls.items()
        }
        seen = by_mode.get(ModeKeys.TRAIN) or next(iter(by_mode.values()))
        if name != "rate" and any(one != seen for one in by_mode.values()):
            shown = " and ".join(f"{one[0]} in {mode.upper()}" for mode, one in by_mode.items())
            reason = f"`{name}` is {shown}; expected the same in each mode; do not change it there"
            raise refuse(use.node, self.path, reason)
        seen = [list(one) if isinstance(one, tuple) else one for one in seen]
        if seen and all(one == seen[0] for one in seen):
            plain = parse(repr(seen[0])) if is_plain(seen[0]) else None
            source = plain or self._shown_function(seen[0])
            if source is not None:
                return source
        if name == "shape" and use.variables:
            return layer_arguments.shape_of(use, self.path)
        raise refuse(
            use.node,
            self.path,
            f"`{name}`, `{ast.unparse(value)}`, depends on the batch or is made in the model_fn; "
            "define it at the top level of the module",
        )

    def _shown_function(self, value: object) -> ast.expr | None:
        """Returns the name of a function that a run showed; None if it has none of its own."""
        if isinstance(value, Unknown) and value.description.startswith("tf."):
            made: ast.expr = ToTf2(self.flat.facts, self.aliases).visit(parse(value.description))
            return made
        if not isinstance(value, FunctionFact) or value.values:
            return None
        file = source_files.load(value.span.file)
        found = [one for one in file.defined.get(value.name, ()) if one.lineno == value.span.line]
        if not found:
            return None
        if file not in self.flat.files:
            self.flat.files.append(file)
        return parse(value.name)

    def _own_function(self, use: Use, value: ast.expr) -> ast.expr | None:
        """Returns the name of a function that the model_fn defines, as a function of the module."""
        if not isinstance(value, ast.Name):
            return None
        node = self.local.function(value.id, use.statement)
        if node is None:
            return None
        new = copy.deepcopy(node)
        made = ToTf2(static_facts(new, self.aliases), self.aliases).visit(new)
        source = ast.unparse(ast.fix_missing_locations(made))
        if source not in self.functions:
            self.functions.append(source)
        return value

    def initializer(self, use: Use, value: ast.expr) -> ast.expr | None:
        """Returns a new Keras initializer: each weight has its own, as one repeats its numbers."""
        if isinstance(value, ast.Name):
            found = self.local.assigned(value.id, use.statement)
            made = self.new_initializer(found[0], found[1]) if found is not None else None
            if made is None:
                return None
            if isinstance(made, ast.Constant):
                return made
            same = [k for k, one in self.definitions.items() if ast.dump(one) == ast.dump(made)]
            defined = same[0] if same else value.id
            if defined in self.definitions and not same:
                return made
            self.definitions[defined] = made
            return parse(f"{defined}()")
        return self.new_initializer(value, use.statement, in_list=use.listed)

    def new_initializer(
        self, value: ast.expr, at: Statement, *, in_list: bool = False
    ) -> ast.expr | None:
        """Returns the Keras initializer for a legacy one; None for other expressions.

        Args:
          value: The legacy initializer, in a statement.
          at: The statement.
          in_list: Whether the variables of a loop around it may stay.
        """
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value
        if not isinstance(value, ast.Call):
            # A class: it is called without arguments.
            root, _, rest = dotted(value).partition(".")
            row = initializers.ROWS.get(f"tf.{rest.removeprefix('compat.v1.')}")
            return (
                layer_arguments.initializer_call(row, {}) if row and root in self.aliases else None
            )
        row = initializers.ROWS.get(api_of(value, self.flat.facts))
        if row is None:
            return None
        given = {}
        for name, one in bind(value, row.parameters).items():
            if name in row.only and layer_arguments.literal(one) != row.only[name]:
                return None
            resolved = self.local.static(one, at, in_list=in_list)
            if resolved is None:
                resolved = self._shown(value, name)
            if resolved is None:
                return None
            given[name] = ToTf2(self.flat.facts, self.aliases).visit(copied(resolved, self.flat))
        return layer_arguments.initializer_call(row, given)

    def _shown(self, call: ast.Call, name: str) -> ast.expr | None:
        """Returns the value that an argument of a call has in each run; None if it has several."""
        found = self.flat.facts.get(call, {})
        seen = [one.arguments.get(name) for calls in found.values() for one in calls]
        is_one = seen and all(one == seen[0] for one in seen) and is_plain(seen[0])
        return parse(repr(seen[0])) if is_one else None

    def training(self, use: Use) -> ast.expr:
        """Returns the `training` of a layer that does something else in training.

        Raises:
          Refusal: The run did not show whether it trains.
        """
        if use.api == "tf.nn.dropout":
            rates = layer_arguments.dropout_rates(use)
            values: dict[str, Any] = {mode: bool(rate) for mode, rate in rates.items()}
            if use.listed and not rates:
                values = {
                    mode: any(those) for mode, those in layer_arguments.all_rates(use).items()
                }
            elif len(rates) != len(use.calls) or len({r for r in rates.values() if r}) > 1:
                raise refuse(use.node, self.path, "the rate of this dropout is not one number")
        else:
            values = {
                mode: next((call.arguments.get(*use.row.training) for call in calls), False)
                for mode, calls in use.calls.items()
                if calls
            }
        if any(isinstance(one, TensorFact) for one in values.values()):
            raise refuse(
                use.node, self.path, "`training` is a tensor; pass `mode == ModeKeys.TRAIN`"
            )
        if all(bool(value) == (mode == ModeKeys.TRAIN) for mode, value in values.items()):
            return parse(TRAINING)
        others = [value for mode, value in values.items() if mode != ModeKeys.TRAIN]
        if use.row.keras == "BatchNormalization" and any(others):
            raise refuse(
                use.node,
                self.path,
                "this batch normalization has `training` true outside of TRAIN, too, where the "
                "legacy program did not move its averages and Keras would; pass "
                "`mode == ModeKeys.TRAIN`",
            )
        if len({bool(value) for value in values.values()}) == 1:
            return ast.Constant(value=bool(next(iter(values.values()))))
        raise refuse(use.node, self.path, "`training` is true in some modes other than TRAIN")

"""Writes `tf.contrib.layers` and slim as `tf.layers`, a normalizer and an activation."""

import ast
import dataclasses
from collections.abc import Mapping

from migrate.mappings.contrib_layers import ROWS, ContribRow
from migrate.translating.expressions import api_of, bind, parse, refuse
from migrate.translating.facts import Call, Callee, TensorFact
from migrate.translating.local_values import LocalValues
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement

_SPACE = "tf.contrib.layers."
_NORMALIZERS = (f"{_SPACE}batch_norm", f"{_SPACE}layer_norm")
_EMBED_SEQUENCE = ("ids", "vocab_size", "embed_dim", "unique", "initializer", "regularizer",
                   "trainable", "scope", "reuse")  # fmt: skip
_SCOPES = ("/BatchNorm/", "/LayerNorm/")


def rewrite(flat: Flattened) -> None:
    """Rewrites the calls in the statements of a flattened model_fn.

    Raises:
      Refusal: An argument has no equal in `tf.layers`.
    """
    rewriting = _Rewriting(flat)
    for statement in flat.statements:
        if statement.refusal is None:
            rewriting.statement = statement
            statement.node = rewriting.visit(statement.node)
    for mode, node in flat.returned.items() if flat.statements else ():
        rewriting.statement = flat.statements[-1]
        flat.returned[mode] = rewriting.visit(node)


class _Rewriting(ast.NodeTransformer):
    statement: Statement

    def __init__(self, flat: Flattened) -> None:
        self.flat, self.local = flat, LocalValues(flat)
        self.path = flat.files[0].path

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        api = api_of(node, self.flat.facts)
        if not api.startswith(_SPACE):
            return node
        name = api.removeprefix(_SPACE)
        if name == "dropout":
            return self._dropout(node)
        if name == "embed_sequence":
            return self._embedded(node)
        if api in _NORMALIZERS:
            if api.endswith("layer_norm"):
                self._check_axes(node)
            return self._activated(node, self._without_activation(node, api))
        row = ROWS.get(name)
        return node if row is None else self._layer(node, row)

    def _layer(self, node: ast.Call, row: ContribRow) -> ast.expr:
        arguments = bind(node, row.parameters)
        for name, usual in (("data_format", "NHWC"), ("trainable", True)):
            value = arguments.get(name)
            if value is not None and getattr(value, "value", usual) not in (usual, None):
                raise refuse(node, self.path, f"`{name}` of {node_name(node)} is not translated")
        normalizer = arguments.get("normalizer_fn")
        normalized = self._is_given(normalizer)
        keywords = {new: arguments[old] for old, new in row.renamed.items() if old in arguments}
        for name, default in row.defaults.items():
            keywords.setdefault(name, parse(default))
        biases = arguments.get("biases_initializer")
        if normalized or (biases is not None and not self._is_given(biases)):
            keywords["use_bias"] = ast.Constant(value=False)
        elif biases is not None:
            keywords["bias_initializer"] = biases
        activation = self._activation(arguments, row)
        if activation is not None and not normalized:
            keywords["activation"] = activation
        made = ast.copy_location(
            ast.Call(
                func=parse(row.layer),
                args=[arguments["inputs"]],
                keywords=[ast.keyword(arg=name, value=value) for name, value in keywords.items()],
            ),
            node,
        )
        self._note(made, node, row.layer, row.renamed, in_normalizer=False)
        if not normalized:
            return made
        result = self._normalized(node, made, arguments)
        if activation is not None:
            call = ast.Call(func=activation, args=[result], keywords=[])
            return ast.copy_location(call, node)
        return result

    def _embedded(self, node: ast.Call) -> ast.expr:
        """`embed_sequence` looks ids up in a variable."""
        arguments = bind(node, _EMBED_SEQUENCE)
        trainable = arguments.get("trainable")
        if trainable is not None and getattr(trainable, "value", None) is not True:
            raise refuse(node, self.path, f"`trainable` of {node_name(node)} is not translated")
        sizes = [arguments.get(name, parse("None")) for name in ("vocab_size", "embed_dim")]
        keywords = [ast.keyword(arg="shape", value=ast.List(elts=sizes, ctx=ast.Load()))]
        if self._is_given(arguments.get("initializer")):
            keywords.append(ast.keyword(arg="initializer", value=arguments["initializer"]))
        table = ast.Call(
            func=parse("tf.get_variable"), args=[ast.Constant("embeddings")], keywords=keywords
        )
        self._note(ast.copy_location(table, node), node, "tf.get_variable", {}, in_normalizer=False)
        lookup = parse("tf.nn.embedding_lookup")
        made = ast.Call(func=lookup, args=[table, arguments["ids"]], keywords=[])
        return ast.copy_location(made, node)

    def _is_given(self, value: ast.expr | None) -> bool:
        return value is not None and not (isinstance(value, ast.Constant) and value.value is None)

    def _activation(self, arguments: Mapping[str, ast.expr], row: ContribRow) -> ast.expr | None:
        if "activation_fn" in arguments:
            value = arguments["activation_fn"]
            return value if self._is_given(value) else None
        return parse(row.activation) if row.activation else None

    def _normalized(
        self, node: ast.Call, inner: ast.expr, arguments: Mapping[str, ast.expr]
    ) -> ast.expr:
        """Applies the normalizer of a layer."""
        apis = {
            getattr(call.arguments.get("normalizer_fn"), "description", "")
            for calls in self.flat.facts[node].values()
            for call in calls
        }
        if len(apis) != 1 or not apis <= set(_NORMALIZERS):
            raise refuse(
                node,
                self.path,
                f"the normalizer `{ast.unparse(arguments['normalizer_fn'])}` is not translated; "
                "expected batch_norm or layer_norm; write the layer and the normalizer one after "
                "the other",
            )
        [api] = apis
        given = dict(self.flat.normalizers.get(node, {}))
        given |= self._items(arguments.get("normalizer_params"), node)
        made = ast.Call(
            func=parse(api),
            args=[inner],
            keywords=[ast.keyword(arg=name, value=value) for name, value in given.items()],
        )
        ast.copy_location(made, node)
        self._note(made, node, api, {}, in_normalizer=True)
        if api.endswith("layer_norm"):
            self._check_axes(made)
        return self._activated(made, self._without_activation(made, api))

    def _check_axes(self, node: ast.Call) -> None:
        """Checks that a layer normalization is over the last axis only, as Keras's is.

        Raises:
          Refusal: It is over several axes, with weights of the last one.
        """
        for call in (one for calls in self.flat.facts[node].values() for one in calls):
            first = call.arguments.get("begin_norm_axis", 1)
            shape = call.result.shape if isinstance(call.result, TensorFact) else None
            if first != -1 and (shape is None or first != len(shape) - 1):
                raise refuse(
                    node,
                    self.path,
                    f"`begin_norm_axis` ({first}) of layer_norm is not the last axis; expected -1, "
                    "because Keras has weights for all axes that it normalizes; write it with "
                    "tf.nn.moments",
                )
        names = ("inputs", "center", "scale", "activation_fn")
        node.args = node.args[: len(names)]
        node.keywords = [one for one in node.keywords if one.arg != "begin_norm_axis"]

    def _items(self, value: ast.expr | None, node: ast.Call) -> dict[str, ast.expr]:
        """Returns the items of a dict that the source writes out."""
        if not self._is_given(value):
            return {}
        while isinstance(value, ast.Name):
            found = self.local.assigned(value.id, self.statement)
            value = found[0] if found is not None else None
        if isinstance(value, ast.Dict) and all(isinstance(k, ast.Constant) for k in value.keys):
            pairs = zip(value.keys, value.values, strict=True)
            return {str(k.value): v for k, v in pairs if isinstance(k, ast.Constant)}
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id == "dict"
            and not value.args
        ):
            return {str(one.arg): one.value for one in value.keywords}
        raise refuse(node, self.path, "`normalizer_params` is not a dict that is written out here")

    def _without_activation(self, node: ast.Call, api: str) -> ast.expr | None:
        """Takes the activation out of a normalizer, and returns it."""
        names: tuple[str, ...] = (
            "inputs", "decay", "center", "scale", "epsilon", "activation_fn",
        )  # fmt: skip
        if api.endswith("layer_norm"):
            names = ("inputs", "center", "scale", "activation_fn")
        value = bind(node, names).get("activation_fn")
        node.args = node.args[: names.index("activation_fn")]
        node.keywords = [one for one in node.keywords if one.arg != "activation_fn"]
        return value if self._is_given(value) else None

    def _activated(self, node: ast.Call, activation: ast.expr | None) -> ast.expr:
        if activation is None:
            return node
        return ast.copy_location(ast.Call(func=activation, args=[node], keywords=[]), node)

    def _dropout(self, node: ast.Call) -> ast.expr:
        """`keep_prob` is 1 without the rate."""
        parameters = (
            "inputs", "keep_prob", "noise_shape", "is_training", "outputs_collections", "scope",
            "seed",
        )  # fmt: skip
        arguments = bind(node, parameters)
        kept = arguments.get("keep_prob", ast.Constant(value=0.5))
        rate = parse(f"1.0 - {ast.unparse(kept)}")
        if isinstance(kept, ast.Constant) and isinstance(kept.value, float):
            rate = ast.Constant(value=round(1.0 - kept.value, 12))
        training = arguments.get("is_training", ast.Constant(value=True))
        keywords = {"rate": rate, "training": training}
        keywords |= {n: v for n, v in arguments.items() if n in ("noise_shape", "seed")}
        made = ast.Call(
            func=parse("tf.layers.dropout"),
            args=[arguments["inputs"]],
            keywords=[ast.keyword(arg=name, value=value) for name, value in keywords.items()],
        )
        ast.copy_location(made, node)
        self._note(made, node, "tf.layers.dropout", {"is_training": "training"})
        for calls in self.flat.facts[made].values():
            for index, call in enumerate(calls):
                kept_value = call.arguments.get("keep_prob", 0.5)
                number = kept_value if isinstance(kept_value, int | float) else None
                changed = {
                    **call.arguments,
                    "rate": None if number is None else round(1.0 - number, 12),
                    "training": call.arguments.get("training", True),
                }
                calls[index] = dataclasses.replace(call, arguments=changed)
        return made

    def _note(
        self,
        made: ast.Call,
        node: ast.Call,
        api: str,
        renamed: Mapping[str, str],
        *,
        in_normalizer: bool = False,
    ) -> None:
        """Notes what the run showed of a part of a call."""

        def part(call: Call) -> Call:
            def mine(name: str) -> bool:
                return any(scope in f"/{name}" for scope in _SCOPES) == in_normalizer

            arguments = {renamed.get(k, k): v for k, v in call.arguments.items()}
            if in_normalizer:
                params = call.arguments.get("normalizer_params")
                arguments = dict(params) if isinstance(params, dict) else {}
            own = len({mine(one.name) for one in call.variables}) > 1 or any(
                mine(one) != mine(call.reads[0]) for one in call.reads
            )
            keep = own or in_normalizer or "normalizer_fn" in call.arguments
            return dataclasses.replace(
                call,
                callee=Callee(api=api, name=api.rpartition(".")[2]),
                arguments=arguments,
                variables=tuple(v for v in call.variables if not keep or mine(v.name)),
                reads=tuple(name for name in call.reads if not keep or mine(name)),
            )

        facts = self.flat.facts.get(node, {})
        self.flat.facts[made] = {mode: [part(c) for c in calls] for mode, calls in facts.items()}
        for known in (self.flat.initializers,):
            if node in known:
                known[made] = known[node]


def node_name(node: ast.Call) -> str:
    """Returns what a call calls, as source."""
    return ast.unparse(node.func)

"""The forward pass as a Keras model: its layers made once, its statements as they were."""

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import layers as layer_rows
from migrate.mappings.contrib_layers import VARIABLES
from migrate.translating import (
    contrib_layers,
    feature_columns,
    layer_sharing,
    model_uses,
    rnn_reading,
    sparse_columns,
    table_reading,
    variables_in_place,
    written_columns,
)
from migrate.translating.bidirectional_writing import BidirectionalWriting
from migrate.translating.expressions import ToTf2, api_of, bind, calls_of, parse, refuse
from migrate.translating.facts import Call, VariableFact
from migrate.translating.layer_reading import Layers
from migrate.translating.layer_sharing import WEIGHTS
from migrate.translating.local_values import LocalValues, copied
from migrate.translating.model_part import Attribute, ModelPart
from migrate.translating.model_uses import AVERAGE, BIDIRECTIONAL, RNNS, Use
from migrate.translating.rnn_writing import RnnWriting
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement, loads, stores

_FUNCTIONS = (*WEIGHTS, "tf.nn.dropout", *RNNS)
_CALLED = (".__call__", ".apply")


def read(
    flat: Flattened, aliases: Sequence[str], averages: Mapping[str, str] | None = None
) -> ModelPart:
    """Reads the model off the flattened model_fn, whose statements are changed.

    Args:
      flat: The flattened model_fn.
      aliases: The names by which the source calls TensorFlow.
      averages: The names of the moving averages, by the names of the weights.

    Raises:
      Refusal: A layer is used in a way that has no equal in Keras.
    """
    contrib_layers.rewrite(flat)
    tables = table_reading.read(flat, aliases)
    part = _Reading(flat, aliases, averages or {}).run()
    part.constants = tables
    return part


class _Reading:
    def __init__(
        self, flat: Flattened, aliases: Sequence[str], averages: Mapping[str, str]
    ) -> None:
        self.flat, self.aliases, self.averages = flat, aliases, averages
        self.path = flat.files[0].path
        self.local = LocalValues(flat)
        self.layers = Layers(flat, aliases, self.local)
        self.uses: list[Use] = []
        statements = [one.node for one in flat.statements]
        self.names = set().union(*(stores(one) | loads(one) for one in statements), set())
        self.rnns: dict[int, RnnWriting | BidirectionalWriting] = {}
        self.part = ModelPart([], {}, {}, [], flat.statements, {}, [])

    def run(self) -> ModelPart:
        for statement in self.flat.statements:
            loop = statement.node if isinstance(statement.node, ast.For) else None
            self._collect(statement.node, statement, loop)
        returned = self.flat.returned.values() if self.flat.statements else ()
        for node in {id(one): one for one in returned}.values():
            self._collect(node, self.flat.statements[-1], None)
        layer_sharing.add_averages(self.uses, self.flat, self.averages, self.path)
        layer_sharing.share(self.uses, self.path)
        model_uses.name_all(self.uses)
        for use in self.uses:
            if use.shares is None:
                self._add(use)
            elif use.api in RNNS or not self.layers.made_alike(use, use.shares):
                raise refuse(
                    use.node,
                    self.path,
                    "this layer shares its variables with a layer that computes something else",
                )
        by_node = {id(use.node): use for use in self.uses}

        def replace(node: ast.Call, api: str) -> ast.expr | None:
            if api in feature_columns.FUNCTIONS:
                return self._columns(node, api)
            use = by_node.get(id(node))
            return None if use is None else self._applied(use)

        rewrite = ToTf2(self.flat.facts, self.aliases, replace)
        for statement in list(self.flat.statements):
            if _is_dropout_alone(statement, by_node):
                statement.modes = frozenset((ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT))
            self._rewrite(statement, rewrite)
        self.flat.returned.update(
            {mode: rewrite.visit(node) for mode, node in self.flat.returned.items()}
        )
        weights = [f"self.{use.name}" for use in self.uses if use.api in WEIGHTS]
        variables_in_place.put(self.flat, weights)
        self.part.definitions = self.layers.definitions
        self.part.classes += self.layers.classes
        self.part.functions += self.layers.functions
        return self.part

    def _columns(self, node: ast.Call, api: str) -> ast.expr:
        """Writes feature columns as a method of the model."""
        calls = calls_of(node, self.flat.facts)
        columns = feature_columns.written(calls[0])
        if not feature_columns.same(calls):
            raise refuse(node, self.path, "the feature columns are others in another mode")
        taken = {one.name for one in self.part.attributes} | model_uses.RESERVED
        made = {one.name: ast.unparse(one.value) for one in self.part.attributes}
        for name, value in list(columns.attributes.items()):
            if made.get(name) == ast.unparse(parse(value)):
                continue  # a table that both kinds of columns look words up in
            new = name
            while new in taken:
                new += "_"
            columns = columns.renamed(name, new)
            self.part.attributes.append(Attribute(new, parse(value)))
        facts = {one.name: one for call in calls for one in call.variables}
        for name, expression in columns.variables.items():
            self._variable_at(facts[name], expression)
        if columns.needs_rows:
            self.part.functions.append(written_columns.ROWS)
        if columns.needs_present:
            self.part.functions.append(sparse_columns.PRESENT)
        features = copy.deepcopy(bind(node, ("features",))["features"])
        return ast.Call(
            func=parse(f"self.{self._method(api.rpartition('.')[2], columns)}"),
            args=[ToTf2(self.flat.facts, self.aliases).visit(features)],
            keywords=[],
        )

    def _method(self, usual: str, columns: written_columns.Columns) -> str:
        """Adds the method of feature columns, unless there is the same; returns its name."""
        name, number = usual, 1
        while (source := columns.method(name)) not in self.part.methods:
            if not any(one.startswith(f"def {name}(") for one in self.part.methods):
                self.part.methods.append(source)
                break
            number += 1
            name = f"{usual}_{number}"
        return name

    def _collect(self, node: ast.AST, statement: Statement, loop: ast.For | None) -> None:
        """Finds the uses in the order in which they are evaluated."""
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            return
        for child in ast.iter_child_nodes(node):
            self._collect(child, statement, loop)
        if not isinstance(node, ast.Call):
            return
        api = api_of(node, self.flat.facts)
        calls = {mode: list(c) for mode, c in self.flat.facts.get(node, {}).items() if c}
        ended = next((end for end in _CALLED if api.endswith(end)), "")
        if ended and api.removesuffix(ended) in layer_rows.ROWS:
            made = self._made(node, statement)
            name = api.removesuffix(ended)
            self.uses.append(Use(node, name, calls, statement, loop, made=made))
        elif api in _FUNCTIONS or (api in layer_rows.ROWS and not layer_rows.ROWS[api].is_class):
            self.uses.append(Use(node, api, calls, statement, loop))
        elif api not in feature_columns.FUNCTIONS:
            self._check_call(node, calls)

    def _check_call(self, node: ast.Call, calls: Mapping[str, list[Call]]) -> None:
        """Refuses a call that makes weights, and is no layer that is translated."""
        for call in (one for each in calls.values() for one in each):
            if call.callee.span is None and any(one.trainable for one in call.variables):
                raise refuse(
                    node,
                    self.path,
                    f"`{ast.unparse(node.func)}` makes the variable {call.variables[0].name} and "
                    "has no translation; write it with tf.layers or tf.get_variable",
                )

    def _made(self, node: ast.Call, statement: Statement) -> ast.Call:
        """Returns the call that makes the layer that a call applies."""
        func: ast.expr = node.func
        if isinstance(func, ast.Attribute) and func.attr in ("apply", "__call__"):
            func = func.value
        for _ in range(20):
            if isinstance(func, ast.Name):
                found = self.local.assigned(func.id, statement)
                if found is None:
                    break
                func, statement = found
            elif isinstance(func, ast.Subscript) and isinstance(func.slice, ast.Constant):
                listed, index = func.value, func.slice.value
                if isinstance(listed, ast.Name):
                    found = self.local.assigned(listed.id, statement)
                    listed, statement = found or (listed, statement)
                if not isinstance(listed, ast.List | ast.Tuple) or not isinstance(index, int):
                    break
                func = listed.elts[index]
            else:
                break
        if not isinstance(func, ast.Call) or api_of(func, self.flat.facts) not in layer_rows.ROWS:
            raise refuse(
                node,
                self.path,
                f"the layer `{ast.unparse(node.func)}` is made elsewhere; give it a name of its "
                "own in the model_fn",
            )
        return func

    def _add(self, use: Use) -> None:
        if use.api in RNNS:
            self._add_rnn(use)
            return
        value = self.layers.made(use)
        loop = self._loop_in_init(use) if use.listed else None
        self.part.attributes.append(Attribute(use.name, value, loop))
        for index, group in enumerate(use.groups):
            base = f"{use.name}[{index}]" if use.listed else use.name
            for one in group:
                if use.api in WEIGHTS:
                    self._variable_at(one, base)
                    continue
                last = one.name.removesuffix(AVERAGE).rpartition("/")[2]
                attribute = use.row.variables.get(VARIABLES.get(last, last))
                if attribute is None or (not use.listed and index):
                    reason = f"the variable {one.name} has no place in Keras"
                    raise refuse(use.node, self.path, reason)
                self._variable_at(one, f"{base}.{attribute}")
                if not one.trainable and attribute.startswith("moving_"):
                    trains = self.layers.training(use)
                    if not (isinstance(trains, ast.Constant) and trains.value is False):
                        self.part.moving.append(one.name)

    def _loop_in_init(self, use: Use) -> ast.For | None:
        """Returns the loop around a use, over what `__init__` knows."""
        if use.loop is None:
            return None
        found = self.local.static(use.loop.iter, use.statement, in_list=True)
        if found is None:
            return use.loop
        new = copy.copy(use.loop)
        new.iter = ToTf2(self.flat.facts, self.aliases).visit(copied(found, self.flat))
        return new

    def _add_rnn(self, use: Use) -> None:
        rnn_reading.check(use, self.layers)
        if use.loop is not None:
            raise refuse(use.node, self.path, "an RNN in a loop is not translated; write it out")
        read = {one.id for one in self._reads() if isinstance(one.ctx, ast.Load)}
        writing: RnnWriting | BidirectionalWriting
        if use.api == BIDIRECTIONAL:
            writing = BidirectionalWriting(use, self.layers, read)
        else:
            writing = RnnWriting(use, self.layers, read)
        self.rnns[id(use.node)] = writing
        for name, value in writing.attributes():
            self.part.attributes.append(Attribute(name, value))
        for fact, expression in writing.variables():
            self._variable_at(fact, expression)
        for source in writing.classes():
            if source not in self.part.classes:
                self.part.classes.append(source)

    def _reads(self) -> Iterator[ast.Name]:
        """Yields all names of the model_fn."""
        for node in [*(s.node for s in self.flat.statements), *self.flat.returned.values()]:
            yield from (one for one in ast.walk(node) if isinstance(one, ast.Name))

    def _variable_at(self, fact: VariableFact, expression: str) -> None:
        self.part.variables[fact.name] = expression
        if fact.trainable:
            self.part.trainable.append(fact.name)

    def _rewrite(self, statement: Statement, rewrite: ToTf2) -> None:
        """Puts the layers into a statement; an RNN becomes several statements."""
        inside = [self.rnns[id(n)] for n in ast.walk(statement.node) if id(n) in self.rnns]
        if not inside:
            statement.node = self._loop_over_layers(rewrite.visit(statement.node))
            return
        statements = self.flat.statements
        index = next(i for i, one in enumerate(statements) if one is statement)
        later = statements[index + 1 :]
        made = inside[0].statements({one.id for one in self._reads()})
        for node in made:
            rewrite.visit(node)
        new = [Statement(node, statement.modes) for node in made]
        new[0].comments = statement.comments
        statements[index : index + 1] = new
        for one in later:
            one.node = inside[0].with_states(one.node)
        self.flat.returned.update(
            {mode: inside[0].with_states(node) for mode, node in self.flat.returned.items()}
        )

    def _applied(self, use: Use) -> ast.expr:
        """Returns the use in the forward pass, such as `self.dense(x)`."""
        place: ast.expr = parse(f"self.{use.name}")
        owner = use.shares or use
        if owner.listed:
            if use.loop is not owner.loop:
                raise refuse(use.node, self.path, "a layer of a loop is used outside of it")
            place = ast.Name(id=self._element(owner), ctx=ast.Load())
        if use.api in WEIGHTS:
            return place
        rewrite = ToTf2(self.flat.facts, self.aliases, self._replace)
        if use.made is not None:
            inputs = use.node.args[0] if use.node.args else _keyword(use.node, "inputs")
        else:
            inputs = bind(use.node, use.row.parameters).get(use.row.parameters[0])
        if inputs is None:
            raise refuse(use.node, self.path, "this layer has no inputs")
        call = ast.Call(func=place, args=[rewrite.visit(inputs)], keywords=[])
        if use.row.takes_training:
            call.keywords = [ast.keyword(arg="training", value=self.layers.training(use))]
        return call

    def _replace(self, node: ast.Call, _: str) -> ast.expr | None:
        use = next((one for one in self.uses if one.node is node), None)
        return None if use is None else self._applied(use)

    def _element(self, use: Use) -> str:
        """Returns the name for one layer of a list, such as "dense" for "dense_layers"."""
        assert use.loop is not None
        name = use.name.removesuffix("_layers")
        return model_uses.numbered(f"{name}_layer", self.names) if name in self.names else name

    def _loop_over_layers(self, node: ast.stmt) -> ast.stmt:
        if not isinstance(node, ast.For):
            return node
        listed = [use for use in self.uses if use.loop is node and use.listed and not use.shares]
        if not listed:
            return node
        read = set().union(*(loads(one) for one in node.body))
        targets: list[ast.expr] = [
            ast.Name(id=self._element(use), ctx=ast.Store()) for use in listed
        ]
        iterated: list[ast.expr] = [parse(f"self.{use.name}") for use in listed]
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


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in node.keywords if one.arg == name), None)


def _is_dropout_alone(statement: Statement, uses: Mapping[int, Use]) -> bool:
    """Tells whether a statement of TRAIN only applies dropout to a name: `x = dropout(x)`."""
    node = statement.node
    if statement.modes != frozenset((ModeKeys.TRAIN,)) or not isinstance(node, ast.Assign):
        return False
    use = uses.get(id(node.value))
    if use is None or use.api in (*RNNS, *WEIGHTS) or use.made is not None:
        return False
    if not use.row.takes_training:
        return False
    if use.row.variables:
        return False
    inputs = bind(use.node, use.row.parameters)[use.row.parameters[0]]
    target = node.targets[0]
    return isinstance(inputs, ast.Name) and isinstance(target, ast.Name) and inputs.id == target.id

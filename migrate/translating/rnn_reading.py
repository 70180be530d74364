"""RNNs: `tf.nn.dynamic_rnn` as `keras.layers.RNN` around a cell that keeps the legacy kernels."""

import ast
import dataclasses
from collections.abc import Mapping

from estimator_compat.mode_keys import ModeKeys
from migrate.mappings import rnn_cells
from migrate.mappings.rnn_cells import CellRow
from migrate.translating.expressions import api_of, bind, calls_of, parse, refuse
from migrate.translating.facts import Call, TensorFact
from migrate.translating.layer_reading import Layers
from migrate.translating.model_uses import BIDIRECTIONAL, Use
from migrate.translating.refusal import Refusal
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import Statement

DYNAMIC_RNN = (
    "cell", "inputs", "sequence_length", "initial_state", "dtype", "parallel_iterations",
    "swap_memory", "time_major", "scope",
)  # fmt: skip
BIDIRECTIONAL_RNN = (
    "cell_fw", "cell_bw", "inputs", "sequence_length", "initial_state_fw", "initial_state_bw",
    "dtype", "parallel_iterations", "swap_memory", "time_major", "scope",
)  # fmt: skip
_WRAPPER = (
    "cell", "input_keep_prob", "output_keep_prob", "state_keep_prob", "variational_recurrent",
    "input_size", "dtype", "seed",
)  # fmt: skip
_DEFAULTS: Mapping[str, object] = {
    "use_peepholes": False, "cell_clip": None, "num_proj": None, "proj_clip": None,
    "kernel_initializer": None, "bias_initializer": None, "activation": None,
    "num_unit_shards": None, "num_proj_shards": None, "forget_bias": 1.0,
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A cell of an RNN.

    Attributes:
      row: What it is.
      made: The expression that makes it.
      input_rate: The rate of the dropout on what it takes; 0 for none.
      output_rate: The rate of the dropout on what it returns; 0 for none.
    """

    row: CellRow
    made: ast.expr
    input_rate: float
    output_rate: float


def arguments_of(use: Use) -> dict[str, ast.expr]:
    """Returns the arguments of an RNN."""
    return bind(use.node, BIDIRECTIONAL_RNN if use.api == BIDIRECTIONAL else DYNAMIC_RNN)


def cells_of(use: Use, layers: Layers, argument: str = "cell") -> list[Cell]:
    """Returns the cells of an RNN, from the first to the last.

    Args:
      use: The call.
      layers: Makes expressions.
      argument: The parameter for the cell.

    Raises:
      Refusal: A cell has no written form.
    """
    cell = arguments_of(use).get(argument)
    if cell is None:
        raise refuse(use.node, layers.path, f"`{argument}` of {use.api} is not given")
    return _Cells(use, layers).of(cell, use.statement)


class _Cells:
    def __init__(self, use: Use, layers: Layers) -> None:
        self.use, self.layers, self.flat = use, layers, layers.flat
        modes = use.statement.modes
        self.mode = ModeKeys.TRAIN if ModeKeys.TRAIN in modes else sorted(modes)[0]

    def of(self, node: ast.expr, at: Statement) -> list[Cell]:
        if isinstance(node, ast.Name):
            found = self.layers.local.assigned(node.id, at, self.mode)
            if found is None:
                raise self._refusal(node)
            return self.of(*found)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            listed, index = self._listed(node.value, at), node.slice.value
            if listed is not None and isinstance(index, int):
                return self.of(*listed[index])
        if not isinstance(node, ast.Call):
            raise self._refusal(node)
        api = api_of(node, self.flat.facts)
        if api == "tf.nn.rnn_cell.DropoutWrapper":
            return self._wrapped(node, at)
        if api == "tf.nn.rnn_cell.MultiRNNCell":
            return self._stacked(node, at)
        row = rnn_cells.ROWS.get(api)
        if row is None:
            raise self._refusal(node)
        return [Cell(row, self._made(node, row, at), 0.0, 0.0)]

    def _stacked(self, node: ast.Call, at: Statement) -> list[Cell]:
        cells = bind(node, ("cells", "state_is_tuple"))["cells"]
        listed = self._listed(cells, at)
        if listed is None:
            raise self._refusal(cells)
        return [cell for one in listed for cell in self.of(*one)]

    def _listed(self, node: ast.expr, at: Statement) -> list[tuple[ast.expr, Statement]] | None:
        """Returns the elements of a list, with their statements; None for other expressions."""
        while isinstance(node, ast.Name):
            if (listed := self.layers.local.listed(node.id, at, self.mode)) is not None:
                return listed
            found = self.layers.local.assigned(node.id, at, self.mode)
            if found is None:
                return None
            node, at = found
        return [(one, at) for one in node.elts] if isinstance(node, ast.List | ast.Tuple) else None

    def _wrapped(self, node: ast.Call, at: Statement) -> list[Cell]:
        arguments = bind(node, _WRAPPER)
        cells = self.of(arguments["cell"], at)
        calls = calls_of(node, self.flat.facts)
        for name, usual in (("state_keep_prob", 1.0), ("variational_recurrent", False)):
            if any(call.arguments.get(name, usual) != usual for call in calls):
                raise refuse(
                    node, self.layers.path, f"`{name}` of DropoutWrapper is not translated"
                )
        before = self._rate(node, "input_keep_prob")
        after = self._rate(node, "output_keep_prob")
        first, last = cells[0], cells[-1]
        if (before and first.input_rate) or (after and last.output_rate):
            raise refuse(node, self.layers.path, "two dropouts in a row are not translated")
        cells[0] = dataclasses.replace(first, input_rate=before or first.input_rate)
        last = cells[-1]
        cells[-1] = dataclasses.replace(last, output_rate=after or last.output_rate)
        return cells

    def _rate(self, node: ast.Call, name: str) -> float:
        """Returns the rate in training; in other modes it has to be 0."""
        rates: dict[str, set[object]] = {}
        for mode, calls in self.flat.facts.get(node, {}).items():
            rates[mode] = {call.arguments.get(name, 1.0) for call in calls}
        kept = rates.pop(ModeKeys.TRAIN, {1.0})
        others = set().union(*rates.values(), set())
        [one] = kept if len(kept) == 1 else [None]
        if not isinstance(one, int | float) or others - {1.0}:
            raise refuse(
                node,
                self.layers.path,
                f"`{name}` of DropoutWrapper is not one number in TRAIN and 1 in the other modes",
            )
        return round(1.0 - one, 12)

    def _made(self, node: ast.Call, row: CellRow, at: Statement) -> ast.expr:
        calls = calls_of(node, self.flat.facts)
        arguments = bind(node, row.parameters)
        for name in arguments:
            if name in row.taken or name in row.ignored:
                continue
            usual = _DEFAULTS.get(name)
            if any(call.arguments.get(name, usual) != usual for call in calls):
                raise refuse(node, self.layers.path, f"`{name}` of {row.name} is not translated")
        if any(call.arguments.get("state_is_tuple", True) is not True for call in calls):
            raise refuse(node, self.layers.path, "`state_is_tuple=False` is not translated")
        if self.flat.initializers.get(self.use.node) is not None:
            raise refuse(
                node, self.layers.path, "a variable scope with an initializer around an RNN"
            )
        use = dataclasses.replace(
            self.use, node=node, statement=at, calls=_by_mode(node, self.flat)
        )
        keywords = []
        for name, value in arguments.items():
            if name not in row.taken or (isinstance(value, ast.Constant) and value.value is None):
                continue
            made = self.layers.argument(use, name, value)
            keywords.append(ast.keyword(arg=row.taken[name], value=made))
        units = [one.value for one in keywords if one.arg == "units"]
        rest = [one for one in keywords if one.arg != "units"]
        return ast.Call(func=parse(row.name), args=units, keywords=rest)

    def _refusal(self, node: ast.AST) -> Refusal:
        return refuse(
            node if hasattr(node, "lineno") else self.use.node,
            self.layers.path,
            f"the cell `{ast.unparse(node)[:60]}` is not translated; use one of tf.nn.rnn_cell",
        )


def _by_mode(node: ast.AST, flat: Flattened) -> dict[str, list[Call]]:
    return {mode: list(calls) for mode, calls in flat.facts.get(node, {}).items()}


def mask_of(use: Use, layers: Layers) -> ast.expr | None:
    """Returns the expression for the mask of the steps that there are; None if all are.

    Raises:
      Refusal: The number of steps is not known.
    """
    arguments = arguments_of(use)
    lengths = arguments.get("sequence_length")
    if lengths is None or (isinstance(lengths, ast.Constant) and lengths.value is None):
        return None
    shapes = {
        call.arguments["inputs"].shape
        for call in use.executions
        if isinstance(call.arguments.get("inputs"), TensorFact)
    }
    steps = {shape[1] for shape in shapes if shape is not None}
    if len(steps) == 1 and None not in steps:
        size: ast.expr = ast.Constant(value=next(iter(steps)))
    elif isinstance(arguments["inputs"], ast.Name):
        size = parse(f"tf.shape({arguments['inputs'].id})[1]")
    else:
        raise refuse(use.node, layers.path, "the number of steps of this RNN is not known")
    return ast.Call(func=parse("tf.sequence_mask"), args=[lengths, size], keywords=[])


def check(use: Use, layers: Layers) -> None:
    """Raises a Refusal for arguments that are not translated."""
    for call in use.executions:
        if call.arguments.get("time_major"):
            raise refuse(use.node, layers.path, "`time_major=True` is not translated; transpose")
    for name in ("initial_state", "initial_state_fw", "initial_state_bw"):
        _check_state(use, layers, arguments_of(use).get(name))


def _check_state(use: Use, layers: Layers, state: ast.expr | None) -> None:
    if state is None or (isinstance(state, ast.Constant) and state.value is None):
        return
    while isinstance(state, ast.Name):
        found = layers.local.assigned(state.id, use.statement)
        state = found[0] if found is not None else None
    is_zero = isinstance(state, ast.Call) and ast.unparse(state.func).endswith(".zero_state")
    if not is_zero:
        raise refuse(
            use.node,
            layers.path,
            "an `initial_state` other than `cell.zero_state` is not translated",
        )

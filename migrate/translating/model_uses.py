"""Where a model_fn applies layers and makes variables, and what their attributes are called."""

import ast
import dataclasses
import keyword
import re
from collections.abc import Sequence

from migrate.mappings import layers
from migrate.translating.facts import Call, TensorFact, VariableFact
from migrate.translating.source_reader.statements import Statement

# Attributes that a Keras model has already, and names that read as such.
RESERVED = frozenset(
    (
        "activity_regularizer",
        "call_signature_parameters",
        "compiled_loss",
        "get_quantization_layer_structure",
        "unrolled_steps_per_execution",
        "add_loss",
        "add_metric",
        "add_variable",
        "add_weight",
        "autocast",
        "build",
        "build_from_config",
        "built",
        "call",
        "compile",
        "compile_from_config",
        "compile_loss",
        "compiled",
        "compiled_metrics",
        "compute_dtype",
        "compute_loss",
        "compute_mask",
        "compute_metrics",
        "compute_output_shape",
        "compute_output_spec",
        "count_params",
        "distribute_reduction_method",
        "distribute_strategy",
        "dtype",
        "dtype_policy",
        "evaluate",
        "export",
        "fit",
        "from_config",
        "get_build_config",
        "get_compile_config",
        "get_config",
        "get_layer",
        "get_metrics_result",
        "get_state_tree",
        "get_weights",
        "input",
        "input_dtype",
        "input_shape",
        "input_spec",
        "inputs",
        "jit_compile",
        "layers",
        "load_own_variables",
        "load_weights",
        "loss",
        "losses",
        "make_predict_function",
        "make_test_function",
        "make_train_function",
        "metrics",
        "metrics_names",
        "metrics_variables",
        "name",
        "non_trainable_variables",
        "non_trainable_weights",
        "optimizer",
        "output",
        "output_shape",
        "outputs",
        "path",
        "predict",
        "predict_function",
        "predict_on_batch",
        "predict_step",
        "quantize",
        "quantization_mode",
        "quantized_build",
        "quantized_call",
        "rematerialized_call",
        "reset_metrics",
        "run_eagerly",
        "save",
        "save_own_variables",
        "save_weights",
        "set_state_tree",
        "set_weights",
        "stateless_call",
        "stateless_compute_loss",
        "steps_per_execution",
        "stop_training",
        "submodules",
        "summary",
        "supports_jit",
        "supports_masking",
        "symbolic_call",
        "test_function",
        "test_on_batch",
        "test_step",
        "to_json",
        "train_function",
        "train_on_batch",
        "train_step",
        "trainable",
        "trainable_variables",
        "trainable_weights",
        "training",
        "variable_dtype",
        "variables",
        "weights",
        "with_name_scope",
        "state",
        "loss_tracker",
    )
)
# The end of the name of a moving average.
AVERAGE = "/ExponentialMovingAverage"
_WEIGHTS = ("tf.get_variable", "tf.Variable")
BIDIRECTIONAL = "tf.nn.bidirectional_dynamic_rnn"
RNNS = ("tf.nn.dynamic_rnn", BIDIRECTIONAL)
DROPOUT = layers.LayerRow(
    legacy="tf.nn.dropout",
    keras="Dropout",
    parameters=("x", "keep_prob", "noise_shape", "seed", "name", "rate"),
    takes_training=True,
    fallback="dropout",
)
_LAST_OF_RNN = re.compile(r"(/?)\b(rnn|bidirectional_rnn)/.*")


@dataclasses.dataclass(slots=True, eq=False)
class Use:
    """A call that applies a layer or makes a variable.

    Attributes:
      node: The call.
      api: The public name of what is called.
      calls: Its executions in each mode.
      statement: The statement that it is in.
      loop: The loop that the statement is.
      made: The call that makes the layer, if the layer is an object; None for functions.
      name: The attribute.
      shares: The use that made the layer, if another one did.
    """

    node: ast.Call
    api: str
    calls: dict[str, list[Call]]
    statement: Statement
    loop: ast.For | None
    made: ast.Call | None = None
    name: str = ""
    shares: "Use | None" = None

    @property
    def executions(self) -> list[Call]:
        """All executions."""
        return [call for calls in self.calls.values() for call in calls]

    @property
    def variables(self) -> list[VariableFact]:
        """The variables that it made."""
        names: dict[str, VariableFact] = {}
        for call in self.executions:
            names |= {one.name: one for one in call.variables}
        return list(names.values())

    @property
    def row(self) -> layers.LayerRow:
        """The layer."""
        return DROPOUT if self.api == "tf.nn.dropout" else layers.ROWS[self.api]

    @property
    def groups(self) -> list[list[VariableFact]]:
        """The variables of each iteration of the loop around."""
        found: dict[tuple[str, ...], list[VariableFact]] = {}
        for call in self.executions:
            if call.variables:
                found[tuple(one.name for one in call.variables)] = list(call.variables)
        return list(found.values())

    @property
    def listed(self) -> bool:
        """Whether the attribute is a list, with a layer for each iteration.

        A loop that was run once makes a list, too: another hyperparameter may run it twice.
        """
        if self.loop is None:
            return False
        if not self.groups:
            return self._has_several_rates
        return len(self.groups) == len({call.iterations for call in self.executions})

    @property
    def _has_several_rates(self) -> bool:
        """Whether this is a dropout with another rate in another iteration."""
        given = {(c.arguments.get("rate"), c.arguments.get("keep_prob")) for c in self.executions}
        plain = all(isinstance(one, int | float | None) for pair in given for one in pair)
        return self.api == "tf.nn.dropout" and plain and len(given) > 1

    @property
    def reads(self) -> set[str]:
        """The variables that it reads, and that were made before."""
        found = set().union(*(call.reads for call in self.executions), set())
        if self.api == "tf.get_variable":
            found |= {c.result.name for c in self.executions if isinstance(c.result, TensorFact)}
        return found

    @property
    def place(self) -> str:
        """The scope of the layer, or the name of the variable, such as "attention/query"."""
        if not self.variables:
            return ""
        name = self.variables[0].name
        if name.endswith(AVERAGE):
            name = name.removesuffix(AVERAGE)
            owner = name if self.api in _WEIGHTS else name.rpartition("/")[0]
            return f"{owner}_average"
        if self.api in RNNS:
            kind = "bidirectional_rnn" if self.api == BIDIRECTIONAL else "rnn"
            return _LAST_OF_RNN.sub("", name) or kind
        return name if self.api in _WEIGHTS else name.rpartition("/")[0]


def name_all(uses: Sequence[Use]) -> None:
    """Gives each use that makes something a name that no other one has."""
    makers = [use for use in uses if use.shares is None]
    paths = [use.place for use in makers if use.place]
    taken: set[str] = set(RESERVED)
    for use in makers:
        use.name = (
            _shortest(use.place, paths, taken)
            if use.place
            else numbered(use.row.fallback or use.row.keras.lower(), taken)
        )
        if use.name in RESERVED or use.name.rpartition("_")[0] in RESERVED:
            base = use.name.rpartition("_")[0] if use.name[-1:].isdigit() else use.name
            use.name = numbered(f"{base.removesuffix('_1')}_layer", taken)
        if use.listed:
            use.name = numbered(re.sub(r"_?\d+$", "", use.name) + "_layers", taken)
        taken.add(use.name)
    for use in uses:
        if use.shares is not None:
            use.name = use.shares.name


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
    return numbered(_identifier("_".join(parts)), taken)


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text)
    if re.search("[a-z][A-Z]", name):
        name = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if keyword.iskeyword(name):
        return f"{name}_layer"
    return f"layer_{name}" if name[:1].isdigit() else name


def numbered(name: str, taken: set[str]) -> str:
    """Returns a name that is not taken."""
    new, number = name, 1
    while new in taken:
        new, number = f"{name}_{number}", number + 1
    return new

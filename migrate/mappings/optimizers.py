"""The optimizers of `tf.train` as small classes over the kernels that they ran.

Keras's optimizers of the same names differ: in epsilon or its place, in the slots, or on the rows
of an embedding. Each class has the slots of the legacy optimizer, under their legacy names.
`tests/migrate/mappings/test_optimizers.py` steps both sides.
"""

import ast
import dataclasses
import re

from migrate.mappings import optimizer_classes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerRow:
    """An optimizer.

    Attributes:
      kernels: The types of the ops that update a weight, without "Resource" and "Sparse".
      name: The class that is written.
      hyperparameters: The inputs and attributes of the op that the constructor takes, by the name
        of the argument.
      slots: The attributes that hold the slots, by the end of their legacy names.
      powers: The attributes of variables that are no slots, by their legacy names.
      source: The class.
      has_row_kernel: Whether the rows of an IndexedSlices have a kernel of their own, whose update
        is not that of the dense gradient. `with_rows` then returns the class.
      takes_names: Whether the constructor takes the weights by their legacy names.
      legacy: The legacy class, "" for `tf.train.<name>Optimizer`; "the legacy program" where it is
        no class.
    """

    kernels: tuple[str, ...]
    name: str
    hyperparameters: dict[str, str]
    slots: dict[str, str]
    source: str
    powers: dict[str, str] = dataclasses.field(default_factory=dict)
    has_row_kernel: bool = False
    takes_names: bool = False
    legacy: str = ""

    @property
    def legacy_name(self) -> str:
        """The legacy class, as a docstring calls it."""
        return self.legacy or f"tf.train.{self.name}Optimizer"


ROWS = (
    OptimizerRow(
        kernels=("ApplyGradientDescent",), name="GradientDescent", hyperparameters={}, slots={},
        source=optimizer_classes.SGD,
    ),
    OptimizerRow(
        kernels=("ApplyMomentum",),
        name="Momentum",
        hyperparameters={"momentum": "momentum", "use_nesterov": "use_nesterov"},
        slots={"Momentum": "accumulators"},
        source=optimizer_classes.MOMENTUM,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyAdam",),
        name="Adam",
        hyperparameters={"beta1": "beta1", "beta2": "beta2", "epsilon": "epsilon"},
        slots={"Adam": "m", "Adam_1": "v"},
        powers={"beta1_power": "beta1_power", "beta2_power": "beta2_power"},
        source=optimizer_classes.ADAM,
    ),
    OptimizerRow(
        kernels=("ApplyAdagrad",), name="Adagrad",
        hyperparameters={"initial_accumulator_value": "slot:Adagrad"},
        slots={"Adagrad": "accumulators"},
        source=optimizer_classes.ADAGRAD,
    ),
    OptimizerRow(
        kernels=("ApplyRMSProp",),
        name="RMSProp",
        hyperparameters={"decay": "rho", "momentum": "momentum", "epsilon": "epsilon"},
        slots={"RMSProp": "mean_squares", "RMSProp_1": "momenta"},
        source=optimizer_classes.RMSPROP,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyAdadelta",),
        name="Adadelta",
        hyperparameters={"rho": "rho", "epsilon": "epsilon"},
        slots={"Adadelta": "accumulators", "Adadelta_1": "updates"},
        source=optimizer_classes.ADADELTA,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyFtrl",),
        name="Ftrl",
        hyperparameters={
            "learning_rate_power": "lr_power",
            "initial_accumulator_value": "slot:Ftrl",
            "l1_regularization_strength": "l1",
            "l2_regularization_strength": "l2",
        },
        slots={"Ftrl": "accumulators", "Ftrl_1": "linears"},
        source=optimizer_classes.FTRL,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyCenteredRMSProp",),
        name="CenteredRMSProp",
        hyperparameters={"decay": "rho", "momentum": "momentum", "epsilon": "epsilon"},
        slots={"RMSProp": "mean_squares", "RMSProp_1": "means", "RMSProp_2": "momenta"},
        source=optimizer_classes.CENTERED_RMSPROP,
        has_row_kernel=True,
        legacy="tf.train.RMSPropOptimizer",
    ),
    OptimizerRow(
        kernels=("ApplyProximalAdagrad",),
        name="ProximalAdagrad",
        hyperparameters={
            "initial_accumulator_value": "slot:ProximalAdagrad",
            "l1_regularization_strength": "l1",
            "l2_regularization_strength": "l2",
        },
        slots={"ProximalAdagrad": "accumulators"},
        source=optimizer_classes.PROXIMAL_ADAGRAD,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyProximalGradientDescent",),
        name="ProximalGradientDescent",
        hyperparameters={
            "l1_regularization_strength": "l1",
            "l2_regularization_strength": "l2",
        },
        slots={},
        source=optimizer_classes.PROXIMAL_SGD,
        has_row_kernel=True,
    ),
)  # fmt: skip


SUMMED = '''\
def summed(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    """Adds up the rows that have the same index: the kernels would make a step of each."""
    indices, places = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(indices))
    return tf.IndexedSlices(values, indices)
'''
_DENSE_CALL = re.compile(
    r"^            tf\.raw_ops\.Resource(?P<kernel>\w+)\(\n"
    r"(?P<arguments>(?:                .*\n)+?)"
    r"            \)\n",
    re.MULTILINE,
)
_GRADIENT = re.compile(r"^ {16}(?P<name>grad|delta)=gradient,\n", re.MULTILINE)


def with_rows(row: OptimizerRow) -> str:
    """Returns the class with the kernel for the rows of an IndexedSlices beside the dense one."""
    match = _DENSE_CALL.search(row.source)
    assert match is not None, row.name
    gradient = _GRADIENT.search(match["arguments"])
    assert gradient is not None, row.name
    inputs = match["arguments"].replace(gradient.group(), "")
    inputs = re.sub(r"^( +)(\w+)=", r'\1"\2": ', inputs, flags=re.MULTILINE)
    call = (
        f"            inputs = {{\n{inputs}            }}\n"
        "            if isinstance(gradient, tf.IndexedSlices):\n"
        "                rows = summed(gradient)\n"
        f"                tf.raw_ops.ResourceSparse{match['kernel']}(\n"
        "                    grad=rows.values, indices=rows.indices, **inputs\n"
        "                )\n"
        "            else:\n"
        f"                tf.raw_ops.Resource{match['kernel']}("
        f"{gradient['name']}=gradient, **inputs)\n"
    )
    text = row.source[: match.start()] + call + row.source[match.end() :]
    return text.replace(
        "gradients: list[tf.Tensor],", "gradients: list[tf.Tensor | tf.IndexedSlices],"
    )


def defaults(row: OptimizerRow) -> dict[str, object]:
    """Returns the defaults of the class's constructor."""
    tree = ast.parse(row.source).body[0]
    assert isinstance(tree, ast.ClassDef)
    init = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    names = [one.arg for one in init.args.args]
    values = [ast.literal_eval(one) for one in init.args.defaults]
    return dict(zip(reversed(names), reversed(values), strict=False))

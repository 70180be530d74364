"""The optimizers of `tf.train` as small classes over the kernels that they ran.

Keras's optimizers of the same names differ: in epsilon or its place, in the slots, or on the rows
of an embedding. Each class has the slots of the legacy optimizer, under their legacy names.
`tests/migrate/mappings/test_optimizers.py` steps both sides.
"""

import ast
import dataclasses
import re


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
      legacy: The legacy class, "" for `tf.train.<name>Optimizer`.
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


_SGD = '''\
class GradientDescent:
    """`tf.train.GradientDescentOptimizer`."""

    def __init__(self, weights: list[tf.Variable]) -> None:
        self.weights = weights

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, gradient in zip(self.weights, gradients, strict=True):
            if isinstance(gradient, tf.IndexedSlices):
                weight.scatter_sub(tf.IndexedSlices(rate * gradient.values, gradient.indices))
            else:
                weight.assign_sub(rate * gradient)
'''

_MOMENTUM = '''\
class Momentum:
    """`tf.train.MomentumOptimizer`: the rate multiplies the accumulator, and is no part of it.

    `keras.optimizers.SGD(momentum=)` has it inside, which differs as soon as the rate changes.
    """

    def __init__(
        self, weights: list[tf.Variable], momentum: float, use_nesterov: bool = False
    ) -> None:
        self.weights, self.momentum, self.use_nesterov = weights, momentum, use_nesterov
        self.accumulators = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, accumulator, gradient in zip(
            self.weights, self.accumulators, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyMomentum(
                var=weight.handle,
                accum=accumulator.handle,
                lr=tf.cast(rate, weight.dtype),
                grad=gradient,
                momentum=tf.cast(self.momentum, weight.dtype),
                use_nesterov=self.use_nesterov,
            )
'''

_ADAM = '''\
class Adam:
    """`tf.train.AdamOptimizer`, whose `beta1_power` and `beta2_power` are in its checkpoints.

    The gradient of an embedding moves its every row, as there: moments decay in those that no
    batch looked up.
    """

    def __init__(
        self,
        weights: list[tf.Variable],
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.weights, self.beta1, self.beta2, self.epsilon = weights, beta1, beta2, epsilon
        self.m = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.v = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.beta1_power, self.beta2_power = tf.Variable(beta1), tf.Variable(beta2)

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, m, v, gradient in zip(self.weights, self.m, self.v, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=self.beta1_power,
                beta2_power=self.beta2_power,
                lr=rate,
                beta1=self.beta1,
                beta2=self.beta2,
                epsilon=self.epsilon,
                grad=tf.convert_to_tensor(gradient),
            )
        self.beta1_power.assign(self.beta1_power * self.beta1)
        self.beta2_power.assign(self.beta2_power * self.beta2)
'''

_ADAGRAD = '''\
class Adagrad:
    """`tf.train.AdagradOptimizer`: without an epsilon, from an accumulator that is not 0."""

    def __init__(self, weights: list[tf.Variable], initial_accumulator_value: float = 0.1) -> None:
        self.weights = weights
        self.accumulators = [
            tf.Variable(tf.fill(weight.shape, tf.cast(initial_accumulator_value, weight.dtype)))
            for weight in weights
        ]

    def apply(self, gradients: list[tf.Tensor | tf.IndexedSlices], rate: float | tf.Tensor) -> None:
        for weight, accumulator, gradient in zip(
            self.weights, self.accumulators, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdagrad(
                var=weight.handle,
                accum=accumulator.handle,
                lr=rate,
                grad=tf.convert_to_tensor(gradient),
            )
'''

_RMSPROP = '''\
class RMSProp:
    """`tf.train.RMSPropOptimizer`: epsilon is under the root; the mean square begins with 1."""

    def __init__(
        self,
        weights: list[tf.Variable],
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
    ) -> None:
        self.weights, self.decay, self.momentum, self.epsilon = weights, decay, momentum, epsilon
        self.mean_squares = [tf.Variable(tf.ones_like(weight)) for weight in weights]
        self.momenta = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, mean_square, momentum, gradient in zip(
            self.weights, self.mean_squares, self.momenta, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyRMSProp(
                var=weight.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=rate,
                rho=self.decay,
                momentum=self.momentum,
                epsilon=self.epsilon,
                grad=gradient,
            )
'''

_ADADELTA = '''\
class Adadelta:
    """`tf.train.AdadeltaOptimizer`."""

    def __init__(
        self, weights: list[tf.Variable], rho: float = 0.95, epsilon: float = 1e-8
    ) -> None:
        self.weights, self.rho, self.epsilon = weights, rho, epsilon
        self.accumulators = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.updates = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, accumulator, update, gradient in zip(
            self.weights, self.accumulators, self.updates, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdadelta(
                var=weight.handle,
                accum=accumulator.handle,
                accum_update=update.handle,
                lr=rate,
                rho=self.rho,
                epsilon=self.epsilon,
                grad=gradient,
            )
'''

_FTRL = '''\
class Ftrl:
    """`tf.train.FtrlOptimizer`."""

    def __init__(
        self,
        weights: list[tf.Variable],
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
    ) -> None:
        self.weights, self.power = weights, learning_rate_power
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.accumulators = [
            tf.Variable(tf.fill(weight.shape, initial_accumulator_value)) for weight in weights
        ]
        self.linears = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, accumulator, linear, gradient in zip(
            self.weights, self.accumulators, self.linears, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyFtrl(
                var=weight.handle,
                accum=accumulator.handle,
                linear=linear.handle,
                grad=gradient,
                lr=rate,
                l1=self.l1,
                l2=self.l2,
                lr_power=self.power,
            )
'''

_CENTERED_RMSPROP = '''\
class CenteredRMSProp:
    """`tf.train.RMSPropOptimizer(centered=True)`: the gradient's mean square less its mean's."""

    def __init__(
        self,
        weights: list[tf.Variable],
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
    ) -> None:
        self.weights, self.decay, self.momentum, self.epsilon = weights, decay, momentum, epsilon
        self.mean_squares = [tf.Variable(tf.ones_like(weight)) for weight in weights]
        self.means = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.momenta = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        slots = zip(self.mean_squares, self.means, self.momenta, strict=True)
        for weight, slot, gradient in zip(self.weights, slots, gradients, strict=True):
            mean_square, mean, momentum = slot
            tf.raw_ops.ResourceApplyCenteredRMSProp(
                var=weight.handle,
                mg=mean.handle,
                ms=mean_square.handle,
                mom=momentum.handle,
                lr=rate,
                rho=self.decay,
                momentum=self.momentum,
                epsilon=self.epsilon,
                grad=gradient,
            )
'''

_PROXIMAL_ADAGRAD = '''\
class ProximalAdagrad:
    """`tf.train.ProximalAdagradOptimizer`."""

    def __init__(
        self,
        weights: list[tf.Variable],
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
    ) -> None:
        self.weights = weights
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.accumulators = [
            tf.Variable(tf.fill(weight.shape, initial_accumulator_value)) for weight in weights
        ]

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, accumulator, gradient in zip(
            self.weights, self.accumulators, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyProximalAdagrad(
                var=weight.handle,
                accum=accumulator.handle,
                lr=rate,
                l1=self.l1,
                l2=self.l2,
                grad=gradient,
            )
'''

_PROXIMAL_SGD = '''\
class ProximalGradientDescent:
    """`tf.train.ProximalGradientDescentOptimizer`."""

    def __init__(
        self,
        weights: list[tf.Variable],
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
    ) -> None:
        self.weights = weights
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength

    def apply(self, gradients: list[tf.Tensor], rate: float | tf.Tensor) -> None:
        for weight, gradient in zip(self.weights, gradients, strict=True):
            tf.raw_ops.ResourceApplyProximalGradientDescent(
                var=weight.handle,
                alpha=rate,
                l1=self.l1,
                l2=self.l2,
                delta=gradient,
            )
'''

ROWS = (
    OptimizerRow(
        kernels=("ApplyGradientDescent",), name="GradientDescent", hyperparameters={}, slots={},
        source=_SGD,
    ),
    OptimizerRow(
        kernels=("ApplyMomentum",),
        name="Momentum",
        hyperparameters={"momentum": "momentum", "use_nesterov": "use_nesterov"},
        slots={"Momentum": "accumulators"},
        source=_MOMENTUM,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyAdam",),
        name="Adam",
        hyperparameters={"beta1": "beta1", "beta2": "beta2", "epsilon": "epsilon"},
        slots={"Adam": "m", "Adam_1": "v"},
        powers={"beta1_power": "beta1_power", "beta2_power": "beta2_power"},
        source=_ADAM,
    ),
    OptimizerRow(
        kernels=("ApplyAdagrad",), name="Adagrad",
        hyperparameters={"initial_accumulator_value": "slot:Adagrad"},
        slots={"Adagrad": "accumulators"},
        source=_ADAGRAD,
    ),
    OptimizerRow(
        kernels=("ApplyRMSProp",),
        name="RMSProp",
        hyperparameters={"decay": "rho", "momentum": "momentum", "epsilon": "epsilon"},
        slots={"RMSProp": "mean_squares", "RMSProp_1": "momenta"},
        source=_RMSPROP,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyAdadelta",),
        name="Adadelta",
        hyperparameters={"rho": "rho", "epsilon": "epsilon"},
        slots={"Adadelta": "accumulators", "Adadelta_1": "updates"},
        source=_ADADELTA,
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
        source=_FTRL,
        has_row_kernel=True,
    ),
    OptimizerRow(
        kernels=("ApplyCenteredRMSProp",),
        name="CenteredRMSProp",
        hyperparameters={"decay": "rho", "momentum": "momentum", "epsilon": "epsilon"},
        slots={"RMSProp": "mean_squares", "RMSProp_1": "means", "RMSProp_2": "momenta"},
        source=_CENTERED_RMSPROP,
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
        source=_PROXIMAL_ADAGRAD,
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
        source=_PROXIMAL_SGD,
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

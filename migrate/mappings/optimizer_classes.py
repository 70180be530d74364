"""The source of the optimizers: classes that a written module has."""

SGD = '''\
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

MOMENTUM = '''\
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

ADAM = '''\
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

ADAGRAD = '''\
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

RMSPROP = '''\
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

ADADELTA = '''\
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

FTRL = '''\
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

CENTERED_RMSPROP = '''\
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

PROXIMAL_ADAGRAD = '''\
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

PROXIMAL_SGD = '''\
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

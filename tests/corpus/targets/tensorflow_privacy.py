"""tensorflow-privacy 0.5.2: the membership example's model, and one of a private Keras optimizer.

`make_model_fn` of its test_utils and its DNNClassifiers are on heads, which are not here yet. Its
wheel has no tutorials.
"""

from typing import Any

import tensorflow as tf
from absl import flags

from migrate import Target

REQUIREMENTS = (
    "tensorflow-privacy==0.5.2",
    "dm-tree==0.1.9",
    "scipy==1.15.3",
    "scikit-learn==1.7.2",
    "joblib==1.5.2",  # of scikit-learn, as is the next
    "threadpoolctl==3.6.0",
)
LEGACY = ("tensorflow_privacy",)

BATCH = 4


def normal(*shape: int) -> tf.Tensor:
    return tf.random.stateless_normal(shape, (1, 2))


def images() -> Any:
    batch = {"x": normal(BATCH, 32, 32, 3)}, tf.range(BATCH)
    return tf.data.Dataset.from_tensors(batch).repeat()


def points() -> Any:
    """An input_fn of four numbers, and their sum."""
    numbers = normal(BATCH, 4)
    labels = tf.reduce_sum(numbers, axis=1, keepdims=True)
    return tf.data.Dataset.from_tensors((numbers, labels)).repeat()


def membership_example() -> Target:
    from tensorflow_privacy.privacy.membership_inference_attack import (
        tf_estimator_evaluation_example as example,
    )

    flags.FLAGS(["example", "--learning_rate=0.02"])
    return Target(model_fn=example.small_cnn_fn, input_fns=images)


def private_keras_optimizer() -> Target:
    """A method's closure; its loss is a mean, and the optimizer is given the losses themselves."""
    from tensorflow_privacy.privacy.optimizers import dp_optimizer_keras
    from tensorflow_privacy.privacy.optimizers.dp_optimizer_keras_test import (
        DPOptimizerGetGradientsTest as Case,
    )

    model_fn = Case()._make_linear_model_fn(
        dp_optimizer_keras.DPKerasSGDOptimizer,
        l2_norm_clip=1.0,
        noise_multiplier=0.1,
        num_microbatches=2,
        learning_rate=0.1,
    )
    return Target(model_fn=model_fn, input_fns=points)


_ROOT = "tensorflow_privacy/privacy"
_CASE = "DPOptimizerGetGradientsTest._make_linear_model_fn.linear_model_fn"
TARGETS = {
    f"{_ROOT}/membership_inference_attack/tf_estimator_evaluation_example.py:small_cnn_fn": (
        membership_example
    ),
    f"{_ROOT}/optimizers/dp_optimizer_keras_test.py:{_CASE}": private_keras_optimizer,
}

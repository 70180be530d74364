"""tf-models-official 2.1.0.dev2: the models of `official/r1`, and recommendation's.

wide_deep builds canned estimators only: its targets are these.
"""

import functools
import tempfile
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from absl import flags

from migrate import Target

REQUIREMENTS = ("tf-models-official==2.1.0.dev2",)
LEGACY = ("official",)

BATCH, CLASSES, VOCABULARY = 4, 10, 16
USERS, ITEMS = 6, 8
RANKED = 1000  # items that an evaluation ranks for each user: 1 seen, 999 not


def uniform(shape: list[int], seed: int, end: int) -> tf.Tensor:
    """Whole numbers from 0 to `end`, the same in every run."""
    return tf.random.stateless_uniform(shape, (seed, 0), 0, end, tf.int32)


def images(*shape: int) -> Any:
    pixels = tf.random.stateless_normal([BATCH, *shape], (1, 0))
    return tf.data.Dataset.from_tensors((pixels, uniform([BATCH], 2, CLASSES))).repeat()


def sentences() -> Any:
    """An input_fn of word ids from 1, the last of a sentence padding, and their translation."""
    ids = tf.pad(1 + uniform([BATCH, 5], 3, VOCABULARY - 1), [[0, 0], [0, 1]])
    return tf.data.Dataset.from_tensors((ids, tf.reverse(ids, [1]))).repeat()


def pairs(size: int) -> dict[str, tf.Tensor]:
    return {"user_id": uniform([size, 1], 4, USERS), "item_id": uniform([size, 1], 5, ITEMS)}


def ratings() -> Any:
    """An input_fn of pairs, one of them a mere filler, and whether the user saw the item."""
    features = {**pairs(BATCH), "valid_point_mask": tf.range(BATCH)[:, None] < BATCH - 1}
    labels = uniform([BATCH, 1], 6, 2)
    return tf.data.Dataset.from_tensors((features, tf.cast(labels, tf.bool))).repeat()


def rankings() -> Any:
    """An input_fn of two users' ranked items; it has no labels."""
    features = {**pairs(2 * RANKED), "duplicate_mask": tf.zeros([2 * RANKED, 1], tf.bool)}
    return tf.data.Dataset.from_tensors(features).repeat(2)


def mnist() -> Target:
    from official.r1.mnist.mnist import model_fn

    params = {"data_format": "channels_last"}
    return Target(model_fn=model_fn, input_fns=functools.partial(images, 784), params=params)


def mnist_tpu() -> Target:
    from official.r1.mnist.mnist_tpu import model_fn

    flags.FLAGS(["mnist_tpu", "--nouse_tpu"])
    params = {"batch_size": BATCH}
    return Target(model_fn=model_fn, input_fns=lambda params: images(784), params=params)


@functools.cache
def resnet_flags() -> None:
    """Defines the flags that the ResNets' model_fns read, with the defaults of their mains.

    The mains' own definitions have names in common with those of mnist_tpu.
    """
    flags.DEFINE_bool("enable_lars", False, "")
    flags.DEFINE_float("label_smoothing", 0.0, "")
    flags.DEFINE_float("weight_decay", 1e-4, "")
    flags.FLAGS(["resnet"])


RESNET = {
    "resnet_version": 1,
    "batch_size": BATCH,
    "data_format": "channels_last",
    "loss_scale": 1,
    "dtype": tf.float32,
    "fine_tune": False,
}


def resnet_of_cifar() -> Target:
    from official.r1.resnet.cifar10_main import cifar10_model_fn

    resnet_flags()
    return Target(
        model_fn=cifar10_model_fn,
        input_fns=functools.partial(images, 32, 32, 3),
        params={**RESNET, "resnet_size": 8},
    )


def resnet_of_imagenet() -> Target:
    from official.r1.resnet.imagenet_main import imagenet_model_fn

    resnet_flags()
    return Target(
        model_fn=imagenet_model_fn,
        input_fns=functools.partial(images, 32, 32, 3),
        params={**RESNET, "resnet_size": 18},
    )


def resnet() -> Target:
    """The function behind both, with what neither of them sets: a scaled loss, its last layer."""
    from official.r1.resnet import cifar10_main, resnet_run_loop

    resnet_flags()
    model_fn = functools.partial(
        resnet_run_loop.resnet_model_fn,
        model_class=cifar10_main.Cifar10Model,
        resnet_size=8,
        weight_decay=2e-4,
        learning_rate_fn=lambda step: 0.01,
        momentum=0.9,
        data_format="channels_last",
        resnet_version=2,
        loss_scale=128,
        loss_filter_fn=None,
        dtype=tf.float32,
        fine_tune=True,
        label_smoothing=0.0,
    )
    return Target(model_fn=model_fn, input_fns=functools.partial(images, 32, 32, 3))


def transformer() -> Target:
    from official.nlp.transformer import model_params
    from official.r1.transformer.transformer_main import model_fn

    params = model_params.TINY_PARAMS.copy()
    sizes = {"hidden_size": 8, "filter_size": 16, "num_heads": 2, "num_hidden_layers": 2}
    params.update(sizes, vocab_size=VOCABULARY, learning_rate_warmup_steps=10)
    return Target(model_fn=model_fn, input_fns=sentences, params=params)


def neumf() -> Target:
    from official.recommendation.neumf_model import neumf_model_fn

    params = {
        "num_users": USERS,
        "num_items": ITEMS,
        "model_layers": [8, 4],
        "mf_dim": 4,
        "mf_regularization": 0.0,
        "mlp_reg_layers": [0.0, 0.0],
        "learning_rate": 0.01,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "num_neg": 4,
        "match_mlperf": False,
        "use_tpu": False,
    }
    input_fns = {"train": ratings, "eval": rankings}
    return Target(model_fn=neumf_model_fn, input_fns=input_fns, params=params)


def people() -> Any:
    """An input_fn of census data that we draw, read by the package's own."""
    from official.r1.wide_deep import census_dataset

    kinds = ("Bachelors", "HS-grad"), ("Private", "?"), ("Tech-support", "Sales")
    rows = [
        f"{20 + 9 * at},{kinds[1][at % 2]},77,{kinds[0][at // 2 % 2]},{9 + at},Divorced,"
        f"{kinds[2][at // 3 % 2]},Wife,White,Male,{at * 100},0,{35 + at},Peru,{'<>'[at % 2]}=50K"
        for at in range(2 * BATCH)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
        file.write("\n".join(rows).replace(">=50K", ">50K") + "\n")
    return census_dataset.input_fn(file.name, 1, False, BATCH).repeat()


def wide_deep(kind: str) -> Callable[[], Target]:
    """A canned estimator of `census_main`."""

    def make() -> Target:
        from official.r1.wide_deep import census_dataset, census_main

        build = census_main.build_estimator
        estimator = build(tempfile.mkdtemp(), kind, census_dataset.build_model_columns, 0, 0)
        return Target.from_estimator(estimator, people)

    return make


def movies() -> Any:
    """An input_fn of movies, and how a user rates them, from 0 to 1."""
    ids = 1 + uniform([2 * BATCH, 1], 7, 100)
    features = {
        "user_id": tf.cast(ids, tf.int64),
        "item_id": tf.cast(ids + 5, tf.int64),
        "timestamp": tf.cast(ids, tf.int64),
        "genres": tf.cast(uniform([2 * BATCH, 19], 8, 2), tf.int64),
    }
    scores = tf.cast(ids, tf.float32) / 100.0
    return tf.data.Dataset.from_tensor_slices((features, scores)).batch(BATCH).repeat()


def movielens() -> Target:
    from official.r1.wide_deep import movielens_dataset, movielens_main

    columns = functools.partial(movielens_dataset.build_model_columns, "ml-1m")
    estimator = movielens_main.build_estimator(tempfile.mkdtemp(), "deep", columns, 0, 0)
    return Target.from_estimator(estimator, movies)


_CENSUS = "official/r1/wide_deep/census_main.py:build_estimator"
# The canned estimators of TensorFlow 1 have SUM, unless they are asked for another one. MovieLens
# asks for MEAN, which is SUM_OVER_BATCH_SIZE without weights.
REDUCTIONS = {
    **{f"{_CENSUS}({kind})": "SUM" for kind in ("wide", "deep", "wide_deep")},
    "official/r1/wide_deep/movielens_main.py:build_estimator": "SUM_OVER_BATCH_SIZE",
}
TARGETS = {
    **{f"{_CENSUS}({kind})": wide_deep(kind) for kind in ("wide", "deep", "wide_deep")},
    "official/r1/wide_deep/movielens_main.py:build_estimator": movielens,
    "official/r1/mnist/mnist.py:model_fn": mnist,
    "official/r1/mnist/mnist_tpu.py:model_fn": mnist_tpu,
    "official/r1/resnet/cifar10_main.py:cifar10_model_fn": resnet_of_cifar,
    "official/r1/resnet/imagenet_main.py:imagenet_model_fn": resnet_of_imagenet,
    "official/r1/resnet/resnet_run_loop.py:resnet_model_fn": resnet,
    "official/r1/transformer/transformer_main.py:model_fn": transformer,
    "official/recommendation/neumf_model.py:neumf_model_fn": neumf,
}

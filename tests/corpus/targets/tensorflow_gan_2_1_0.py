"""tensorflow-gan 2.1.0: four estimators, whose model_fns are closures over two networks."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

import estimator_compat as estimator
from migrate import Target

REQUIREMENTS = (
    "tensorflow-gan==2.1.0",
    "tensorflow-hub==0.16.1",
    "tensorflow-probability==0.25.0",
    "cloudpickle==3.1.1",
    "decorator==5.1.1",
    "dm-tree==0.1.9",
)
LEGACY = ("tensorflow_gan",)

BATCH, NOISE, DOMAINS = 8, 4, 3


def dense(inputs: Any, units: int, name: str, **settings: Any) -> Any:
    return tf.compat.v1.layers.dense(inputs, units, name=name, **settings)


# The package asks for the arguments of the networks in a way that refuses annotations.
def generator(noise, mode):
    return dense(dense(noise, 8, "hidden", activation=tf.nn.relu), 2, "points")


def discriminator(points, condition, mode):
    return dense(dense(points, 8, "hidden", activation=tf.nn.relu), 1, "logits")


def points() -> Any:
    """An input_fn of noise, and of points around (3, 1)."""
    noise = tf.random.stateless_normal([BATCH, NOISE], (1, 2))
    real = tf.random.stateless_normal([BATCH, 2], (3, 4)) * 0.1 + [3.0, 1.0]
    return tf.data.Dataset.from_tensors((noise, real)).repeat()


def adam() -> Any:
    return tf.compat.v1.train.AdamOptimizer(0.01, 0.5)


def networks() -> dict[str, Any]:
    import tensorflow_gan as tfgan

    return {
        "generator_fn": generator,
        "discriminator_fn": discriminator,
        "generator_loss_fn": tfgan.losses.modified_generator_loss,
        "discriminator_loss_fn": tfgan.losses.modified_discriminator_loss,
        "generator_optimizer": adam,
        "discriminator_optimizer": adam,
    }


def gan() -> Target:
    import tensorflow_gan as tfgan

    made = tfgan.estimator.GANEstimator(**networks())
    return Target(model_fn=made._model_fn, input_fns=points)


def tpu_gan() -> Target:
    """Its model_fn takes apart a batch for each of its steps, one of each network."""
    import tensorflow_gan as tfgan

    made = tfgan.estimator.TPUGANEstimator(
        **networks(),
        train_batch_size=BATCH // 2,
        eval_batch_size=BATCH,
        use_tpu=False,
        eval_on_tpu=False,
        config=estimator.tpu.RunConfig(),
    )
    return Target(model_fn=made._model_fn, input_fns=points)


def domains() -> Any:
    """An input_fn of images, and of the domain of each."""
    images = tf.random.stateless_normal([BATCH, 4, 4, 3], (1, 2))
    labels = tf.one_hot(tf.range(BATCH) % DOMAINS, DOMAINS)
    return tf.data.Dataset.from_tensors((images, labels)).repeat()


def translator(images, domain, mode):
    shift = tf.reshape(dense(domain, 3, "shift"), [-1, 1, 1, 3])
    return tf.compat.v1.layers.conv2d(images + shift, 3, 3, padding="same", name="image")


def critic(images, domains, mode):
    flat = tf.reshape(images, [-1, 48])
    return dense(flat, 1, "source")[:, 0], dense(flat, domains, "domain")


def stargan() -> Target:
    import tensorflow_gan as tfgan

    made = tfgan.estimator.StarGANEstimator(
        generator_fn=translator,
        discriminator_fn=critic,
        loss_fn=tfgan.stargan_loss,
        generator_optimizer=adam,
        discriminator_optimizer=adam,
    )
    return Target(model_fn=made._model_fn, input_fns=domains)


def distance(model: Any, features: Any, labels: Any, add_summaries: bool) -> Any:
    return tf.reduce_mean(tf.square(model.generated_data - labels))


def latent() -> Target:
    """Its model_fn moves the noise of a generator that stays as it is."""
    from tensorflow_gan.python.estimator import latent_gan_estimator

    params = {
        "batch_size": BATCH,
        "z_shape": [NOISE],
        "learning_rate": 0.1,
        "input_clip": 2.0,
        "add_summaries": True,
    }
    made = latent_gan_estimator.get_latent_gan_estimator(
        generator,
        discriminator,
        distance,
        tf.compat.v1.train.AdamOptimizer,
        params,
        estimator.RunConfig(),
        ckpt_dir="",
        warmstart_options=False,
    )
    return Target(model_fn=made._model_fn, input_fns=points, params=params)


FILE = "tensorflow_gan/python/estimator"
TARGETS: dict[str, Callable[[], Target]] = {
    f"{FILE}/gan_estimator.py:GANEstimator.__init__._model_fn": gan,
    f"{FILE}/tpu_gan_estimator.py:TPUGANEstimator.__init__._model_fn": tpu_gan,
    f"{FILE}/stargan_estimator.py:StarGANEstimator.__init__._model_fn": stargan,
    f"{FILE}/latent_gan_estimator.py:_get_latent_gan_model_fn.model_fn": latent,
}

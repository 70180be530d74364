"""tensorflow-gan, unedited: a GAN learns where points lie, and generates more of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.outcome import losses, trained_steps
from tests.corpus.targets.tensorflow_gan_2_1_0 import REQUIREMENTS
from tests.recording.commands import printed

pytestmark = pytest.mark.slow

STEPS = 301
# As its documentation has it: two networks and their losses. The points lie around (2, -1).
PROGRAM = """
import json

import numpy as np
import tensorflow.compat.v1 as tf
import tensorflow_gan as tfgan

CENTER = [2.0, -1.0]


def generator_fn(noise, mode):
    hidden = tf.layers.dense(noise, 16, tf.nn.relu)
    return tf.layers.dense(hidden, 2)


def discriminator_fn(points, condition, mode):
    hidden = tf.layers.dense(points, 16, tf.nn.leaky_relu)
    return tf.layers.dense(hidden, 1)


def input_fn(mode):
    batches = tf.data.Dataset.from_tensors(0).repeat()
    noise = batches.map(lambda _: tf.random_normal([64, 4], seed=1))
    if mode == tf.estimator.ModeKeys.PREDICT:
        return noise.take(4)
    points = batches.map(lambda _: tf.random_normal([64, 2], CENTER, 0.3, seed=2))
    return tf.data.Dataset.zip((noise, points))


def metrics(gan_model):
    return {"center": tf.metrics.mean_tensor(tf.reduce_mean(gan_model.generated_data, axis=0))}


gan = tfgan.estimator.GANEstimator(
    generator_fn=generator_fn,
    discriminator_fn=discriminator_fn,
    generator_loss_fn=tfgan.losses.modified_generator_loss,
    discriminator_loss_fn=tfgan.losses.modified_discriminator_loss,
    generator_optimizer=tf.train.AdamOptimizer(0.01, 0.5),
    discriminator_optimizer=tf.train.AdamOptimizer(0.01, 0.5),
    get_eval_metric_ops_fn=metrics,
    add_summaries=tfgan.estimator.SummaryType.VARIABLES,
    config=tf.estimator.RunConfig(model_dir=FOLDER, tf_random_seed=1),
)
gan.train(input_fn, max_steps=STEPS)
results = gan.evaluate(input_fn, steps=4)
generated = np.array(list(gan.predict(input_fn)))
found = {"shape": generated.shape, "mean": generated.mean(axis=0), **results}
print(json.dumps({name: np.asarray(value).tolist() for name, value in found.items()}))
"""


def test_points(
    installed: Callable[[str], Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    folder = tmp_path / "model"
    path = ":".join(str(installed(one)) for one in REQUIREMENTS)
    program = PROGRAM.replace("FOLDER", repr(str(folder))).replace("STEPS", str(STEPS))
    results = json.loads(printed(program, tmp_path, "--legacy=tensorflow_gan", path=path)[-1])
    assert results["global_step"] == trained_steps(folder) == STEPS
    assert results["loss"] == pytest.approx(results["discriminator_loss"])
    assert results["generator_loss"] > 0
    # 4 batches of 64 points. An untrained generator's mean is near (0, 0), 2.2 from the center.
    assert results["shape"] == [256, 2]
    assert results["mean"] == pytest.approx([2.0, -1.0], abs=0.8)
    assert results["center"] == pytest.approx(results["mean"], abs=0.3)
    found = losses(folder)
    # The discriminator's; it need not fall: where it cannot tell them apart it is 2 ln 2 = 1.386.
    first, last = found[min(found)], found[max(found)]
    package, *needed = REQUIREMENTS
    record_property("corpus", (package, "GANEstimator", f"{len(needed)} libraries", first, last))

"""The first checkpoint of an Estimator that is made of a Keras model: the model's weights."""

import os
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_keras
from estimator_compat.keras_models import model_functions
from estimator_compat.keras_models.model_functions import KerasModel
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import sessions


def save(keras_model: KerasModel, config: Any) -> str:
    """Saves the weights of a Keras model to the folder `keras` of the model_dir.

    A checkpoint that is there is left as it is.

    Args:
      keras_model: The model.
      config: The RunConfig.

    Returns:
      The path of the checkpoint.
    """
    folder = os.path.join(config.model_dir, "keras")
    latest: str | None = tf.train.latest_checkpoint(folder)
    if latest:
        return latest
    model = keras_model.model
    weights = model.get_weights() if private_keras.is_initialized(model) else None
    tf.io.gfile.makedirs(folder)
    path = os.path.join(folder, "keras_model.ckpt")
    with tf.Graph().as_default():
        tf1.set_random_seed(config.tf_random_seed)
        tf1.train.create_global_step()
        clone = model_functions.build_clone(
            # As the original did, without the configuration: its values are read here.
            keras_model._replace(optimizer_config=None),
            ModeKeys.TRAIN,
        )
        # The training step adds ops to the graph, and creates the optimizer's variables.
        private_keras.train_op(clone)
        with sessions.plain(config) as session:
            if weights:
                clone.set_weights(weights)
            private_keras.initialize_variables(session)
            if keras_model.is_object_based:
                model_functions.track_global_step(clone)
                clone.save_weights(path)
            else:
                sessions.save_variables(session, path)
    return path

"""The gradients of a loss by the names of its variables, by hand."""

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.verifying.gradients import loss_gradients


def test_gradients_by_name() -> None:
    with tf1.Graph().as_default(), tf1.Session() as session:
        weights = tf1.get_variable("scope/w", initializer=[1.0, 2.0])
        table = tf1.get_variable("table", initializer=np.ones([3, 1], np.float32))
        tf1.get_variable("unused", initializer=1.0)
        fixed = tf1.get_variable("fixed", initializer=1.0, trainable=False)
        squares = tf.reduce_sum(weights * weights * [3.0, 4.0])
        loss = fixed * squares + tf.reduce_sum(tf.gather(table, [2, 0, 2]))
        gradients = loss_gradients(loss)
        session.run(tf1.global_variables_initializer())
        found = session.run(gradients)
    assert set(found) == {"scope/w", "table"}
    np.testing.assert_array_equal(found["scope/w"], [6, 16])  # 2 * 3 * 1, 2 * 4 * 2
    np.testing.assert_array_equal(found["table"], [[1], [0], [2]])  # row 2 was used twice

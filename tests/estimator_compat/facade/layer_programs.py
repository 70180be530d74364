"""Small computations with the layers of `tf.contrib.layers` and `slim`, in training and inference.

See `programs`. Each name of NAMES.md is called as a program would call it.
"""

import numpy as np
from programs import _constant, _run

_IMAGES = np.sin(np.arange(2 * 8 * 8 * 3, dtype=np.float32)).reshape(2, 8, 8, 3)
_VECTORS = np.sin(np.arange(1, 19, dtype=np.float32)).reshape(6, 3)


def _sampled(value):
    """Returns some elements of large arrays, and their means."""
    if isinstance(value, (list, tuple)):
        return [_sampled(one) for one in value]
    if getattr(value, "size", 0) <= 40:
        return value
    return {"mean": value.mean(), "some": value.ravel()[:: value.size // 20]}


def _ends(values):
    """Returns the first and the last of many values, and their number."""
    return [len(values), values[:4], values[-4:]]


def _normalized(tf, scope, build, inputs, **settings):
    """Trains a batch normalization for three steps, then computes it in inference, too.

    Args:
      tf: TensorFlow.
      scope: The variable scope.
      build: The layer.
      inputs: An array.
      **settings: Further arguments of the layer.
    """
    tensor = tf.constant(inputs)
    output = build(tensor, is_training=True, scope=scope, **settings)
    frozen = build(tensor, is_training=False, scope=scope, reuse=True, **settings)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope)
    weights = [one for one in tf.trainable_variables() if one.name.startswith(scope + "/")]
    loss = tf.reduce_sum(tf.square(output - 1.0)) + tf.reduce_sum(output * output * tensor)
    gradients = tf.gradients(loss, weights)
    with tf.control_dependencies(updates + gradients + [frozen]):
        train = tf.train.GradientDescentOptimizer(0.01).apply_gradients(zip(gradients, weights))
    fetches = {
        scope + "_training": output,
        scope + "_inference": frozen,
        scope + "_variables": [one for one in tf.global_variables() if one.name.startswith(scope)],
        scope + "_gradients": gradients,
    }
    return fetches, [train], len(updates)


def batch_norm(tf):
    layers, slim = tf.contrib.layers, tf.contrib.slim
    cases = {
        "images": (layers.batch_norm, _IMAGES, {"decay": 0.9}),
        "scaled": (layers.batch_norm, _IMAGES, {"decay": 0.5, "scale": True, "center": False}),
        "unfused": (layers.batch_norm, _IMAGES, {"decay": 0.9, "fused": False, "scale": True}),
        "vectors": (layers.batch_norm, _VECTORS, {"decay": 0.9, "scale": True, "epsilon": 0.1}),
        "renormed": (layers.batch_norm, _VECTORS, {"decay": 0.9, "renorm": True}),
        "activated": (slim.batch_norm, _IMAGES, {"decay": 0.9, "activation_fn": tf.nn.relu}),
        "debiased": (layers.batch_norm, _VECTORS, {"decay": 0.9, "zero_debias_moving_mean": True}),
        "started": (
            slim.batch_norm,
            _VECTORS,
            {
                "decay": 0.9,
                "param_initializers": {"beta": _constant(tf), "moving_mean": _constant(tf)},
            },
        ),
    }
    fetches, steps, counts = {}, [], []
    for scope in sorted(cases):
        build, inputs, settings = cases[scope]
        found, train, count = _normalized(tf, scope, build, inputs, **settings)
        fetches.update(found)
        steps += train
        counts.append(count)
    found = {name: _sampled(value) for name, value in _run(tf, fetches, steps, 3).items()}
    model = [one.name for one in tf.get_collection(tf.GraphKeys.MODEL_VARIABLES)]
    return dict(found, history=[], counts=counts, model=model)


def batch_norm_in_place(tf):
    """Moving averages without UPDATE_OPS, and a mode that is a tensor."""
    flag = tf.placeholder_with_default(True, [])
    inputs = tf.constant(_VECTORS)
    normalize = tf.contrib.layers.batch_norm
    now = normalize(inputs, 0.5, is_training=True, updates_collections=None, scope="now")
    either = normalize(inputs, 0.5, is_training=flag, scope="either")
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    moved = [one for one in tf.global_variables() if "moving" in one.name]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = [session.run([now, either, updates])[:2] for _ in range(2)]
        values.append(session.run(either, {flag: False}))
        return {"values": values, "moved": session.run(moved), "updates": len(updates)}


def slim_layers(tf):
    """A small convolutional network, whose layers' arguments are set by `arg_scope`."""
    slim = tf.contrib.slim
    framework = tf.contrib.framework

    def network(images, is_training, reuse=None):
        normalizer = {"is_training": is_training, "decay": 0.9}
        layers_scope = slim.arg_scope(
            [slim.conv2d, slim.fully_connected],
            weights_initializer=_constant(tf, 0.3),
            weights_regularizer=slim.l2_regularizer(0.1),
            normalizer_fn=slim.batch_norm,
            normalizer_params=normalizer,
        )
        dropout_scope = slim.arg_scope([slim.dropout], is_training=is_training, keep_prob=1.0)
        with layers_scope, dropout_scope, tf.variable_scope("net", reuse=reuse):
            net = slim.conv2d(images, 4, [3, 3], scope="conv1")
            net = slim.max_pool2d(net, [2, 2], scope="pool1")
            net = slim.repeat(net, 2, slim.conv2d, 5, 3, scope="conv2")
            net = slim.avg_pool2d(net, 2)
            net = slim.flatten(slim.dropout(net))
            return slim.fully_connected(
                net, 3, activation_fn=None, normalizer_fn=None, scope="logits"
            )

    @framework.add_arg_scope
    def mine(value, factor=1):
        return value * factor

    with framework.arg_scope([mine], factor=3):
        scoped = mine(2)
    images = tf.constant(_IMAGES)
    output, frozen = network(images, True), network(images, False, reuse=True)
    loss = tf.reduce_sum(tf.square(output)) + tf.losses.get_regularization_loss()
    weights = tf.trainable_variables()
    gradients = tf.gradients(loss, weights)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates + gradients + [frozen]):
        train = tf.train.GradientDescentOptimizer(0.001).apply_gradients(zip(gradients, weights))
    found = _run(tf, {"output": output, "frozen": frozen, "loss": loss}, [train], 2)
    return dict(
        found,
        history=[],
        scoped=[scoped, mine(2)],
        model=[one.name for one in slim.get_model_variables()],
        restored=[one.name for one in slim.get_variables_to_restore(exclude=["net/logits"])],
        end=[one.name for one in slim.get_variables_by_suffix("weights")],
    )


def contrib_layers(tf):
    layers = tf.contrib.layers
    images, vectors = tf.constant(_IMAGES), tf.constant(_VECTORS)
    settings = {"weights_initializer": _constant(tf, 0.3)}
    convolved = layers.conv2d(images, 4, 3, stride=2, padding="VALID", scope="conv", **settings)
    stacked = layers.stack(vectors, layers.fully_connected, [4, 2], scope="fc", **settings)
    upped = layers.conv2d_transpose(images, 2, 3, stride=2, scope="up", **settings)
    split = layers.separable_conv2d(images, 4, 3, depth_multiplier=2, scope="split", **settings)
    pooled = [layers.max_pool2d(images, 2), layers.avg_pool2d(images, [3, 3], stride=1)]
    found = {
        "convolved": convolved,
        "stacked": stacked,
        "upped": upped,
        "split": split,
        "pooled": pooled,
        "flat": layers.flatten(images),
        "hot": layers.one_hot_encoding(tf.constant([1, 0, 2]), 3),
        "softmax": layers.softmax(images),
        "unit": layers.unit_norm(vectors, 1),
        "biased": layers.bias_add(vectors, initializer=_constant(tf)),
        "instance": layers.instance_norm(images),
        "group": layers.group_norm(tf.constant(_IMAGES[..., :2]), groups=2),
        "maxout": layers.maxout(images[..., :2], 1),
        "sequence": layers.images_to_sequence(images),
    }
    from tensorflow.contrib.layers.python.layers import initializers, utils

    named = utils.append_tensor_alias(stacked, "mine")
    known = [
        utils.last_dimension(vectors.shape),
        utils.constant_value(tf.constant(3)),
        len(utils.gather_tensors_aliases([named])),
        utils.n_positive_integers(2, 5)[0],
    ]
    same = initializers.xavier_initializer is tf.contrib.layers.xavier_initializer
    values = _run(tf, found)
    values = {name: _sampled(value) for name, value in values.items()}
    return dict(values, known=known, same=str(same))


def dropout(tf):
    """Which elements are dropped is random; what is kept is scaled."""
    ones = tf.ones([40, 50])
    wrapped = tf.contrib.rnn.DropoutWrapper(tf.contrib.rnn.BasicRNNCell(5), output_keep_prob=0.5)
    with tf.variable_scope("rnn", initializer=tf.ones_initializer()):
        outputs, _ = tf.nn.dynamic_rnn(wrapped, tf.ones([30, 4, 2]), dtype=tf.float32)
    found = {}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for name, tensor in (
            ("layers", tf.contrib.layers.dropout(ones, 0.25)),
            ("slim", tf.contrib.slim.dropout(ones, 0.5)),
            ("off", tf.contrib.slim.dropout(ones, 0.5, is_training=False)),
        ):
            values = session.run(tensor)
            found[name] = sorted(set(values.ravel().tolist()))
            # The share of 2,000 elements is within 0.06 of its mean, more than five deviations.
            found[name + "_near"] = str(abs((values > 0).mean() - 1 / values.max()) < 0.06)
        found["rnn"] = len(np.unique(session.run(outputs)[:, 0].round(5)))  # 0, or 2 * tanh
    return found


def random_initializers(tf):
    layers, slim = tf.contrib.layers, tf.contrib.slim
    found = {}
    with tf.Session() as session:
        for name, make, bound in (
            # Uniform in +-sqrt(6 / (fan_in + fan_out)), and in +-sqrt(3 * 2 / fan_in).
            ("xavier", layers.xavier_initializer(seed=1), np.sqrt(6 / 500.0)),
            (
                "scaling",
                slim.variance_scaling_initializer(2.0, uniform=True, seed=1),
                np.sqrt(6 / 200.0),
            ),
        ):
            values = session.run(make([200, 300]))
            found[name] = [str(abs(values).max() <= bound), str(abs(values).max() > 0.99 * bound)]
    return found


def _assigned(tf):
    """Returns an operation that gives each variable values which do not depend on a generator."""
    ops = []
    for one in tf.global_variables():
        count = int(np.prod(one.shape.as_list()))
        waves = np.sin(np.arange(1, count + 1, dtype=np.float64) * 0.7)
        rows = max(1, count // (one.shape.as_list() or [1])[-1])
        values = waves / np.sqrt(rows)
        if "variance" in one.name or "gamma" in one.name:
            values = 1.0 + 0.1 * waves
        ops.append(tf.assign(one, values.reshape(one.shape.as_list()).astype(np.float32)))
    return ops


def _net(tf, build, size):
    """Computes a network of `slim.nets` in training and inference, around one update."""
    shape = (2, size, size, 3)
    images = tf.constant(np.sin(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape))
    training, points = build(images, 4, True)
    inference, _ = build(images, 4, False)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.Session() as session:
        session.run(_assigned(tf))
        first, _ = session.run([training, updates])
        moved = [one for one in tf.global_variables() if "moving" in one.name]
        sums = session.run([tf.reduce_mean(one) for one in (moved[0], moved[1], moved[-1])])
        return {
            "training": first.reshape(2, -1)[:, :4].round(3) + 0.0,
            "inference": session.run(inference).reshape(2, -1)[:, :4].round(3) + 0.0,
            "moved": np.round(sums, 3),
            "updates": len(updates),
            "variables": _ends([one.name for one in tf.global_variables()]),
            "points": _ends(sorted(points)),
        }


def nets(tf):
    """The networks that normalize batches, computed."""
    slim = tf.contrib.slim
    from tensorflow.contrib.slim.nets import inception, resnet_v1, resnet_v2

    def with_scope(function, scope, **settings):
        def build(images, classes, is_training):
            with slim.arg_scope(scope()):
                reuse = None if is_training else True
                return function(images, classes, is_training=is_training, reuse=reuse, **settings)

        return build

    found = {}
    for name, build, size in (
        ("resnet_v1", with_scope(resnet_v1.resnet_v1_50, resnet_v1.resnet_arg_scope), 33),
        ("resnet_v2", with_scope(resnet_v2.resnet_v2_50, resnet_v2.resnet_arg_scope), 33),
        ("inception_v1", with_scope(inception.inception_v1, inception.inception_v1_arg_scope), 224),
    ):
        with tf.Graph().as_default():
            found[name] = _net(tf, build, size)
    return found


def net_shapes(tf):
    """The other networks, built in training and inference: their variables and the shapes."""
    slim = tf.contrib.slim
    from tensorflow.contrib.slim.nets import alexnet, inception, overfeat, vgg

    found = {}
    for name, function, scope, size in (
        ("vgg_16", vgg.vgg_16, vgg.vgg_arg_scope, 224),
        ("alexnet", alexnet.alexnet_v2, alexnet.alexnet_v2_arg_scope, 224),
        ("overfeat", overfeat.overfeat, overfeat.overfeat_arg_scope, 231),
        ("inception_v2", inception.inception_v2, inception.inception_v2_arg_scope, 224),
        ("inception_v3", inception.inception_v3, inception.inception_v3_arg_scope, 299),
    ):
        for is_training in (True, False):
            with tf.Graph().as_default(), slim.arg_scope(scope()):
                images = tf.placeholder(tf.float32, [2, size, size, 3])
                logits, points = function(images, 7, is_training=is_training)
                found[f"{name}_{is_training}"] = {
                    "logits": logits.shape.as_list(),
                    "points": _ends([[one, points[one].shape.as_list()] for one in sorted(points)]),
                    "variables": _ends([one.name for one in tf.global_variables()]),
                    "updates": len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
                    "losses": len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
                }
    return found


PROGRAMS = [
    batch_norm,
    batch_norm_in_place,
    slim_layers,
    contrib_layers,
    dropout,
    random_initializers,
    nets,
    net_shapes,
]

"""Canned estimators of TensorFlow 1 in training, evaluation, prediction and export.

See `programs`. Models with random initial weights start from a checkpoint with weights that are
not random, whose variables have the original's names.
"""

import glob
import os
import tempfile

import numpy as np

_X = np.linspace(-1.0, 1.0, 16, dtype=np.float32).reshape(8, 2)
_WORDS = np.array(["a", "b", "c", "a", "d", "b", "c", "a"])
_FEATURES = {"x": _X, "c": _WORDS, "w": np.array([1, 0, 2, 0.5, 0, 1, 3, 0.25], np.float32)}
_BITS = np.array([0, 1, 1, 0, 1, 0, 0, 1])
_KINDS = np.array([0, 2, 1, 1, 2, 0, 2, 1])
_NUMBERS = np.linspace(-2.0, 3.0, 8, dtype=np.float32)


def _input_fn(tf, labels, epochs=1):
    data = (_FEATURES, labels)
    return lambda: tf.data.Dataset.from_tensor_slices(data).repeat(epochs).batch(3)


def _columns(tf):
    at = tf.feature_column
    words = at.categorical_column_with_vocabulary_list("c", ["a", "b", "c"])
    number = at.numeric_column("x", shape=(2,))
    crossed = at.crossed_column([words, at.bucketized_column(at.numeric_column("w"), [0.4])], 5)
    return [number, words, crossed], [number, at.embedding_column(words, 2)]


def _constants(tf, shapes):
    """Writes a checkpoint with constant variables of some names; returns its folder."""
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default(), tf.Session() as session:
        for name in sorted(shapes):
            size = int(np.prod(shapes[name]))
            values = np.sin(np.arange(1, size + 1)).astype(np.float32).reshape(shapes[name])
            tf.get_variable(name, initializer=values)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"))
    return folder


def _deep(tf, units=1):
    return _constants(
        tf,
        {
            "dnn/input_from_feature_columns/input_layer/c_embedding/embedding_weights": (3, 2),
            "dnn/hiddenlayer_0/kernel": (4, 3),
            "dnn/hiddenlayer_0/bias": (3,),
            "dnn/logits/kernel": (3, units),
            "dnn/logits/bias": (units,),
        },
    )


def _config(tf):
    return tf.estimator.RunConfig(tf_random_seed=1, save_summary_steps=1)


def _plain(value):
    if isinstance(value, dict):
        return {str(name): _plain(value[name]) for name in sorted(value)}
    if isinstance(value, bytes):
        return value.decode()
    value = np.asarray(value)
    return value.astype(str).tolist() if value.dtype.kind in "OS" else value.tolist()


def _summaries(tf, folder):
    found = []
    for path in glob.glob(os.path.join(folder, "events.out.tfevents.*")):
        for event in tf.train.summary_iterator(path):
            for one in event.summary.value:
                if one.HasField("simple_value") and "step/sec" not in one.tag:
                    found.append([event.step, one.tag, one.simple_value])
                elif one.HasField("histo"):
                    found.append([event.step, one.tag, one.histo.num])
    return sorted(found)


def _run(tf, estimator, labels):
    """Trains, evaluates, predicts and exports; returns what there is to compare."""
    estimator.train(_input_fn(tf, labels))
    metrics = estimator.evaluate(_input_fn(tf, labels))
    predictions = list(estimator.predict(_input_fn(tf, labels)))
    spec = tf.estimator.export.build_raw_serving_input_receiver_fn(
        {
            "x": tf.placeholder(tf.float32, [None, 2]),
            "c": tf.placeholder(tf.string, [None]),
            "w": tf.placeholder(tf.float32, [None]),
        }
    )
    exported = estimator.export_saved_model(tempfile.mkdtemp(), spec)
    with tf.Graph().as_default(), tf.Session() as session:
        meta = tf.saved_model.loader.load(session, ["serve"], tf.compat.as_str(exported))
        signatures = {
            name: [one.method_name, ",".join(sorted(one.outputs))]
            for name, one in meta.signature_def.items()
        }
    names = sorted(estimator.get_variable_names())
    return {
        "metrics": _plain(metrics),
        "prediction": _plain(predictions[5]),
        "variables": {
            name: _plain(estimator.get_variable_value(name))
            for name in names
            if "Adagrad" not in name
        },
        "names": " ".join(names),
        "summaries": _summaries(tf, estimator.model_dir),
        "signatures": signatures,
    }


def linear(tf):
    at, (columns, _) = tf.estimator, _columns(tf)
    head = tf.contrib.estimator.regression_head(weight_column="w")
    more = {"config": _config(tf)}
    return {
        "classifier": _run(
            tf, at.LinearClassifier(columns, weight_column="w", n_classes=3, **more), _KINDS
        ),
        "regressor": _run(
            tf,
            at.LinearRegressor(columns, optimizer="SGD", sparse_combiner="mean", **more),
            _NUMBERS,
        ),
        "estimator": _run(tf, at.LinearEstimator(head, columns, **more), _NUMBERS),
    }


def dnn(tf):
    at, (_, columns) = tf.estimator, _columns(tf)
    head = tf.contrib.estimator.regression_head(weight_column="w")
    given = {"config": _config(tf), "hidden_units": [3], "feature_columns": columns}
    return {
        "classifier": _run(
            tf, at.DNNClassifier(weight_column="w", warm_start_from=_deep(tf), **given), _BITS
        ),
        "regressor": _run(
            tf,
            at.DNNRegressor(
                activation_fn=tf.tanh, optimizer="Adam", warm_start_from=_deep(tf), **given
            ),
            _NUMBERS,
        ),
        "estimator": _run(tf, at.DNNEstimator(head, warm_start_from=_deep(tf), **given), _NUMBERS),
    }


def wide_and_deep(tf):
    at, (wide, deep) = tf.estimator, _columns(tf)
    head = tf.contrib.estimator.binary_classification_head()
    given = {
        "config": _config(tf),
        "linear_feature_columns": wide,
        "dnn_feature_columns": deep,
        "dnn_hidden_units": [3],
    }
    start = at.WarmStartSettings(_deep(tf), vars_to_warm_start="dnn")
    estimator = at.DNNLinearCombinedEstimator(head, linear_optimizer="SGD", **given)
    estimator.train(_input_fn(tf, _BITS))
    return {
        "classifier": _run(
            tf, at.DNNLinearCombinedClassifier(warm_start_from=start, **given), _BITS
        ),
        "regressor": _run(
            tf,
            at.DNNLinearCombinedRegressor(
                dnn_optimizer="SGD", weight_column="w", warm_start_from=start, **given
            ),
            _NUMBERS,
        ),
        "names": " ".join(sorted(estimator.get_variable_names())),
    }


def baseline(tf):
    at, more = tf.estimator, {"config": _config(tf)}
    head = tf.contrib.estimator.multi_class_head(3)
    return {
        "classifier": _run(tf, at.BaselineClassifier(weight_column="w", **more), _BITS),
        "regressor": _run(tf, at.BaselineRegressor(weight_column="w", **more), _NUMBERS),
        "estimator": _run(tf, at.BaselineEstimator(head, **more), _KINDS),
    }


def parse_specs(tf):
    at, (columns, deep) = tf.estimator, _columns(tf)
    specs = [
        at.classifier_parse_example_spec(columns, "y", weight_column="z"),
        at.classifier_parse_example_spec(deep, "y", tf.string, "none"),
        at.regressor_parse_example_spec(columns, "y", label_dimension=2),
    ]
    refused = []
    for key in ("x", "c"):
        try:
            at.regressor_parse_example_spec(columns, key)
        except ValueError as error:
            refused.append(str(error).split(" label_key")[0])
    return {
        "specs": [{name: str(spec[name]) for name in sorted(spec)} for spec in specs],
        "refused": refused,
    }


def logit_fns(tf):
    """Logits of the models' functions, with constant variables."""
    at, (wide, deep) = tf.estimator.experimental, _columns(tf)
    features = {name: tf.constant(value) for name, value in _FEATURES.items()}
    with tf.variable_scope("all", initializer=tf.constant_initializer(0.3)):
        linear_fn = at.linear_logit_fn_builder(units=2, feature_columns=wide)
        first = at.call_logit_fn(linear_fn, features, "train", {}, None)
        deep_fn = at.dnn_logit_fn_builder(
            units=1,
            hidden_units=[2],
            feature_columns=deep,
            activation_fn=tf.nn.relu,
            dropout=None,
            input_layer_partitioner=None,
            batch_norm=True,
        )
        second = at.call_logit_fn(deep_fn, features, "eval", {}, None)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        shape = list(session.run(second).shape)
        return {
            "linear": _plain(session.run(first)),
            "deep": shape,
            "names": " ".join(sorted(one.name for one in tf.global_variables())),
        }


def clustering(tf):
    """k-means with full batches, whose first centers are given."""

    def input_fn():
        return tf.data.Dataset.from_tensors({"x": _X, "w": _FEATURES["w"][:, None]}).repeat(4)

    found = {}
    for distance in ("squared_euclidean", "cosine"):
        points = np.concatenate([_FEATURES["w"][:, None], _X], axis=1)
        model = tf.estimator.experimental.KMeans(
            2,
            initial_clusters=points[:2],
            distance_metric=distance,
            use_mini_batch=False,
            config=_config(tf),
        )
        model.train(input_fn)
        found[distance] = {
            "centers": _plain(model.cluster_centers()),
            "score": float(model.score(input_fn)),
            "indices": _plain(list(model.predict_cluster_index(input_fn))[:8]),
            "distances": _plain(list(model.transform(input_fn))[:8]),
            "names": " ".join(model.get_variable_names()),
            "summaries": _summaries(tf, model.model_dir),
        }
    return found


def dual_ascent(tf):
    """Linear models that LinearSDCA trains, with one example in each step.

    The op takes the examples of a batch in any order.
    """
    at = tf.feature_column
    words = at.categorical_column_with_vocabulary_list("c", ["a", "b", "c"])
    columns = [at.numeric_column("x", shape=(2,)), words]

    def input_fn(labels):
        ids = np.array([str(one) for one in range(8)])
        data = (dict(_FEATURES, id=ids), labels)
        return lambda: tf.data.Dataset.from_tensor_slices(data).batch(1).repeat(2)

    found = {}
    for name, labels in (("Classifier", _BITS), ("Regressor", _NUMBERS)):
        optimizer = tf.estimator.experimental.LinearSDCA(
            "id", symmetric_l1_regularization=0.2, symmetric_l2_regularization=1.5
        )
        make = getattr(tf.estimator, "Linear" + name)
        model = make(columns, weight_column="w", optimizer=optimizer, config=_config(tf))
        model.train(input_fn(labels))
        names = sorted(model.get_variable_names())
        found[name] = {
            "names": " ".join(names),
            "variables": {
                name: _plain(model.get_variable_value(name)) for name in names if "Hash" not in name
            },
            "metrics": _plain(model.evaluate(input_fn(labels))),
        }
    return found


def forwarding(tf):
    """Predictions and signatures that have features, too."""
    at, refused = tf.contrib.estimator, []
    columns = [tf.feature_column.numeric_column("x", shape=(2,))]
    plain = tf.estimator.LinearRegressor(columns, config=_config(tf))
    plain.train(_input_fn(tf, _NUMBERS))
    estimator = at.forward_features(plain, ["c", "w"])
    for keys in (3, [3], "nothing", "x"):
        try:
            extended = at.forward_features(plain, keys)
            extended = at.forward_features(extended, keys)
            next(extended.predict(_input_fn(tf, _NUMBERS)))
        except (TypeError, ValueError) as error:
            refused.append([type(error).__name__, str(error)[:32]])
    found = list(estimator.predict(_input_fn(tf, _NUMBERS)))
    return {"predictions": [_plain(one) for one in found], "refused": refused}


PROGRAMS = [linear, dnn, wide_and_deep, baseline, parse_specs, logit_fns, forwarding]
PROGRAMS += [clustering, dual_ascent]

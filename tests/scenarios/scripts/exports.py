"""SavedModels: what the exported folder, its graphs and its signatures hold."""

import os

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.recording.values import encode
from tests.scenarios.scripts import model

tf.disable_v2_behavior()


def _tensors(infos):
    return {
        name: [info.name, info.dtype, [size.size for size in info.tensor_shape.dim]]
        for name, info in sorted(infos.items())
    }


def described(path):
    path = tf.compat.as_str(path)
    proto = saved_model_pb2.SavedModel()
    with open(os.path.join(path, "saved_model.pb"), "rb") as file:
        proto.ParseFromString(file.read())
    files = [
        os.path.relpath(os.path.join(place, name), path)
        for place, _, names in os.walk(path)
        for name in names
    ]
    graphs = [
        {
            "tags": list(graph.meta_info_def.tags),
            "collections": sorted(graph.collection_def),
            "signatures": {
                name: [one.method_name, _tensors(one.inputs), _tensors(one.outputs)]
                for name, one in sorted(graph.signature_def.items())
            },
        }
        for graph in proto.meta_graphs
    ]
    return {"files": sorted(files), "graphs": graphs}


def _served(path, examples):
    with tf.Session(graph=tf.Graph()) as session:
        graph = tf.saved_model.load(session, ["serve"], tf.compat.as_str(path))
        signature = graph.signature_def["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}
        feed = {signature.inputs["examples"].name: examples}
        return {name: encode(value) for name, value in session.run(outputs, feed).items()}


def run(folder):
    estimator = model.estimator(os.path.join(folder, "model"))
    estimator.train(model.train_input_fn, steps=3)
    asset = os.path.join(folder, "note.txt")
    with open(asset, "w") as file:
        file.write("a note")
    parsing = tf.estimator.export.build_parsing_serving_input_receiver_fn(
        {"x": tf.FixedLenFeature([4], tf.float32)}
    )

    def raw():
        return tf.estimator.export.build_raw_serving_input_receiver_fn(
            {"x": tf.placeholder(tf.float32, [None, 4], name="raw")}, default_batch_size=2
        )()

    def alternatives():
        serialized = tf.placeholder(tf.string, [None])
        features = tf.parse_example(serialized, {"x": tf.FixedLenFeature([4], tf.float32)})
        return tf.estimator.export.ServingInputReceiver(
            features, {"examples": serialized}, {"features": features}
        )

    base = os.path.join(folder, "export")
    parsed = estimator.export_saved_model(base, parsing, assets_extra={"deep/note.txt": asset})
    with tf.Graph().as_default():
        supervised = tf.estimator.experimental.build_raw_supervised_input_receiver_fn(
            {"x": tf.placeholder(tf.float32, [None, 4])}, tf.placeholder(tf.int32, [None])
        )
    examples = [
        tf.train.Example(
            features=tf.train.Features(
                feature={"x": tf.train.Feature(float_list=tf.train.FloatList(value=row))}
            )
        ).SerializeToString()
        for row in np.asarray(model.X[:3])
    ]
    return {
        "parsing": described(parsed),
        "served": _served(parsed, examples),
        "raw": described(estimator.export_saved_model(base, raw)),
        "alternatives": described(estimator.export_saved_model(base, alternatives)),
        "all": described(
            estimator.experimental_export_all_saved_models(
                base, {"train": supervised, "eval": supervised, "infer": parsing}
            )
        ),
        "type": type(parsed).__name__,
    }

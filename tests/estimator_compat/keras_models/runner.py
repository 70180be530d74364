"""Trains the Estimators of the Keras models, and writes down what they did, as JSON.

    python -m tests.estimator_compat.keras_models.runner --api=estimator_compat --out=run.json

Three steps of four examples, of which the last has two; then an evaluation and predictions.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

OURS, KERAS = "estimator_compat", "keras"
STEPS, BATCH = 6, 4


def _listed(value: Any) -> Any:
    """Converts arrays to lists of numbers; every bit of a float is kept."""
    array = np.asarray(value)
    return [each.decode() if isinstance(each, bytes) else each for each in array.ravel().tolist()]


def _api(name: str) -> Any:
    """Returns `model_to_estimator` and RunConfig of an API."""
    if name == OURS:
        import estimator_compat

        return estimator_compat.model_to_estimator, estimator_compat.RunConfig
    import tensorflow as tf

    if name == KERAS:
        return tf.keras.estimator.model_to_estimator, tf.estimator.RunConfig
    from real_estimator import estimator  # type: ignore[import-not-found]
    from tensorflow_estimator.python.estimator import keras_lib

    def model_to_estimator(*given: Any, **named: Any) -> Any:
        return keras_lib.model_to_estimator(*given, use_v2_estimator=True, **named)

    return model_to_estimator, estimator.RunConfig


def _losses(folder: Path) -> list[float]:
    import tensorflow.compat.v1 as tf1

    found = {}
    for path in folder.glob("events.out.*"):
        for event in tf1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.tag == "loss":
                    found[event.step] = value.simple_value
    return [found[step] for step in sorted(found)]


def _variables(path: str, *, values: bool) -> dict[str, Any]:
    """Returns what a checkpoint has by its keys: the values, or only the shapes."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(path)
    shapes = reader.get_variable_to_shape_map()
    names = [name for name in sorted(shapes) if name != "_CHECKPOINTABLE_OBJECT_GRAPH"]
    if values:
        return {name: _listed(reader.get_tensor(name)) for name in names}
    return {name: list(shapes[name]) for name in names}


def _signatures(folder: bytes) -> dict[str, Any]:
    import tensorflow.compat.v1 as tf1

    with tf1.Session(graph=tf1.Graph()) as session:
        meta = tf1.saved_model.load(session, ["serve"], folder.decode())
    return {
        name: [each.method_name, sorted(each.inputs), sorted(each.outputs)]
        for name, each in meta.signature_def.items()
        if not name.startswith("__")
    }


def _receiver(features: Any) -> Any:
    """Returns a function of placeholders; None for what is not a dict of inputs."""
    import tensorflow.compat.v1 as tf1

    if not isinstance(features, dict) or "features" in features:
        return None

    def receiver_fn() -> Any:
        import tensorflow as tf

        placed = {
            name: tf1.placeholder(tf1.float32, [None, array.shape[1]], name=name)
            for name, array in features.items()
        }
        return _receiver_class(tf)(placed, placed)

    return receiver_fn


def _receiver_class(tf: Any) -> Any:
    try:
        return tf.estimator.export.ServingInputReceiver
    except AttributeError:
        import estimator_compat

        return estimator_compat.export.ServingInputReceiver


def run(name: str, api: str) -> dict[str, Any]:
    """Returns what the Estimator of a program does."""
    model_to_estimator, run_config = _api(api)
    import tensorflow as tf

    from tests.estimator_compat.keras_models.programs import PROGRAMS

    tf.keras.backend.clear_session()  # so that the names of layers do not depend on the order
    program = PROGRAMS[name]()

    def input_fn() -> Any:
        return tf.data.Dataset.from_tensor_slices((program.features, program.labels)).batch(BATCH)

    def predict_input_fn() -> Any:
        features = program.features
        if isinstance(features, dict) and "features" in features:
            features = features["features"]  # the original cannot predict with weights
        if isinstance(features, tuple):
            features = (features, program.labels)
        return tf.data.Dataset.from_tensor_slices(features).batch(BATCH)

    folder = Path(tempfile.mkdtemp())
    config = run_config(tf_random_seed=3, save_summary_steps=1, model_dir=str(folder))
    model = model_to_estimator(program.model, config=config, **program.arguments)
    model.train(lambda: input_fn().repeat(), steps=STEPS)
    latest = model.latest_checkpoint()
    evaluated = model.evaluate(input_fn)
    predicted = list(model.predict(predict_input_fn))
    made: dict[str, Any] = {
        "variables": _variables(latest, values=not program.is_random),
        "metrics": sorted(evaluated),
        "outputs": sorted(predicted[0]),
    }
    if (folder / "keras").exists():
        first = str(folder / "keras" / "keras_model.ckpt")
        made["first checkpoint"] = _variables(first, values=True)
    if not program.is_random:
        made["losses"] = _losses(folder)
        made["evaluated"] = {key: float(value) for key, value in sorted(evaluated.items())}
        made["predicted"] = {
            key: _listed([row[key] for row in predicted]) for key in sorted(predicted[0])
        }
    if receiver := _receiver(program.features):
        made["signatures"] = _signatures(model.export_saved_model(str(folder / "export"), receiver))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--api", default=OURS)
    parser.add_argument("--out", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    _api(options.api)
    from tests.estimator_compat.keras_models.programs import PROGRAMS

    names = options.names or PROGRAMS
    made = {name: run(name, options.api) for name in names}
    rows = [f"{json.dumps(n)}: {json.dumps(made[n], sort_keys=True)}" for n in sorted(made)]
    Path(options.out).write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()

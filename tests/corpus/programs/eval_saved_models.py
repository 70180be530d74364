"""Runs trainers of tensorflow-model-analysis, and evaluates what they export with its own loader.

A TensorFlow 1 program, to be run under the facade: the package's trainers are functions.
"""

import json
import os
import tempfile

import tensorflow as tf
from absl import app, flags

from tests.corpus import without_beam

without_beam.prepare()

from tensorflow_model_analysis.eval_saved_model import exporter, load, util  # noqa: E402
from tensorflow_model_analysis.eval_saved_model.example_trainers import (  # noqa: E402
    control_dependency_estimator,
    custom_estimator,
    fake_multi_examples_per_input_estimator,
    fake_sequence_to_prediction,
    fixed_prediction_classifier,
    fixed_prediction_estimator,
    fixed_prediction_estimator_extra_fields,
    fixed_prediction_estimator_no_labels,
)

flags.DEFINE_string("model_dir", None, "Folder of the runs, the exports and the report.json.")
FLAGS = flags.FLAGS

PAIR = [{"prediction": 0.9, "label": 0.0}, {"prediction": 0.1, "label": 0.0}]
FIELDS = {"fixed_float": 1.0, "fixed_string": "a", "fixed_int": 2}
LISTS = {"var_float": 10.0, "var_string": "b", "var_int": 20}
# A trainer, and the examples on which its export is evaluated.
TRAINERS = {
    custom_estimator.simple_custom_estimator: [
        {"age": age, "label": 3 * age + 1} for age in (1.0, 2.0, 3.0, 4.0)
    ],
    control_dependency_estimator.simple_control_dependency_estimator: [
        {**one, **FIELDS, **LISTS} for one in PAIR
    ],
    fake_sequence_to_prediction.simple_fake_sequence_to_prediction: [
        {"values_t1": 1.0, "label": 3.0 + 12.0},
        {"values_t2": 3.0, "label": 18.0 + 195.0},
        {"values_t1": 2.0, "values_t3": 5.0, "label": 51.0 + 986.0},
    ],
    fixed_prediction_classifier.simple_fixed_prediction_classifier: [
        {"classes": ["first", "second"], "scores": [0.9, 0.8], "labels": ["first"]}
    ],
    fixed_prediction_estimator.simple_fixed_prediction_estimator: PAIR,
    fixed_prediction_estimator_extra_fields.simple_fixed_prediction_estimator_extra_fields: [
        {**one, **LISTS} for one in PAIR
    ],
    fixed_prediction_estimator_no_labels.simple_fixed_prediction_estimator_no_labels: [
        {"prediction": one["prediction"]} for one in PAIR
    ],
}


def metrics(path, examples):
    """The metrics of an export over one batch of serialized examples."""
    saved = load.EvalSavedModel(path)
    saved.metrics_reset_update_get_list(examples)
    return {name: float(value) for name, value in saved.get_metric_values().items()}


def run(trainer, examples):
    folder = os.path.join(FLAGS.model_dir, trainer.__name__)
    os.makedirs(folder)
    tempfile.tempdir = folder  # the trainers leave the choice of the model_dir to the Estimator
    served, evaluated = trainer(os.path.join(folder, "served"), os.path.join(folder, "evaluated"))
    assert served
    return metrics(evaluated, examples)


def train_and_evaluate(*kinds, max_steps):
    """Trains and evaluates with exporters of the package, which leave a metric out."""
    made = fixed_prediction_estimator.get_simple_fixed_prediction_estimator_and_metadata()
    exporters = [
        exporter.adapt_to_remove_metrics(
            kind(
                name=kind.__name__,
                eval_input_receiver_fn=made["eval_input_receiver_fn"],
                serving_input_receiver_fn=made["serving_input_receiver_fn"],
                **settings,
            ),
            ["average_loss"],
        )
        for kind, settings in kinds
    ]
    estimator = tf.estimator.Estimator(made["model_fn"], os.path.join(FLAGS.model_dir, "exporters"))
    tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(made["train_input_fn"], max_steps=max_steps),
        tf.estimator.EvalSpec(made["train_input_fn"], steps=1, exporters=exporters),
    )
    return os.path.join(estimator.model_dir, "export")


def exporters():
    """Exports twice; only the last one is to be there."""
    latest = (exporter.LatestExporter, {"exports_to_keep": 1})
    train_and_evaluate(latest, max_steps=1)
    folder = train_and_evaluate(latest, (exporter.FinalExporter, {}), max_steps=2)
    assert len(os.listdir(os.path.join(folder, "LatestExporter"))) == 1
    (final,) = os.listdir(os.path.join(folder, "FinalExporter"))
    return metrics(os.path.join(folder, "FinalExporter", final), serialized(PAIR))


def serialized(examples):
    return [util.make_example(**one).SerializeToString() for one in examples]


def main(_):
    found = {
        trainer.__name__: run(trainer, serialized(examples))
        for trainer, examples in TRAINERS.items()
    }
    several = fake_multi_examples_per_input_estimator.fake_multi_examples_per_input_estimator
    found[several.__name__] = run(several, ["3", "0", "1", "2"])
    found[exporters.__name__] = exporters()
    with open(os.path.join(FLAGS.model_dir, "report.json"), "w") as out:
        json.dump(found, out)


if __name__ == "__main__":
    app.run(main)

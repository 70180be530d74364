"""Legacy programs that ship with the package, with their data."""

from typing import Any

# The settings of `estimator-train` without --model_fn: the names of flags and their values. A flag
# on the command line replaces the value here.
PENGUINS: dict[str, Any] = {
    "model_fn": "estimator_compat.examples.penguins:model_fn",
    "train_input_fn": "estimator_compat.examples.penguins:train_input_fn",
    "eval_input_fn": "estimator_compat.examples.penguins:eval_input_fn",
    "predict_input_fn": "estimator_compat.examples.penguins:predict_input_fn",
    "serving_input_fn": "estimator_compat.examples.penguins:serving_input_fn",
    "params": {"hidden_units": [16, 8], "learning_rate": 0.01},
    "max_steps": 600,
    "save_checkpoints_steps": 200,
    "seed": 1,
}

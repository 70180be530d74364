"""The embedded example as a `Target`: the commands use it if no target is named."""

from migrate.targets import Target

PENGUINS = "migrate.examples:penguins"


def penguins() -> Target:
    """Returns the penguin classifier: a weighted `tf.losses` cross-entropy, trained with Adam."""
    from estimator_compat.examples import penguins as program

    return Target(
        model_fn=program.model_fn,
        input_fns={
            "train": program.train_input_fn,
            "eval": program.eval_input_fn,
            "infer": program.predict_input_fn,
        },
        params={"hidden_units": [16], "learning_rate": 0.01},
    )

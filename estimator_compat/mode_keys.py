"""The three modes of a model_fn."""


class ModeKeys:
    """Names the mode in which a model_fn is called; the values are those of `tf.estimator`."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"

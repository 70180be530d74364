"""The three modes of a model_fn."""


class ModeKeys:
    """The modes in which a model_fn is called, with the values of `tf.estimator.ModeKeys`."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"

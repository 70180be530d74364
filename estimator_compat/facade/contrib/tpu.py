"""What of `tf.contrib.tpu` is neither TensorFlow's own nor the Estimator's public names."""

import enum


class ExportSavedModelApiVersion(enum.Enum):
    """How a TPUEstimator exports a model for a TPU, which none does here."""

    V1 = 1
    V2 = 2

"""Names of `tf.contrib.tpu` that neither TensorFlow nor the Estimator has in public."""

import enum


class ExportSavedModelApiVersion(enum.Enum):
    """How a TPUEstimator exports a graph for TPUs. Here a TPUEstimator exports no such graph."""

    V1 = 1
    V2 = 2

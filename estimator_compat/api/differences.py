"""How public names of `tf.estimator` differ here from the original: one row for each name.

A name without a row is meant to behave as in TensorFlow 2.15.1.
"""

_STRATEGY = (
    "strategies for TPUs, and a `remote_cluster`, are refused; if the input ends before each "
    "replica has a batch, no replica computes with the last batches"
)
_QUEUE = "an op enqueues the rows, in the order of the original's feeding threads"

DIFFERENCES = {
    "BinaryClassHead": "in several replicas, `accuracy_baseline` is the one of all their examples",
    "BestExporter": "a damaged event file is read up to the damage, with a warning",
    "Estimator": (
        "`predict` leaves the caller's default graph alone between two predictions; a model_fn "
        "wrapped with `functools.wraps` is called by the signature of the wrapped function; with "
        "`tf_random_seed` set, a run is repeatable with v2 behavior on, too; a checkpoint that is "
        "named but does not exist is an error"
    ),
    "RunConfig": _STRATEGY,
    "inputs.numpy_input_fn": _QUEUE,
    "inputs.pandas_input_fn": _QUEUE,
    "tpu.CrossShardOptimizer": "for CPU and GPU: it leaves out the sum, which needs a TPU",
    "tpu.InputPipelineConfig": "an input_fn runs once, as on one host",
    "tpu.RunConfig": f"for CPU and GPU; {_STRATEGY}",
    "tpu.TPUConfig": (
        "for CPU and GPU: `iterations_per_loop` decides how often the speed is logged; the other "
        "settings are checked and have no effect"
    ),
    "tpu.TPUEstimator": "for CPU and GPU: `use_tpu=True` is refused, exports have no TPU graph",
    "tpu.TPUEstimatorSpec": "for CPU and GPU; each spec has host calls of its own",
}

"""Functions that input_fns of TensorFlow 1 call: files, and `tf.contrib.data`."""

from migrate.mappings.function_rows import FunctionRow, moved

_FILES = {
    "Exists": ("exists", {"filename": "path"}),
    "Glob": ("glob", {"filename": "pattern"}),
    "IsDirectory": ("isdir", {"dirname": "path"}),
    "ListDirectory": ("listdir", {"dirname": "path"}),
    "MakeDirs": ("makedirs", {"dirname": "path"}),
    "MkDir": ("mkdir", {"dirname": "path"}),
    "Remove": ("remove", {"filename": "path"}),
    "DeleteRecursively": ("rmtree", {"dirname": "path"}),
    "Stat": ("stat", {"filename": "path"}),
    "Walk": ("walk", {"in_order": "topdown"}),
    "Copy": ("copy", {"oldpath": "src", "newpath": "dst"}),
    "Rename": ("rename", {"oldname": "src", "newname": "dst"}),
    "GFile": ("GFile", {}),
    "Open": ("GFile", {}),
    "FastGFile": ("GFile", {}),
}  # fmt: skip

_LOGGING = {
    **{name: name for name in ("debug", "error", "fatal", "info")},
    "warn": "warning",
    "warning": "warning",
}

INPUTS: dict[str, FunctionRow] = {
    **{
        f"tf.gfile.{name}": FunctionRow(name=f"tf.io.gfile.{new}", renamed=renamed)
        for name, (new, renamed) in _FILES.items()
    },
    **{
        f"tf.logging.{name}": FunctionRow(name=f"tf.get_logger().{new}")
        for name, new in _LOGGING.items()
    },
    **moved("tf.io", "python_io.TFRecordWriter python_io.TFRecordOptions"),
    **moved(
        "tf.data.experimental",
        " ".join(
            f"contrib.data.{name}"
            for name in (
                "AUTOTUNE", "Counter", "CsvDataset", "bucket_by_sequence_length",
                "choose_from_datasets", "dense_to_sparse_batch", "enumerate_dataset",
                "get_single_element", "group_by_window", "ignore_errors",
                "make_batched_features_dataset", "make_csv_dataset", "map_and_batch",
                "parallel_interleave", "prefetch_to_device", "rejection_resample",
                "sample_from_datasets", "scan", "shuffle_and_repeat", "unbatch", "unique",
            )
        ),
    ),
    "tf.contrib.data.batch_and_drop_remainder": FunctionRow(
        parameters=("batch_size",),
        template="lambda dataset: dataset.batch({batch_size}, drop_remainder=True)",
    ),
    "tf.contrib.data.padded_batch_and_drop_remainder": FunctionRow(
        parameters=("batch_size", "padded_shapes", "padding_values"),
        defaults={"padding_values": "None"},
        template="lambda dataset: dataset.padded_batch("
        "{batch_size}, {padded_shapes}, {padding_values}, drop_remainder=True)",
    ),
}  # fmt: skip

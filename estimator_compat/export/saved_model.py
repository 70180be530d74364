"""Writes a SavedModel: the graphs of a model_fn, the variables of a checkpoint, and signatures."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.export import graph_saving, outputs, supervised
from estimator_compat.mode_keys import ModeKeys
from estimator_compat.runtime import (
    checkpoint_files,
    graph_traversal,
    own_deprecations,
)
from estimator_compat.runtime.graph_traversal import Edge
from estimator_compat.type_aliases import ServingInputReceiverFn, Tensor

logging = tf1.logging

# The order matters: the first graph's variables are saved, and a TRAIN graph has all variables.
_MODES = (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT)
_TAGS = {
    ModeKeys.TRAIN: ["train"],
    ModeKeys.EVAL: ["eval"],
    ModeKeys.PREDICT: [tf.saved_model.SERVING],
}
_ATTEMPTS = 10


def export(
    build: Callable[[Any, str], Any],
    receiver_fns: Mapping[str, ServingInputReceiverFn],
    export_dir_base: str,
    *,
    create_global_step: Callable[[], Tensor],
    checkpoint_path: str,
    config: Any,
    assets_extra: Mapping[str, str] | None,
    as_text: bool,
    strip_default_attrs: bool,
) -> bytes:
    """Exports one graph for each mode, with one set of variables, to a new folder.

    The files are written to a temporary folder, which is renamed when it is complete: a failed
    export leaves nothing behind.

    Args:
      build: Function of a receiver and a mode that builds the model and returns its EstimatorSpec.
      receiver_fns: Maps each mode to the function that returns its receiver.
      export_dir_base: The folder below which the new folder is created.
      create_global_step: Creates the Estimator's global step in the default graph.
      checkpoint_path: The checkpoint whose variables are exported.
      config: The RunConfig.
      assets_extra: Maps a path below `assets.extra` to the file that is copied there, or None.
      as_text: Whether the graphs are written as text.
      strip_default_attrs: Whether attributes that have their default values are left out of the
        graphs.

    Returns:
      The path of the new folder, as bytes.

    Raises:
      ValueError: No known mode has a receiver function, or the checkpoint lacks a variable.
      OSError: The SavedModel cannot be written.
    """
    modes = _exported_modes(receiver_fns)
    folder = timestamped_folder(tf.compat.as_str_any(export_dir_base))
    temporary = temporary_folder(folder)
    try:
        builder = _create_builder(temporary, folder)
        for mode in modes:
            with tf.Graph().as_default():
                create_global_step()
                tf1.set_random_seed(config.tf_random_seed)
                receiver = receiver_fns[mode]()
                spec = build(receiver, mode)
                graph_saving.save_graph(
                    builder,
                    scaffold=spec.scaffold,
                    train_op=spec.train_op,
                    checkpoint_path=checkpoint_path,
                    config=config,
                    with_variables=mode == modes[0],
                    tags=_TAGS[mode],
                    signature_def_map=signatures(
                        receiver, _export_outputs(spec), serving=mode == ModeKeys.PREDICT
                    ),
                    strip_default_attrs=strip_default_attrs,
                )
        builder.save(as_text)
        _copy_assets(assets_extra, temporary)
        tf.io.gfile.rename(temporary, folder)
    except BaseException as error:
        if tf.io.gfile.exists(temporary):
            tf.io.gfile.rmtree(temporary)
        if isinstance(error, checkpoint_files.WRITE_ERRORS) and temporary in error.message:
            raise _unwritten(error, folder) from error
        raise
    path: bytes = tf.compat.as_bytes(folder)
    return path


def _create_builder(temporary: str, folder: str) -> Any:
    """Creates the temporary folder of an export and the builder that writes to it."""
    try:
        return tf1.saved_model.Builder(temporary)
    except tf.errors.OpError as error:
        raise _unwritten(error, folder) from error


def _unwritten(error: Any, folder: str) -> OSError:
    """Returns the error of an export that could not be written to its folder."""
    then = "export again: earlier exports are as they were"
    return checkpoint_files.write_error(
        error, "A SavedModel", folder, instead="export_dir_base", then=then
    )


def timestamped_folder(base: str) -> str:
    """Returns the path of a new folder below `base`, named by the seconds since 1970.

    It waits for a second that no other export has taken. Another process takes a second when it
    creates its temporary folder.

    Raises:
      RuntimeError: Other exports took each of the last seconds.
    """
    for _ in range(_ATTEMPTS):
        folder = os.path.join(base, str(int(time.time())))
        if not any(map(tf.io.gfile.exists, (folder, temporary_folder(folder)))):
            return folder
        time.sleep(1)
    raise RuntimeError(
        f"`export_dir_base` ({base}) had a folder for each of the last {_ATTEMPTS} seconds; "
        "expected a second without a folder; export less often, or to a folder of your own."
    )


def temporary_folder(folder: str) -> str:
    """Returns the path of the folder that an export is written to before it is renamed."""
    base, name = os.path.split(folder)
    return os.path.join(base, f"temp-{name}")


def _export_outputs(spec: Any) -> dict[str, outputs.ExportOutput]:
    """Returns the outputs of an EstimatorSpec by the names of their signatures."""
    if spec.mode == ModeKeys.PREDICT:
        return outputs.completed(spec.export_outputs, spec.predictions)
    output_class, key = {
        ModeKeys.TRAIN: (supervised.TrainOutput, "train"),
        ModeKeys.EVAL: (supervised.EvalOutput, "eval"),
    }[spec.mode]
    output = output_class(
        loss=spec.loss, predictions=spec.predictions, metrics=spec.eval_metric_ops
    )
    return {key: output}


def signatures(
    receiver: Any, export_outputs: Mapping[str, outputs.ExportOutput], *, serving: bool
) -> dict[str, Any]:
    """Builds a signature for every output with each of the receiver's groups of input tensors.

    An output that cannot be computed from a group of inputs is logged, and has no signature.

    Args:
      receiver: The result of the receiver function.
      export_outputs: Maps each signature's name to its output.
      serving: Whether to return only signatures that TensorFlow Serving can serve.

    Returns:
      The SignatureDefs by name.
    """
    feeds = {"": receiver.receiver_tensors}
    for name, tensors in (getattr(receiver, "receiver_tensors_alternatives", None) or {}).items():
        feeds[f"{name or 'None'}:"] = tensors
    included, excluded = {}, {}
    for prefix, tensors in feeds.items():
        for key, output in export_outputs.items():
            name = f"{prefix}{key or 'None'}"
            try:
                with own_deprecations.silenced():
                    signature = output.as_signature_def(tensors)
                    _check_fed(tensors, signature)
                included[name] = signature
            except ValueError as error:
                excluded[name] = str(error)
    _log_signatures(included, excluded)
    if serving:
        is_valid = tf1.saved_model.is_valid_signature
        return {name: signature for name, signature in included.items() if is_valid(signature)}
    return included


def _check_fed(receiver_tensors: Mapping[str, Any], signature: Any) -> None:
    """Checks that all placeholders that the outputs depend on are fed.

    Control edges are followed, because a placeholder that is not fed fails even if an operation
    only waits for it and does not use its value.
    """
    graph = tf1.get_default_graph()
    fed = {
        tensor.name
        for tensor in tf.nest.flatten(list(receiver_tensors.values()), expand_composites=True)
    }
    outputs = [
        tensor
        for info in signature.outputs.values()
        for tensor in tf.nest.flatten(
            tf1.saved_model.get_tensor_from_tensor_info(info, graph), expand_composites=True
        )
    ]
    needed = graph_traversal.ancestors(
        [tensor for tensor in outputs if tensor.name not in fed],
        control_inputs=True,
        through=lambda edge: _must_run(edge, fed),
    )
    for op in needed:
        if op.type == "Placeholder":
            raise ValueError(
                f"The signature's input tensors {sorted(fed)} are insufficient to compute its "
                f"outputs {sorted(signature.outputs)}, which depend on {op.name!r}; "
                "expected every placeholder to be fed; add it to the receiver's tensors."
            )


def _must_run(edge: Edge, fed: set[str]) -> bool:
    """Tells whether the operation that an edge starts from must run if some tensors are fed.

    The inputs of a `tf.group`, which has no outputs, are not searched.
    """
    if edge.tensor is not None:
        return edge.tensor.name not in fed
    return bool(edge.source.outputs) and edge.source.outputs[0].name not in fed


def _log_signatures(included: Mapping[str, Any], excluded: Mapping[str, str]) -> None:
    """Logs the signatures of an export, and the outputs that have none, with the reason."""
    for method in sorted({signature.method_name for signature in included.values()}):
        names = [name for name, entry in included.items() if entry.method_name == method]
        logging.info("Signatures INCLUDED in export for %s: %s", method.rpartition("/")[2], names)
    for name, reason in excluded.items():
        logging.info(
            "Signature EXCLUDED from export, since it cannot be served: %s: %s", name, reason
        )
    if not included:
        logging.warning("Export includes no signatures!")
    elif tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY not in included:
        logging.warning("Export includes no default signature!")


def _copy_assets(assets_extra: Mapping[str, str] | None, folder: str) -> None:
    """Copies files into an export.

    Args:
      assets_extra: Maps a path below `assets.extra` to the file that is copied there, or None.
      folder: The export's folder.
    """
    for name, source in (assets_extra or {}).items():
        target = os.path.join(folder, "assets.extra", name)
        tf.io.gfile.makedirs(os.path.dirname(target))
        tf.io.gfile.copy(source, target)


def _exported_modes(receiver_fns: Mapping[str, ServingInputReceiverFn]) -> Sequence[str]:
    """Returns the modes that have a receiver function, in the order of their export.

    Raises:
      ValueError: No known mode has a receiver function.
    """
    modes = [mode for mode in _MODES if receiver_fns.get(mode)]
    if not modes:
        raise ValueError(
            f"No valid modes for exporting found. Got {list(receiver_fns)}; expected some of "
            f"{list(_MODES)}; key the receiver functions by ModeKeys."
        )
    return modes

"""`tf.contrib.predictor`: a SavedModel, or an Estimator, as a function of NumPy arrays."""

import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from estimator_compat.runtime import sessions

_DEFAULT_KEY = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class Predictor:
    """A loaded model: call it with a dict of arrays, get a dict of arrays.

    Attributes:
      session: Where it runs; open.
      graph: Its graph.
      feed_tensors: The inputs by name.
      fetch_tensors: The outputs by name.
    """

    def __init__(
        self, session: Any, feed_tensors: Mapping[str, Any], fetch_tensors: Mapping[str, Any]
    ) -> None:
        self.session = session
        self.graph = session.graph
        self.feed_tensors = dict(feed_tensors)
        self.fetch_tensors = dict(fetch_tensors)

    def __call__(self, input_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Predicts; a ValueError names inputs that the model does not have."""
        if unexpected := input_dict.keys() - self.feed_tensors.keys():
            raise ValueError(
                f"Got unexpected keys in input_dict: {sorted(unexpected)}; expected some of "
                f"{sorted(self.feed_tensors)}; remove the others."
            )
        given = {self.feed_tensors[name]: value for name, value in input_dict.items()}
        return self.session.run(self.fetch_tensors, given)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__} with feed tensors {self.feed_tensors} and fetch_tensors "
            f"{self.fetch_tensors}"
        )


def from_saved_model(
    export_dir: str,
    signature_def_key: str | None = None,
    signature_def: Any = None,
    input_names: Mapping[str, str] | None = None,
    output_names: Mapping[str, str] | None = None,
    tags: str | None = None,
    graph: Any = None,
    config: Any = None,
) -> Predictor:
    """Loads a SavedModel.

    Args:
      export_dir: Its folder.
      signature_def_key: The signature; None: `serving_default`.
      signature_def: The signature itself.
      input_names: Tensor names by the names of the inputs, in place of a signature.
      output_names: The same of the outputs.
      tags: Separated by commas; None: `serve`.
      graph: Where to load it; None: a new graph.
      config: Of the session.

    Raises:
      ValueError: The signature is given twice or half, or the model does not have it.
    """
    if (input_names is None) != (output_names is None):
        raise ValueError(
            "input_names and output_names must both be specified or both be unspecified; pass the "
            "other, too."
        )
    if sum(one is not None for one in (signature_def_key, signature_def, input_names)) > 1:
        raise ValueError(
            "You must specify at most one of signature_def_key OR signature_def OR (input_names "
            "AND output_names); remove the others."
        )
    wanted = [tag.strip() for tag in (tags or "serve").split(",")]
    session, meta_graph = sessions.load_saved_model(export_dir, wanted, graph, config)
    if input_names is None or output_names is None:
        signature = signature_def or _signature(meta_graph, signature_def_key or _DEFAULT_KEY)
        input_names = {name: info.name for name, info in signature.inputs.items()}
        output_names = {name: info.name for name, info in signature.outputs.items()}
    return Predictor(session, _tensors(session, input_names), _tensors(session, output_names))


def from_estimator(
    estimator: Any,
    serving_input_receiver_fn: Callable[[], Any],
    output_key: str | None = None,
    graph: Any = None,
    config: Any = None,
) -> Predictor:
    """Exports an Estimator's latest checkpoint and loads it; `output_key` is the signature."""
    with tempfile.TemporaryDirectory() as folder:
        exported = estimator.export_saved_model(folder, serving_input_receiver_fn)
        path = exported.decode() if isinstance(exported, bytes) else exported
        return from_saved_model(path, output_key, graph=graph, config=config)


def _signature(meta_graph: Any, key: str) -> Any:
    if key not in meta_graph.signature_def:
        raise ValueError(
            f'Got signature_def_key "{key}". Available signatures are '
            f"{sorted(meta_graph.signature_def)}; pass one of those."
        )
    return meta_graph.signature_def[key]


def _tensors(session: Any, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: session.graph.get_tensor_by_name(tensor) for name, tensor in names.items()}

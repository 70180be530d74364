"""`tf.contrib.predictor`: calls a SavedModel or an Estimator with NumPy arrays."""

import tempfile
from collections.abc import Mapping
from typing import Any

import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import sessions
from estimator_compat.type_aliases import Graph, ServingInputReceiverFn, Session, Tensor

_DEFAULT_KEY = tf1.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class Predictor:
    """A loaded model, which is called with a dict of arrays and returns a dict of arrays.

    Attributes:
      session: The open session with the model's variables.
      graph: The session's graph.
      feed_tensors: The input tensors by name.
      fetch_tensors: The output tensors by name.
    """

    def __init__(
        self,
        session: Session,
        feed_tensors: Mapping[str, Tensor],
        fetch_tensors: Mapping[str, Tensor],
    ) -> None:
        self.session = session
        self.graph = session.graph
        self.feed_tensors = dict(feed_tensors)
        self.fetch_tensors = dict(fetch_tensors)

    def __call__(self, input_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the outputs, as arrays by name.

        Args:
          input_dict: The inputs by name: all or some of `feed_tensors`.

        Raises:
          ValueError: The model does not have one of the inputs.
        """
        if unexpected := input_dict.keys() - self.feed_tensors.keys():
            raise ValueError(
                f"Got unexpected keys in input_dict: {sorted(unexpected)}; expected some of "
                f"{sorted(self.feed_tensors)}; remove the others."
            )
        feed_dict = {self.feed_tensors[name]: value for name, value in input_dict.items()}
        outputs: dict[str, Any] = self.session.run(self.fetch_tensors, feed_dict)
        return outputs

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
    graph: Graph | None = None,
    config: Any = None,
) -> Predictor:
    """Loads a SavedModel.

    Only one of `signature_def_key`, `signature_def` and the names may be given.

    Args:
      export_dir: The folder of the SavedModel.
      signature_def_key: The key of the signature; None for `serving_default`.
      signature_def: A SignatureDef to use instead of the SavedModel's, or None.
      input_names: The input tensors' names in the graph, by input, to use instead of a signature;
        or None.
      output_names: The output tensors' names in the graph, by output; None if and only if
        `input_names` is None.
      tags: The tags of the graph, separated by commas; None for `serve`.
      graph: The graph to load into; None for a new graph.
      config: The ConfigProto of the session, or None.

    Raises:
      ValueError: There is more than one signature, only one of `input_names` and `output_names`, or
        the SavedModel lacks the signature.
    """
    if (input_names is None) != (output_names is None):
        raise ValueError(
            "input_names and output_names must both be specified or both be unspecified; pass the "
            "other, too."
        )
    sources = (signature_def_key, signature_def, input_names)
    if sum(source is not None for source in sources) > 1:
        raise ValueError(
            "You must specify at most one of signature_def_key OR signature_def OR (input_names "
            "AND output_names); remove the others."
        )
    tag_list = [tag.strip() for tag in (tags or "serve").split(",")]
    session, meta_graph = sessions.load_saved_model(export_dir, tag_list, graph, config)
    if input_names is None or output_names is None:
        signature = signature_def or _signature(meta_graph, signature_def_key or _DEFAULT_KEY)
        input_names = {name: info.name for name, info in signature.inputs.items()}
        output_names = {name: info.name for name, info in signature.outputs.items()}
    return Predictor(session, _tensors(session, input_names), _tensors(session, output_names))


def from_estimator(
    estimator: Any,
    serving_input_receiver_fn: ServingInputReceiverFn,
    output_key: str | None = None,
    graph: Graph | None = None,
    config: Any = None,
) -> Predictor:
    """Exports the latest checkpoint of an Estimator as a SavedModel, and loads the SavedModel.

    Args:
      estimator: The Estimator.
      serving_input_receiver_fn: Returns a `ServingInputReceiver`.
      output_key: The key of the signature; None for `serving_default`.
      graph: The graph to load into; None for a new graph.
      config: The ConfigProto of the session, or None.
    """
    with tempfile.TemporaryDirectory() as folder:
        exported = estimator.export_saved_model(folder, serving_input_receiver_fn)
        path = exported.decode() if isinstance(exported, bytes) else exported
        return from_saved_model(path, output_key, graph=graph, config=config)


def _signature(meta_graph: Any, key: str) -> Any:
    if key not in meta_graph.signature_def:
        raise ValueError(
            f'Got signature_def_key "{key}". Available signatures are '
            f"{sorted(meta_graph.signature_def)}; pass one of those keys."
        )
    return meta_graph.signature_def[key]


def _tensors(session: Session, names: Mapping[str, str]) -> dict[str, Tensor]:
    return {name: session.graph.get_tensor_by_name(tensor) for name, tensor in names.items()}

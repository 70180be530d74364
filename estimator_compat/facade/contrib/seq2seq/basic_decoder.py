"""`BasicDecoder`: a cell whose next inputs a helper chooses."""

from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import arguments, sizes
from estimator_compat.facade.contrib.seq2seq.decoder import Decoder
from estimator_compat.facade.contrib.seq2seq.helper import Helper
from estimator_compat.type_aliases import Nest, Tensor


class BasicDecoderOutput(NamedTuple):
    """What a `BasicDecoder` returns, or the sizes or dtypes of it.

    Attributes:
      rnn_output: The outputs of the cell, or of the layer after it.
      sample_id: What the helper's `sample` returned.
    """

    rnn_output: Any
    sample_id: Any


class BasicDecoder(Decoder):
    """A decoder that runs a cell, and asks a helper for samples and next inputs.

    Args:
      cell: The RNNCell.
      helper: The helper.
      initial_state: The cell's first state.
      output_layer: A layer that the cell's outputs go through; None for none.

    Raises:
      TypeError: An argument has another type.
    """

    def __init__(
        self, cell: Any, helper: Helper, initial_state: Nest, output_layer: Any = None
    ) -> None:
        arguments.check_cell(cell)
        if not isinstance(helper, Helper):
            raise TypeError(
                f"helper must be a Helper, received: {type(helper)}; pass an instance of a "
                "subclass of `tf.contrib.seq2seq.Helper`."
            )
        arguments.check_layer(output_layer)
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        """The number of sequences, which the helper knows."""
        return self._helper.batch_size

    @property
    def output_size(self) -> BasicDecoderOutput:
        """The sizes of outputs and samples."""
        return BasicDecoderOutput(
            sizes.of_outputs(self._cell, self._output_layer), self._helper.sample_ids_shape
        )

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        """The dtypes of outputs and samples; outputs have that of the state's first tensor."""
        dtype = tf1.nest.flatten(self._initial_state)[0].dtype
        outputs = sizes.of_outputs(self._cell, self._output_layer)
        return BasicDecoderOutput(
            tf1.nest.map_structure(lambda _: dtype, outputs), self._helper.sample_ids_dtype
        )

    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest, Nest]:
        """Prepares the first time step; see `Decoder`."""
        finished, inputs = self._helper.initialize()
        return finished, inputs, self._initial_state

    def step(
        self, time: Tensor, inputs: Nest, state: Nest, name: str | None = None
    ) -> tuple[BasicDecoderOutput, Nest, Nest, Tensor]:
        """Decodes one time step; see `Decoder`."""
        with tf1.name_scope(name, "BasicDecoderStep", tf1.nest.flatten((time, inputs))):
            outputs, cell_state = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            samples = self._helper.sample(time=time, outputs=outputs, state=cell_state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=cell_state, sample_ids=samples
            )
        return BasicDecoderOutput(outputs, samples), next_state, next_inputs, finished

"""`AttentionWrapper`: a cell that attends to a memory."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import arguments, sizes
from estimator_compat.facade.contrib.seq2seq.attention import dense
from estimator_compat.facade.contrib.seq2seq.attention_mechanism import AttentionMechanism
from estimator_compat.facade.contrib.seq2seq.attention_wrapper_state import AttentionWrapperState
from estimator_compat.type_aliases import Nest, Operation, Tensor

_TILING = (
    "For a BeamSearchDecoder, repeat the encoder's outputs, lengths and state with "
    "`tf.contrib.seq2seq.tile_batch(..., multiplier=beam_width)`, and pass "
    "`batch_size * beam_width` to `zero_state`."
)


def compute_attention(
    attention_mechanism: Any, cell_output: Tensor, attention_state: Nest, attention_layer: Any
) -> tuple[Tensor, Tensor, Nest]:
    """Returns the attention of a cell's output, the alignments, and the mechanism's next state.

    Args:
      attention_mechanism: The mechanism.
      cell_output: `[batch, depth]`.
      attention_state: The mechanism's state.
      attention_layer: A layer over output and context; None for the context alone.
    """
    alignments, next_state = attention_mechanism(cell_output, state=attention_state)
    context = tf1.squeeze(tf1.matmul(alignments[:, None], attention_mechanism.values), [1])
    if attention_layer is None:
        return context, alignments, next_state
    return attention_layer(tf1.concat([cell_output, context], 1)), alignments, next_state


class AttentionWrapper(tf1.nn.rnn_cell.RNNCell):
    """A cell around another cell: its inputs end with the attention of the time step before.

    Args:
      cell: The RNNCell.
      attention_mechanism: A mechanism, or a list of them, whose attentions are concatenated.
      attention_layer_size: The size of the attention, with a list of mechanisms a list. None for
        the context itself.
      alignment_history: Whether the state has the alignments of all time steps.
      cell_input_fn: Makes the cell's inputs of inputs and attention; None to concatenate them.
      output_attention: Whether the outputs are the attention; otherwise they are those of the cell.
      initial_cell_state: The cell's state in `zero_state`; None for that of the cell.
      name: The layer's name.
      attention_layer: The layer that makes the attention of output and context, instead of
        `attention_layer_size`; with a list of mechanisms a list.
      attention_fn: A function to use instead of `compute_attention`.
      dtype: The dtype of the layer.

    Raises:
      TypeError: An argument has another type.
      ValueError: The numbers of mechanisms and of layers differ, or the layers were given twice.
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[[Tensor, Tensor], Tensor] | None = None,
        output_attention: bool = True,
        initial_cell_state: Nest = None,
        name: str | None = None,
        attention_layer: Any = None,
        attention_fn: Callable[..., tuple[Tensor, Tensor, Nest]] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        arguments.check_cell(cell)
        self._is_multi = isinstance(attention_mechanism, list | tuple)
        mechanisms = tuple(attention_mechanism) if self._is_multi else (attention_mechanism,)
        _check_mechanisms(mechanisms, self._is_multi)
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(
                f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}; pass "
                "a function of inputs and attention."
            )
        self._cell = cell
        self._attention_mechanisms = mechanisms
        self._attention_layers = _layers(attention_layer_size, attention_layer, mechanisms)
        self._attention_layer_size = _attention_size(cell, self._attention_layers, mechanisms)
        self._attention_fn = attention_fn or compute_attention
        self._cell_input_fn = cell_input_fn or (
            lambda inputs, attention: tf1.concat([inputs, attention], -1)
        )
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._initial_cell_state = None
        if initial_cell_state is not None:
            with tf1.name_scope(name, "AttentionWrapperInit"):
                batch = sizes.known_dimension(tf1.nest.flatten(initial_cell_state)[-1], 0)
                checks = self._batch_size_checks(batch, "When constructing", "initial_cell_state")
                self._initial_cell_state = _after(checks, initial_cell_state)

    @property
    def output_size(self) -> Any:
        """The size of the outputs."""
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        """The sizes of the state."""
        mechanisms = self._attention_mechanisms
        lengths = [mechanism.alignments_size for mechanism in mechanisms]
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            time=tf.TensorShape([]),
            attention=self._attention_layer_size,
            alignments=self._item_or_tuple(lengths),
            attention_state=self._item_or_tuple(one.state_size for one in mechanisms),
            alignment_history=self._item_or_tuple(
                length if self._alignment_history else () for length in lengths
            ),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """Returns the first state.

        Args:
          batch_size: The number of examples in the memory, an integer or a scalar tensor.
          dtype: The dtype.
        """
        with tf1.name_scope(f"{type(self).__name__}ZeroState"):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = _first_state(self._cell, batch_size, dtype)
            checks = self._batch_size_checks(
                batch_size, "When calling zero_state of", "requested batch size"
            )
            mechanisms = self._attention_mechanisms
            alignments = [one.initial_alignments(batch_size, dtype) for one in mechanisms]
            return AttentionWrapperState(
                cell_state=_after(checks, cell_state),
                time=tf1.zeros([], tf1.int32),
                attention=sizes.zeros(self._attention_layer_size, batch_size, dtype),
                alignments=self._item_or_tuple(alignments),
                attention_state=self._item_or_tuple(
                    one.initial_state(batch_size, dtype) for one in mechanisms
                ),
                alignment_history=self._item_or_tuple(
                    self._empty_history(one.shape, dtype) for one in alignments
                ),
            )

    def call(self, inputs: Tensor, state: AttentionWrapperState) -> tuple[Tensor, Any]:
        """Runs the cell, and attends to the memory.

        Args:
          inputs: `[batch, depth]`.
          state: The state after the time step before.

        Returns:
          The attention or the cell's output, and the next state.

        Raises:
          TypeError: `state` is not an `AttentionWrapperState`.
        """
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                "Expected state to be instance of AttentionWrapperState. Received type "
                f"{type(state)} instead; start with `zero_state(...)`, and `clone` it for another "
                "`cell_state`."
            )
        output, cell_state = self._cell(
            self._cell_input_fn(inputs, state.attention), state.cell_state
        )
        checks = self._batch_size_checks(
            sizes.known_dimension(output, 0), "When applying", "query (decoder output)"
        )
        output = _after(checks, output)
        before = [state.attention_state, state.alignment_history]
        states, histories = before if self._is_multi else [(one,) for one in before]
        layers = self._attention_layers or (None,) * len(states)
        found = [
            self._attention_fn(mechanism, output, one, layer)
            for mechanism, one, layer in zip(
                self._attention_mechanisms, states, layers, strict=True
            )
        ]
        attentions, alignments, next_states = zip(*found, strict=True)
        attention = tf1.concat(attentions, 1)
        next_state = AttentionWrapperState(
            time=state.time + 1,
            cell_state=cell_state,
            attention=attention,
            attention_state=self._item_or_tuple(next_states),
            alignments=self._item_or_tuple(alignments),
            alignment_history=self._item_or_tuple(
                history.write(state.time, one) if self._alignment_history else ()
                for history, one in zip(histories, alignments, strict=True)
            ),
        )
        return (attention if self._output_attention else output), next_state

    def _item_or_tuple(self, values: Iterable[Any]) -> Any:
        """Returns a value for each mechanism: a tuple if a list of mechanisms was given."""
        made = tuple(values)
        return made if self._is_multi else made[0]

    def _empty_history(self, shape: tf.TensorShape, dtype: Any) -> Any:
        """Returns an array for the alignments of all time steps; () without history."""
        if not self._alignment_history:
            return ()
        return tf1.TensorArray(dtype, size=0, dynamic_size=True, element_shape=shape)

    def _batch_size_checks(self, batch_size: Any, when: str, what: str) -> list[Operation]:
        """Returns checks that each memory has as many examples as a state or an output."""
        message = (
            f"{when} AttentionWrapper {self.name}: Non-matching batch sizes between the memory "
            f"(encoder output) and the {what}. {_TILING}"
        )
        return [
            tf1.debugging.assert_equal(batch_size, mechanism.batch_size, message=message)
            for mechanism in self._attention_mechanisms
        ]


def _after(checks: Sequence[Operation], tensors: Nest) -> Nest:
    """Returns tensors that are computed after checks."""
    with tf1.control_dependencies(checks):
        return tf1.nest.map_structure(tf1.identity, tensors)


def _first_state(cell: Any, batch_size: Any, dtype: Any) -> Nest:
    """Returns a cell's first state."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def _check_mechanisms(mechanisms: Sequence[Any], is_list: bool) -> None:
    """Raises a TypeError unless all mechanisms are attention mechanisms."""
    for mechanism in mechanisms:
        if not isinstance(mechanism, AttentionMechanism):
            expected = (
                "attention_mechanism must contain only instances of AttentionMechanism"
                if is_list
                else "attention_mechanism must be an AttentionMechanism or list of multiple "
                "AttentionMechanism instances"
            )
            raise TypeError(
                f"{expected}, saw type: {type(mechanism).__name__}; pass an instance, such as "
                "`tf.contrib.seq2seq.LuongAttention(num_units, memory)`."
            )


def _layers(size: Any, layer: Any, mechanisms: Sequence[Any]) -> tuple[Any, ...] | None:
    """Returns the layer that makes the attention, for each mechanism; None without layers."""
    if size is not None and layer is not None:
        raise ValueError(
            "Only one of attention_layer_size and attention_layer should be set, but "
            f"`attention_layer_size` is {size} and `attention_layer` is {layer}; leave one out."
        )
    name, given = ("attention_layer", layer) if size is None else ("attention_layer_size", size)
    if given is None:
        return None
    each = tuple(given) if isinstance(given, list | tuple) else (given,)
    if len(each) != len(mechanisms):
        kind = "layer" if size is None else "integer"
        raise ValueError(
            f"If provided, {name} must contain exactly one {kind} per attention_mechanism, saw: "
            f"{len(each)} vs {len(mechanisms)}; make the lists equally long."
        )
    if size is None:
        return each
    return tuple(
        dense(units, "attention_layer", mechanism.dtype)
        for units, mechanism in zip(each, mechanisms, strict=True)
    )


def _attention_size(cell: Any, layers: Sequence[Any] | None, mechanisms: Sequence[Any]) -> int:
    """Returns the size of the attentions of all mechanisms together."""
    depths = [mechanism.values.shape.as_list()[-1] for mechanism in mechanisms]
    if layers is None:
        return sum(depths)
    total = 0
    for layer, depth in zip(layers, depths, strict=True):
        # The sizes of the memory and of the cell do not matter to a dense layer, but may be None.
        units = getattr(layer, "units", None)
        if units is None:
            shape = layer.compute_output_shape([None, cell.output_size + depth])
            units = tf.TensorShape(shape).as_list()[-1]
        total += units
    return total

"""Helpers for inference: the id of a time step is embedded as the input of the next one."""

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.facade.contrib.seq2seq import arguments, sampling
from estimator_compat.facade.contrib.seq2seq.helper import Helper
from estimator_compat.type_aliases import Nest, Tensor


class GreedyEmbeddingHelper(Helper):
    """A helper that takes the id with the largest logit.

    Args:
      embedding: A function from ids to inputs, or what `tf.nn.embedding_lookup` takes as `params`.
      start_tokens: The ids of the first inputs, int32 `[batch]`.
      end_token: The id that ends a sequence, an int32 scalar.

    Raises:
      ValueError: The rank of `start_tokens` or of `end_token` is wrong.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._embedding_fn = arguments.embedding_function(embedding)
        self._start_tokens, self._end_token = arguments.start_and_end(start_tokens, end_token)
        self._batch_size = tf1.size(self._start_tokens)
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        """The number of sequences, a scalar int32 tensor."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        """The shape of a sequence's sample at one time step: a scalar."""
        return tf.TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        """The dtype of samples, int32."""
        return tf1.int32

    def initialize(self, name: str | None = None) -> tuple[Tensor, Nest]:
        """Returns that no sequence is finished, and the embedded start tokens; see `Helper`."""
        return tf1.tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None) -> Tensor:
        """Returns the ids with the largest logits; see `Helper`."""
        return tf1.argmax(_logits(outputs), axis=-1, output_type=tf1.int32)

    def next_inputs(
        self,
        time: Tensor,
        outputs: Nest,
        state: Nest,
        sample_ids: Tensor,
        name: str | None = None,
    ) -> tuple[Tensor, Nest, Nest]:
        """Embeds the samples, unless all sequences are finished; see `Helper`."""
        finished = tf1.equal(sample_ids, self._end_token)
        inputs = tf1.cond(
            tf1.reduce_all(finished),
            lambda: self._start_inputs,
            lambda: self._embedding_fn(sample_ids),
        )
        return finished, inputs, state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """A helper that draws an id with the probabilities of the logits.

    Args:
      embedding: As in `GreedyEmbeddingHelper`.
      start_tokens: As in `GreedyEmbeddingHelper`.
      end_token: As in `GreedyEmbeddingHelper`.
      softmax_temperature: What the logits are divided by; None for 1.
      seed: The seed of the draws.
    """

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Tensor, outputs: Nest, state: Nest, name: str | None = None) -> Tensor:
        """Returns the drawn ids; see `Helper`."""
        logits = _logits(outputs)
        if self._softmax_temperature is not None:
            logits = logits / self._softmax_temperature
        return sampling.categorical(logits, self._seed)


def _logits(outputs: Nest) -> Tensor:
    """Returns the outputs of a decoder if they are one tensor; otherwise raises a TypeError."""
    if not tf1.is_tensor(outputs):
        raise TypeError(
            f"Expected outputs to be a single Tensor, got: {type(outputs)}; use a cell whose "
            "outputs are logits, or give the decoder an `output_layer`."
        )
    return outputs

"""`host`: its arguments."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from tests.models.hosted_programs import INPUT_FNS, hosted, model_fn


def test_an_input_signature_in_the_place_of_an_input_fn() -> None:
    signature = ({"x": tf.TensorSpec([None, 3])}, tf.TensorSpec([None, 1]))
    loop = hosted(input_fn=None, input_signature=signature)
    np.testing.assert_array_equal(
        loop.train(INPUT_FNS["train"](), 5), hosted().train(INPUT_FNS["train"](), 5)
    )
    with pytest.raises(ValueError, match="expected exactly one of them; pass the input_fn"):
        hosted(input_signature=signature)


def test_a_session_config_is_left_out_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    ours = tf1.ConfigProto(intra_op_parallelism_threads=1)
    with caplog.at_level("WARNING", logger="tensorflow"):
        hosted(config=estimator.RunConfig(session_config=ours))
        assert "session_config is left out, since a custom loop has no session" in caplog.text
        caplog.clear()
        for config in (estimator.RunConfig(), estimator.Estimator(model_fn, config=None).config):
            hosted(config=config)
        assert "session_config is left out" not in caplog.text


@pytest.mark.parametrize("summaries", [True, False])
def test_loss_summaries_can_be_left_out(summaries: bool) -> None:
    loop = hosted(loss_summaries=summaries)
    train, evaluation = (loop.graph(mode).built for mode in ("train", "eval"))
    tags = {summary.op.name for summary in train.summaries}
    assert ("average_loss" in evaluation.metrics) is summaries
    assert any("average_loss" in tag for tag in tags) is summaries


def test_an_input_signature_is_not_given_beside_an_input_fn() -> None:
    with pytest.raises(ValueError, match=r"`input_fn` \(None\) and `input_signature` \(None\) bot"):
        hosted(input_fn=None)

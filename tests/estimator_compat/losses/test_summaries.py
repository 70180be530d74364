"""The loss summaries, read back from the event files of real sessions and writers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from estimator_compat import ModeKeys
from estimator_compat.losses import summaries, weighted_losses
from estimator_compat.losses.summaries import LossAccumulator, LossHistogramHook, loss_summaries
from tests.recording import pythons

tf1 = tf.compat.v1

LOSSES = [0.5, 4.0, -3.0, 4.0, 1e-20, 2.0, 0.0, 7.5, 1e30, 2.5]
WEIGHTS = [1.0, 0.0, 2.0, 0.5, 1.0, 1.0, 3.0, 0.0, 0.0, 4.0]
LOSSES_32 = np.array(LOSSES, np.float32)
# 1*.5 + 2*-3 + .5*4 + 1*2 + 4*2.5 = 8.5, over weights that sum to 12.5
AVERAGE = 0.68
BATCHES = [slice(0, 4), slice(4, 8), slice(8, 10)]  # the last one is short


def events(directory: Path) -> Iterator[tuple[int, Any]]:
    """Reads the summary values of a directory, each with its step."""
    for path in sorted(directory.glob("events.*")):
        for event in tf1.train.summary_iterator(str(path)):
            yield from ((event.step, value) for value in event.summary.value)


def histograms(directory: Path) -> dict[int, Any]:
    return {step: v.histo for step, v in events(directory) if v.tag == "loss_per_example"}


def scalars(directory: Path) -> dict[int, float]:
    return {step: v.simple_value for step, v in events(directory) if v.tag == "average_loss"}


def tf_histogram(values: Any) -> Any:
    """Returns the histogram that TensorFlow makes of all `values` at once."""
    with tf.Graph().as_default(), tf1.Session() as session:
        serialized = session.run(tf1.summary.histogram("h", tf.constant(values, tf.float64)))
    return tf1.Summary.FromString(serialized).value[0].histo


def assert_same_histogram(got: Any, expected: Any) -> None:
    for name in ("bucket_limit", "bucket"):
        assert list(getattr(got, name)) == list(getattr(expected, name))
    assert (got.num, got.min, got.max) == (expected.num, expected.min, expected.max)
    for name in ("sum", "sum_squares"):  # added up in another order
        np.testing.assert_allclose(getattr(got, name), getattr(expected, name), rtol=1e-12)


def batches() -> tuple[Any, Any]:
    dataset = tf.data.Dataset.from_tensor_slices((LOSSES_32, np.array(WEIGHTS, np.float32)))
    return tf1.data.make_one_shot_iterator(dataset.batch(4)).get_next()


# ---- TRAIN


def train(directory: Path, values: Any, weights: Any, hooks: Any = ()) -> None:
    step = tf1.train.get_or_create_global_step()
    with tf.name_scope("model"), tf.name_scope("tower"):
        made = loss_summaries(values, weights, mode=ModeKeys.TRAIN)
    assert made == summaries.LossSummaries()
    with tf.control_dependencies([values]):
        train_op = tf1.assign_add(step, 1)
    with tf1.train.MonitoredTrainingSession(
        checkpoint_dir=str(directory),
        hooks=list(hooks),
        save_summaries_steps=1,
        log_step_count_steps=0,
    ) as session:
        while not session.should_stop():
            session.run(train_op)


def test_train_writes_both_tags_at_each_saving_step(tmp_path: Path) -> None:
    with tf.Graph().as_default():
        train(tmp_path, *batches())
    steps = dict(zip([1, 2, 3], BATCHES, strict=True))
    for step, histogram in histograms(tmp_path).items():
        assert_same_histogram(histogram, tf_histogram(LOSSES_32[steps.pop(step)]))
    assert not steps
    # (.5 - 6 + 2) / 3.5, (1e-20 + 2) / 5, 10 / 4
    assert scalars(tmp_path) == pytest.approx({1: -1.0, 2: 0.4, 3: 2.5})


def test_not_a_number_reaches_the_user_as_the_nan_hook_says_it(tmp_path: Path) -> None:
    with tf.Graph().as_default():
        bad = tf.constant([1.0, np.nan, np.inf, -np.inf])
        hook = tf1.train.NanTensorHook(tf.reduce_mean(bad))
        with pytest.raises(tf1.train.NanLossDuringTrainingError):
            train(tmp_path, bad, None, [hook])


def test_histogram_leaves_out_what_is_not_finite(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        biggest = np.finfo(np.float64).max  # the limit of the last bucket
        loss_summaries(
            tf.constant([1.0, np.nan, np.inf, -np.inf, biggest], tf.float64), mode="train"
        )
        serialized = session.run(tf1.summary.merge_all())
    histogram = tf1.Summary.FromString(serialized).value[0].histo
    assert_same_histogram(histogram, tf_histogram([1.0]))


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64, tf.int32])
def test_train_takes_every_dtype(dtype: tf.DType) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        loss_summaries(tf.cast([1, 2], dtype), mode=ModeKeys.TRAIN)
        summary = tf1.Summary.FromString(session.run(tf1.summary.merge_all()))
    assert {v.tag for v in summary.value} == {"loss_per_example", "average_loss"}
    assert [v.simple_value for v in summary.value if v.tag == "average_loss"] == [1.5]


def test_random_ops_keep_their_seeds() -> None:
    def drawn(mode: str | None) -> Any:
        with tf.Graph().as_default(), tf1.Session() as session:
            tf1.set_random_seed(7)
            first = tf.random.uniform([3])
            if mode is not None:
                loss_summaries(first, mode=mode)
            return session.run([first, tf.random.normal([3])])

    for mode in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT):
        np.testing.assert_array_equal(drawn(mode), drawn(None))


def test_a_taken_tag_is_refused() -> None:
    with tf.Graph().as_default():
        tf1.summary.scalar("average_loss", 1.0)
        with pytest.raises(ValueError, match="take away or rename a summary of your own") as error:
            loss_summaries([1.0], mode=ModeKeys.TRAIN)
    assert "'average_loss'" in str(error.value)
    with tf.Graph().as_default():
        loss_summaries([1.0], mode=ModeKeys.TRAIN)
        with pytest.raises(ValueError, match="call `loss_summaries` once a model_fn"):
            loss_summaries([1.0], mode=ModeKeys.TRAIN)


def test_a_taken_tag_is_of_no_concern_in_eval_nor_is_a_summary_without_one() -> None:
    with tf.Graph().as_default():
        tf1.summary.scalar("average_loss", 1.0)
        loss_summaries([1.0], mode=ModeKeys.EVAL)
    with tf.Graph().as_default():
        tf1.add_to_collection(tf1.GraphKeys.SUMMARIES, tf.constant(b""))
        tf1.add_to_collection(tf1.GraphKeys.SUMMARIES, tf1.summary.merge([tf.constant(b"")]))
        loss_summaries([1.0], mode=ModeKeys.TRAIN)


def test_a_later_summary_of_the_same_name_does_not_clash() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.summary.scalar("loss", 1.0)
        loss_summaries([1.0], mode=ModeKeys.TRAIN)
        tf1.summary.scalar("average_loss", 1.0)
        summary = tf1.Summary.FromString(session.run(tf1.summary.merge_all()))
    tags = [value.tag for value in summary.value]
    assert tags == ["loss", "loss_per_example", "average_loss", "average_loss_1"]


# ---- EVAL


def evaluate(made: Any, step: int) -> Any:
    """Runs an evaluation as the Estimator does, from a checkpoint at `step`."""
    value, update = made.eval_metric_ops["average_loss"]
    final = tf1.train.FinalOpsHook(value)
    restored = tf1.train.get_global_step()
    scaffold = tf1.train.Scaffold(init_fn=lambda _, session: restored.load(step, session))
    creator = tf1.train.ChiefSessionCreator(scaffold)
    hooks = [*made.evaluation_hooks, final]
    with tf1.train.MonitoredSession(creator, hooks=hooks) as session:
        while not session.should_stop():
            session.run(update)
    return final.final_ops_values


def test_eval_covers_the_whole_set(tmp_path: Path) -> None:
    with tf.Graph().as_default():
        tf1.train.create_global_step()
        with tf.name_scope("model"):
            made = loss_summaries(*batches(), mode=ModeKeys.EVAL)
        assert set(made.eval_metric_ops) == {"average_loss"}
        assert tf1.get_collection(tf1.GraphKeys.SUMMARIES) == []
        (hook,) = made.evaluation_hooks
        assert isinstance(hook, LossHistogramHook)
        assert hook.output_dir is None
        hook.output_dir = str(tmp_path)
        assert evaluate(made, step=42) == pytest.approx(AVERAGE)
    (step, histogram), *rest = histograms(tmp_path).items()
    assert (step, rest) == (42, [])
    assert_same_histogram(histogram, tf_histogram(LOSSES_32))


@pytest.mark.parametrize(
    ("weights", "average"),
    [
        # (-1 * 2 + -2 * 5) / (-1 - 2) = 4
        ([-1.0, -2.0], 4.0),
        # (3 * 2 + -4 * 5) / (3 - 4) = 14
        ([3.0, -4.0], 14.0),
        # (4 * 2 + -3 * 5) / (4 - 3) = -7
        ([4.0, -3.0], -7.0),
        ([2.0, -2.0], 0.0),  # the weights add up to 0
        ([0.0, 0.0], 0.0),
    ],
    ids=["negative", "negative sum", "positive sum", "sum of 0", "all 0"],
)
def test_training_and_evaluation_agree_on_negative_weights(
    weights: list[float], average: float
) -> None:
    losses = [2.0, 5.0]
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.train.create_global_step()
        made = loss_summaries(tf.constant(losses), tf.constant(weights), mode=ModeKeys.EVAL)
        value, update = made.eval_metric_ops["average_loss"]
        session.run(tf1.local_variables_initializer())
        assert session.run(update) == pytest.approx(average)
        assert session.run(update) == pytest.approx(average)  # a second batch with the same values
        assert session.run(value) == pytest.approx(average)
        in_training = weighted_losses.average_loss(tf.constant(losses), tf.constant(weights))
        assert session.run(in_training) == pytest.approx(average)


def test_eval_writes_where_it_is_told(tmp_path: Path) -> None:
    with tf.Graph().as_default():
        tf1.train.create_global_step()
        values, _ = batches()
        made = loss_summaries(values, mode=ModeKeys.EVAL, output_dir=str(tmp_path))
        assert evaluate(made, step=3) == pytest.approx(np.mean(LOSSES_32))
    assert list(histograms(tmp_path)) == [3]


def test_eval_keeps_the_losses_and_weights_of_each_example(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        values, weights = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[5.0], [6.0]])
        loss_summaries(values, weights, mode=ModeKeys.EVAL)
        (kept,) = tf1.get_collection(summaries.PER_EXAMPLE_COLLECTION)
        assert kept.losses is values
        np.testing.assert_array_equal(session.run(kept.weights), [[5.0, 5.0], [6.0, 6.0]])
        with caplog.at_level("WARNING", logger="tensorflow"):
            tf1.train.export_meta_graph()
    assert not [record for record in caplog.records if "CollectionDef" in record.getMessage()]


def test_eval_without_a_directory_is_refused() -> None:
    with tf.Graph().as_default():
        tf1.train.create_global_step()
        made = loss_summaries([1.0], mode=ModeKeys.EVAL)
        with pytest.raises(ValueError, match=r"pass `loss_summaries\(\.\.\., output_dir="):
            evaluate(made, step=1)


def test_eval_without_a_global_step_is_refused(tmp_path: Path) -> None:
    with tf.Graph().as_default():
        made = loss_summaries([1.0], mode=ModeKeys.EVAL, output_dir=str(tmp_path))
        with pytest.raises(ValueError, match="create_global_step"):
            made.evaluation_hooks[0].begin()


@settings(max_examples=30, deadline=None)
@given(
    parts=st.lists(
        st.lists(
            st.one_of(
                st.sampled_from([0.0, 1.0, -1.0, 1e-13, -1e-13, 1e25, 1.1]),
                st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 1e150),
            ),
            max_size=5,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_histograms_of_batches_add_up_to_that_of_all(parts: list[list[float]]) -> None:
    accumulator = LossAccumulator()
    for part in parts:
        accumulator.update(tf.constant(part, tf.float64))
    (value,) = accumulator._histogram.summary().value
    everything = tf_histogram(np.concatenate(parts))
    for name in ("bucket_limit", "bucket"):
        assert list(getattr(value.histo, name)) == list(getattr(everything, name))
    assert (value.histo.num, value.histo.min) == (everything.num, everything.min)
    assert value.histo.max == everything.max


# ---- PREDICT, and mistakes


def test_predict_does_nothing() -> None:
    with tf.Graph().as_default() as graph:
        made = loss_summaries(None, mode=ModeKeys.PREDICT)
        assert made == summaries.LossSummaries(eval_metric_ops={}, evaluation_hooks=())
        assert graph.get_operations() == []


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`mode` \('test'\) .* pass on the model_fn's own"):
        loss_summaries([1.0], mode="test")


@pytest.mark.parametrize("mode", [ModeKeys.TRAIN, ModeKeys.EVAL])
def test_shapes_that_do_not_fit_are_refused(mode: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=r"\(2, 1\).*\(2,\)"):
        loss_summaries([1.0, 2.0], [[1.0], [2.0]], mode=mode)


# ---- TF2


def test_tf2_train_writes_both_tags(tmp_path: Path) -> None:
    @tf.function
    def train_step(values: tf.Tensor, weights: tf.Tensor) -> None:
        with tf.name_scope("tower"):
            loss_summaries(values, weights, mode=ModeKeys.TRAIN)

    step = tf.Variable(0, dtype=tf.int64)
    tf.summary.experimental.set_step(step)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        for number, batch in enumerate(BATCHES):
            step.assign(number)
            with tf.summary.record_if(lambda: tf.not_equal(step, 1)):
                train_step(tf.constant(LOSSES[batch]), tf.constant(WEIGHTS[batch]))
        made = loss_summaries([1.0, 2.0], mode=ModeKeys.TRAIN, step=9)  # eagerly
    tf.summary.experimental.set_step(None)
    assert made == summaries.LossSummaries()
    assert scalars(tmp_path) == pytest.approx({0: -1.0, 2: 2.5, 9: 1.5})
    got = histograms(tmp_path)
    assert list(got) == [0, 2, 9]
    for number in (0, 2):
        assert_same_histogram(got[number], tf_histogram(LOSSES_32[BATCHES[number]]))


@pytest.mark.parametrize("mode", [ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT])
def test_tf2_without_a_writer_does_nothing(mode: str) -> None:
    assert loss_summaries([1.0], mode=mode) == summaries.LossSummaries()


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eagerly", "in tf.function"])
def test_tf2_accumulator_covers_the_whole_set(tmp_path: Path, wrap: Any) -> None:
    accumulator = LossAccumulator()
    update = wrap(accumulator.update)
    for batch in BATCHES:
        update(tf.constant(LOSSES[batch]), tf.constant(WEIGHTS[batch]))
    assert accumulator.result() == pytest.approx(AVERAGE)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        accumulator.write(step=5)
    assert scalars(tmp_path) == pytest.approx({5: AVERAGE})
    assert_same_histogram(histograms(tmp_path)[5], tf_histogram(LOSSES_32))


def test_tf2_accumulator_spreads_the_weights() -> None:
    accumulator = LossAccumulator()
    accumulator.update([1.0, 3.0], 2.0)
    accumulator.update([[5.0, 7.0]], [[3.0]])
    assert accumulator.result() == 4.4  # (2*1 + 2*3 + 3*5 + 3*7) / (2 + 2 + 3 + 3)


def test_tf2_accumulator_without_weight_is_zero() -> None:
    accumulator = LossAccumulator()
    assert accumulator.result() == 0.0
    accumulator.update([1.0, 2.0], 0.0)
    assert accumulator.result() == 0.0


def test_tf2_needs_no_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {"tensorboard", *(m for m in sys.modules if m.startswith("tensorboard."))}:
        monkeypatch.setitem(sys.modules, name, None)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        with pytest.raises(Exception, match=r"(?i)tensorboard"):
            tf.summary.scalar("average_loss", 1.0, step=0)
        loss_summaries([1.0, 3.0], mode=ModeKeys.TRAIN, step=1)
    assert scalars(tmp_path) == {1: 2.0}


@pytest.mark.subprocess
def test_works_where_the_program_has_disabled_v2_behavior(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "import tensorflow.compat.v1 as tf\n"
        "tf.disable_v2_behavior()\n"
        "from estimator_compat import loss_summaries\n"
        "tf.train.create_global_step()\n"
        "values = tf.placeholder_with_default([1., 3.], None)\n"
        "made = loss_summaries(values, mode='eval', output_dir=sys.argv[1])\n"
        "loss_summaries(values, mode='train')\n"
        "merged = tf.summary.merge_all()\n"
        "with tf.train.MonitoredSession(hooks=made.evaluation_hooks) as session:\n"
        "    session.run(merged)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [*pythons.with_tensorflow(), "-c", program, str(tmp_path)],
        env=environment,
        capture_output=True,
        check=True,
    )
    assert_same_histogram(histograms(tmp_path)[0], tf_histogram([1.0, 3.0]))


def test_average_loss_in_train_is_that_of_losses() -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        loss_summaries(LOSSES, WEIGHTS, mode=ModeKeys.TRAIN)
        summary, expected = session.run(
            [tf1.summary.merge_all(), weighted_losses.average_loss(LOSSES, WEIGHTS)]
        )
    assert tf1.Summary.FromString(summary).value[1].simple_value == expected

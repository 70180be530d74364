"""Sessions: the only module that builds them, and the scaffolds and savers they need.

Everything stands on TensorFlow's public MonitoredSession, hooks and Scaffold. What is ours is the
wiring that `tf.estimator` did around them, and a cache of compiled `run` calls.
"""

import os
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

logging = tf1.logging

_CACHED_CALLS = 32

_RESTORE_ERRORS = (
    tf.errors.DataLossError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
)


def _fetch_key(fetches: Any) -> Any:
    """Identifies a structure of fetches; tensors by identity, since their `==` builds an op."""
    if isinstance(fetches, dict):
        return (
            dict,
            *((n if isinstance(n, str) else id(n), _fetch_key(f)) for n, f in fetches.items()),
        )
    if isinstance(fetches, list | tuple):
        return (type(fetches), *map(_fetch_key, fetches))
    return fetches if isinstance(fetches, str) else id(fetches)


class _CachedRun:
    """A session's `run` that prepares each structure of fetches once.

    `Session.run` analyses its fetches anew at every call, which costs a small model about a third
    of its step. Hooks ask for the same tensors at most steps, so a handful of prepared calls serves
    them all. Feeds, run options and fetches beyond the first few structures go the usual way.
    """

    def __init__(self, session: Any) -> None:
        self._run = session.run
        self._make_callable = session.make_callable
        # The fetches are kept beside their call: an identity is only good while its object lives.
        self._calls: dict[Any, tuple[Any, Callable[[], Any]]] = {}

    def __call__(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        if feed_dict or (options is not None and options.ByteSize()):
            return self._run(fetches, feed_dict, options, run_metadata)
        key = _fetch_key(fetches)
        cached = self._calls.get(key)
        if cached is None:
            if len(self._calls) >= _CACHED_CALLS:
                return self._run(fetches, feed_dict, options, run_metadata)
            cached = self._calls[key] = (fetches, self._make_callable(fetches))
        return cached[1]()


class _SessionCreator(tf1.train.SessionCreator):
    """Creates sessions with a cached `run`, and explains a checkpoint that cannot be restored."""

    def __init__(self, creator: Any, checkpoint: str | None) -> None:
        self._creator = creator
        self._checkpoint = checkpoint

    def create_session(self) -> Any:
        try:
            session = self._creator.create_session()
        except _RESTORE_ERRORS as error:
            if not self._checkpoint:
                raise
            raise _restore_error(error, self._checkpoint) from error
        session.run = _CachedRun(session)
        return session


def _restore_error(error: Any, checkpoint: str) -> Exception:
    """Explains why a checkpoint could not be restored, and what else there is."""
    state = tf.train.get_checkpoint_state(os.path.dirname(checkpoint))
    others = [
        path
        for path in (state.all_model_checkpoint_paths if state else ())
        if path != checkpoint and tf1.train.checkpoint_exists(path)
    ]
    advice = (
        f"older checkpoints are there: {', '.join(others)}; name one in the first line of "
        f"{os.path.join(os.path.dirname(checkpoint), 'checkpoint')}, or pass it as "
        "`checkpoint_path` to evaluate or predict"
        if others
        else "there is no older one; restore it from a backup or train in an empty model_dir"
    )
    kind = tf.errors.DataLossError if isinstance(error, tf.errors.OutOfRangeError) else type(error)
    return kind(
        error.node_def,
        error.op,
        f"The checkpoint {checkpoint} could not be restored into this graph: it is incomplete or "
        "damaged, or its variables are not the model's; expected a whole checkpoint with the "
        f"model_fn's variable names and shapes; {advice}. TensorFlow says: {error.message}",
    )


def _latest(checkpoint_dir: str) -> str | None:
    """Names the checkpoint that a session restores, whether or not its files are whole."""
    state = tf.train.get_checkpoint_state(checkpoint_dir)
    return state.model_checkpoint_path if state and state.model_checkpoint_path else None


def create_global_step_read() -> None:
    """Creates the graph's cached read of the global step, at this place of the graph.

    `minimize` and the hooks look for that read and would create it later; the original Estimator
    had it made before the model. A hook's `begin` is the public way to it.
    """
    tf1.train.StopAtStepHook(num_steps=1).begin()


def train(
    *,
    train_op: Any,
    loss: Any,
    scaffold: Any,
    config: Any,
    hooks: Sequence[Any],
    chief_hooks: Sequence[Any],
    save_summary_steps: int | None,
    log_step_count_steps: int | None,
) -> Any:
    """Runs `train_op` until the input or a hook ends it, from `model_dir`'s latest checkpoint.

    The hooks and their order are those of `tf.compat.v1.train.MonitoredTrainingSession`: the
    chief's, its step counter, its summary writer, then everybody's.

    Args:
      config: The RunConfig.
      save_summary_steps, log_step_count_steps: Global steps; None or 0 for never.

    Returns:
      The loss of the last step, or None if there was none.
    """
    if config.is_chief:
        every = list(chief_hooks)
        if log_step_count_steps:
            every.append(
                tf1.train.StepCounterHook(
                    output_dir=config.model_dir, every_n_steps=log_step_count_steps
                )
            )
        if save_summary_steps:
            every.append(
                tf1.train.SummarySaverHook(
                    scaffold=scaffold, save_steps=save_summary_steps, output_dir=config.model_dir
                )
            )
        creator = tf1.train.ChiefSessionCreator(
            scaffold=scaffold,
            master=config.master,
            config=config.session_config,
            checkpoint_dir=config.model_dir,
        )
        checkpoint = _latest(config.model_dir)
    else:
        every = []
        creator = tf1.train.WorkerSessionCreator(
            scaffold=scaffold,
            master=config.master,
            config=config.session_config,
            max_wait_secs=config.session_creation_timeout_secs,
        )
        checkpoint = None
    fetches = [train_op, loss]
    last_loss = None
    with tf1.train.MonitoredSession(
        _SessionCreator(creator, checkpoint), [*every, *hooks]
    ) as session:
        while not session.should_stop():
            last_loss = session.run(fetches)[1]
    if last_loss is None:
        logging.warn(
            "Training with estimator made no steps. Perhaps input is empty or misspecified."
        )
    return last_loss


def _restoring_session(
    checkpoint_path: str | None, scaffold: Any, master: str, config: Any, hooks: Sequence[Any]
) -> Any:
    creator = tf1.train.ChiefSessionCreator(
        scaffold=scaffold,
        master=master,
        config=config.session_config,
        checkpoint_filename_with_path=checkpoint_path,
    )
    return tf1.train.MonitoredSession(_SessionCreator(creator, checkpoint_path), list(hooks))


def default_saver(config: Any) -> Any:
    """Builds the saver of a run whose Scaffold brings none: sharded, relative, name-based."""
    return tf1.train.Saver(
        sharded=True,
        max_to_keep=config.keep_checkpoint_max,
        keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
        defer_build=True,
        save_relative_paths=True,
    )


def with_metric_initializers(scaffold: Any) -> Any:
    """Makes a Scaffold with its own local_init_op initialize the metrics' variables too."""
    if not scaffold.local_init_op:
        return scaffold
    _eval_step()
    local_init_op = tf.group(scaffold.local_init_op, tf1.train.Scaffold.default_local_init_op())
    return tf1.train.Scaffold(local_init_op=local_init_op, copy_from_scaffold=scaffold)


def _eval_step() -> Any:
    """Gets or creates the local variable that counts evaluated batches."""
    existing = tf1.get_collection(tf1.GraphKeys.EVAL_STEP)
    if existing:
        return existing[0]
    return tf1.get_variable(
        "eval_step",
        shape=[],
        dtype=tf.int64,
        initializer=tf1.zeros_initializer(),
        trainable=False,
        collections=[tf1.GraphKeys.LOCAL_VARIABLES, tf1.GraphKeys.EVAL_STEP],
    )


class StopAfterBatchesHook(tf1.train.SessionRunHook):
    """Ends an evaluation after a number of batches, and logs how far it is.

    Args:
      batches: How many batches are evaluated, at least 1.
    """

    def __init__(self, batches: int) -> None:
        self._batches = batches
        self._log_every = 1 if batches < 20 else batches // 10
        self.evaluated: Any = None

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self.evaluated)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        done = run_values.results
        if done % self._log_every == 0 or done == self._batches:
            logging.info("Evaluation [%d/%d]", done, self._batches)
        if done >= self._batches:
            run_context.request_stop()


def evaluate(
    *,
    checkpoint_path: str | None,
    scaffold: Any,
    config: Any,
    update_op: Any,
    values: dict[str, Any],
    hooks: Sequence[Any],
) -> dict[str, Any]:
    """Runs `update_op` until the input or a hook ends it, then reads the metrics' values once.

    Args:
      checkpoint_path: What is restored; None evaluates freshly initialized variables.
      config: The RunConfig.
      update_op: The op that adds one batch to every metric.
      values: Metric name to its value Tensor.
    """
    step = _eval_step()
    count_batch = tf1.assign_add(step, 1, use_locking=True)
    with tf.control_dependencies([update_op, count_batch]):
        evaluated = tf.identity(step.read_value())
    for hook in hooks:
        if isinstance(hook, StopAfterBatchesHook):
            hook.evaluated = evaluated
    final = tf1.train.FinalOpsHook(values)
    logging.info("Starting evaluation at %s", time.strftime("%Y-%m-%dT%H:%M:%S"))
    start = time.monotonic()
    with _restoring_session(
        checkpoint_path, scaffold, config.evaluation_master, config, [*hooks, final]
    ) as session:
        while not session.should_stop():
            session.run([update_op, count_batch])
    logging.info("Inference Time : %0.5fs", time.monotonic() - start)
    logging.info("Finished evaluation at %s", time.strftime("%Y-%m-%d-%H:%M:%S"))
    return final.final_ops_values


def predict(
    *,
    checkpoint_path: str | None,
    scaffold: Any,
    config: Any,
    predictions: Any,
    hooks: Sequence[Any],
) -> Generator[Any, None, None]:
    """Yields the predictions of one batch after another until the input or a hook ends them."""
    with _restoring_session(checkpoint_path, scaffold, config.master, config, hooks) as session:
        while not session.should_stop():
            yield session.run(predictions)

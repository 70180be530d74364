"""Sessions: the only module that builds them, and the scaffolds and savers they need.

Everything stands on TensorFlow's public MonitoredSession, hooks and Scaffold. What is ours is the
wiring that `tf.estimator` did around them, and a cache of compiled `run` calls.
"""

import operator
import re
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import storage

logging = tf1.logging

_CACHED_CALLS = 32
_NESTED = (dict, list, tuple)
_UNWRITTEN = (
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
    tf.errors.PermissionDeniedError,
    tf.errors.ResourceExhaustedError,
)
_FAILED_NODE = re.compile(r"\{\{node (\S+?)\}\}")


def _fetch_key(fetches: Any) -> tuple[Any, ...]:
    """Identifies a structure of fetches; tensors by identity, since their `==` builds an op.

    It is made at every step, so it is one flat tuple: what opens a nested structure, its length,
    and then its parts.
    """
    parts: list[Any] = []
    _add_key(fetches, parts.append)
    return tuple(parts)


def _add_key(fetches: Any, add: Callable[[Any], None]) -> None:
    if isinstance(fetches, dict):
        if type(fetches) is not dict:
            add(type(fetches))
        add(len(fetches))
        for name, fetch in fetches.items():
            add(name if type(name) is str else id(name))
            if isinstance(fetch, _NESTED):
                _add_key(fetch, add)
            else:
                add(fetch if type(fetch) is str else id(fetch))
    elif isinstance(fetches, list | tuple):
        add(type(fetches))
        add(len(fetches))
        for fetch in fetches:
            _add_key(fetch, add)
    else:
        add(fetches if type(fetches) is str else id(fetches))


def _builder(fetches: Any, leaves: list[Any]) -> Callable[[Any], Any]:
    """Builds the structure of `fetches` from the values of its leaves, each fetched once.

    Args:
      fetches: Nested dicts, lists and tuples; anything else, and a subclass of these, is a leaf.
      leaves: The leaves so far, to which new ones are added.
    """
    kind = type(fetches)
    if kind is dict:
        named = [(name, _builder(fetch, leaves)) for name, fetch in fetches.items()]
        return lambda values: {name: build(values) for name, build in named}
    if kind is list or kind is tuple:
        builds = [_builder(fetch, leaves) for fetch in fetches]
        return lambda values: kind([build(values) for build in builds])
    for position, leaf in enumerate(leaves):
        if leaf is fetches:
            return operator.itemgetter(position)
    leaves.append(fetches)
    return operator.itemgetter(len(leaves) - 1)


class _CachedRun:
    """A session's `run` that prepares each structure of fetches once.

    `Session.run` analyses its fetches anew at every call, which costs a small model about a third
    of its step. Hooks ask for the same tensors at most steps, so a handful of prepared calls serves
    them all. Feeds, run options and fetches beyond the first few structures go the usual way.
    """

    def __init__(self, session: Any) -> None:
        self._graph = session.graph
        self._run = session.run
        self._make_callable = session.make_callable
        # The fetches are kept beside their call, and so are their leaves, since a dict may change:
        # an identity is only good while its object lives.
        self._calls: dict[Any, tuple[Any, Callable[[], Any], Callable[[Any], Any]]] = {}

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
            leaves: list[Any] = []
            build = _builder(fetches, leaves)
            kept = (fetches, leaves)
            cached = self._calls[key] = (kept, self._make_callable(leaves), build)
        try:
            return cached[2](cached[1]())
        except tf.errors.OpError as error:
            raise _located(error, self._graph).with_traceback(error.__traceback__) from None


def _located(error: Any, graph: Any) -> Any:
    """Gives an error the op that failed, so that its text has the lines that made the op.

    `Session.run` does so; a prepared call knows the op's name only, from the message.
    """
    found = _FAILED_NODE.search(error.message)
    try:
        op = graph.get_operation_by_name(found.group(1) if found else "")
    except (KeyError, ValueError):  # the message names none, or one of a rewritten graph
        return error
    return type(error)(op.node_def, op, error.message)


class _SessionCreator(tf1.train.SessionCreator):
    """Creates sessions with a cached `run`, and explains a checkpoint that cannot be restored."""

    def __init__(self, creator: Any, scaffold: Any, checkpoint: str | None) -> None:
        self._creator = creator
        self._scaffold = scaffold
        self._checkpoint = checkpoint

    def create_session(self) -> Any:
        try:
            session = self._creator.create_session()
        except tf.errors.OpError as error:
            if not self._checkpoint or not _is_of_saver(error.op, self._scaffold.saver):
                raise
            raise _restore_error(error, self._checkpoint) from error
        session.run = _CachedRun(session)
        return session


def _is_of_saver(op: Any, saver: Any) -> bool:
    """Tells whether an op restores variables; a session's creation runs initializers as well."""
    saver_def = getattr(saver, "saver_def", None)
    scope = saver_def.restore_op_name.rpartition("/")[0] if saver_def else ""
    return bool(scope) and op is not None and op.name.startswith(scope + "/")


def _restore_error(error: Any, checkpoint: str) -> Exception:
    """Explains why a checkpoint could not be restored, and what else there is."""
    kind = tf.errors.DataLossError if isinstance(error, tf.errors.OutOfRangeError) else type(error)
    return kind(
        error.node_def,
        error.op,
        f"The checkpoint {checkpoint} could not be restored into this graph: it is incomplete or "
        "damaged, or its variables are not the model's; expected a whole checkpoint with the "
        f"model_fn's variable names and shapes; {storage.advice(checkpoint)}. TensorFlow says: "
        f"{error.message}",
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
        _SessionCreator(creator, scaffold, checkpoint), [*every, *hooks]
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
    return tf1.train.MonitoredSession(
        _SessionCreator(creator, scaffold, checkpoint_path), list(hooks)
    )


class _Saver(tf1.train.Saver):
    """A Saver that says what to do where a checkpoint cannot be written.

    A session takes an OutOfRangeError, which a file beyond its size limit causes, for the end of
    its input: training would end there without a word.
    """

    def save(self, sess: Any, save_path: str, *args: Any, **kwargs: Any) -> str:
        try:
            return super().save(sess, save_path, *args, **kwargs)
        except _UNWRITTEN as error:
            last = (self.last_checkpoints or ["the beginning"])[-1]
            raise OSError(
                f"A checkpoint could not be written to {save_path}; expected space and permission "
                "for it; free some or choose another model_dir, and train again: it goes on from "
                f"{last}. TensorFlow says: {error.message}"
            ) from error


def default_saver(config: Any) -> Any:
    """Builds the saver of a run whose Scaffold brings none: sharded, relative, name-based."""
    return _Saver(
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


def load_saved_model(
    export_dir: str, tags: Sequence[str], graph: Any = None, config: Any = None
) -> tuple[Any, Any]:
    """Loads a SavedModel into a graph, a new one where it is None.

    Returns:
      The session, open, and the MetaGraphDef of the tags.
    """
    graph = graph or tf1.Graph()
    with graph.as_default():
        session = tf1.Session(config=config)
        return session, tf1.saved_model.load(session, list(tags), export_dir)

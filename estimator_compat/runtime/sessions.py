"""Sessions: the only module that builds them, and the scaffolds and savers they need.

Everything stands on TensorFlow's public MonitoredSession, hooks and Scaffold. What is ours is the
wiring that `tf.estimator` did around them; `prepared_calls` makes a step cheaper.
"""

import time
from collections.abc import Generator, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.runtime import checkpoint_files, evaluation, training_hooks
from estimator_compat.runtime.cached_run import PreparedRun

logging = tf1.logging


class _SessionCreator(tf1.train.SessionCreator):
    """Creates sessions with a prepared `run`, and explains a checkpoint that cannot be restored."""

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
        except RuntimeError as error:
            # A Saver that finds no names looks for objects, in a graph that is finished.
            if not self._checkpoint or not checkpoint_files.is_of_objects(self._checkpoint):
                raise
            raise ValueError(
                f"The checkpoint {self._checkpoint} is one of tf.train.Checkpoint, which knows "
                "variables by objects; expected an Estimator's, which knows them by their names; "
                "write one with a hosted loop's `save_legacy`, or with: migrate checkpoint"
            ) from error
        session.run = PreparedRun(session)
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
        f"model_fn's variable names and shapes; {checkpoint_files.advice(checkpoint)}. "
        f"TensorFlow says: {error.message}",
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
        except checkpoint_files.UNWRITTEN as error:
            last = (self.last_checkpoints or ["the beginning"])[-1]
            then = f"train again: it goes on from {last}"
            raise checkpoint_files.unwritten(
                error, "A checkpoint", save_path, instead="model_dir", then=then
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


def initialized_by(scaffold: Any, op: Any, feed: dict[Any, Any]) -> Any:
    """Makes a copy of a Scaffold that runs `op` with `feed` once the variables are initialized."""
    return tf1.train.Scaffold(
        init_fn=lambda _, session: session.run(op, feed_dict=feed), copy_from_scaffold=scaffold
    )


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
        self._evaluated: Any = None

    def attach_evaluation(self, evaluated: Any, eval_dir: str) -> None:
        self._evaluated = evaluated

    def before_run(self, run_context: Any) -> Any:
        return tf1.train.SessionRunArgs(self._evaluated)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        done = run_values.results
        if done % self._log_every == 0 or done == self._batches:
            logging.info("Evaluation [%d/%d]", done, self._batches)
        if done >= self._batches:
            run_context.request_stop()


def stopping_after(steps: int | None) -> list[Any]:
    """The hook that ends an evaluation after so many batches, if any.

    Raises:
      ValueError: Not a positive number.
    """
    training_hooks.check_positive("steps", steps)
    return [] if steps is None else [StopAfterBatchesHook(steps)]


def evaluate(
    graph: evaluation.Graph, *, checkpoint_path: str | None, config: Any, eval_dir: str
) -> dict[str, Any]:
    """Updates the metrics until the input or a hook ends it, then reads their values once.

    Args:
      checkpoint_path: What is restored; None evaluates freshly initialized variables.
      config: The RunConfig.
      eval_dir: The folder of the evaluation's event files.
    """
    step = _eval_step()
    count_batch = tf1.assign_add(step, 1, use_locking=True)
    with tf.control_dependencies([graph.update_op, count_batch]):
        evaluated = tf.identity(step.read_value())
    for hook in graph.hooks:
        if isinstance(hook, evaluation.EvaluationHook):
            hook.attach_evaluation(evaluated, eval_dir)
    final = tf1.train.FinalOpsHook(graph.values)
    logging.info("Starting evaluation at %s", time.strftime("%Y-%m-%dT%H:%M:%S"))
    start = time.monotonic()
    with _restoring_session(
        checkpoint_path, graph.scaffold, config.evaluation_master, config, [*graph.hooks, final]
    ) as session:
        while not session.should_stop():
            session.run([graph.update_op, count_batch])
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


def values_of(tensors: Sequence[Any]) -> list[Any]:
    """Computes tensors of the default graph, which has no variables."""
    with tf1.Session() as session:
        return list(session.run(list(tensors)))


def batches(
    fetches: Any,
    *,
    scaffold: Any,
    hooks: Sequence[Any],
    config: Any,
    checkpoint: str | None,
    limit: int,
) -> Generator[Any, None, None]:
    """Yields the fetches' values for each batch of the default graph's input, at most `limit`.

    Variables have the values of `checkpoint`, or their initial ones where that is None.
    """
    with _restoring_session(checkpoint, scaffold, config.master, config, hooks) as session:
        for _ in range(limit):
            if session.should_stop():
                return
            yield session.run(fetches)


def save_graph(
    builder: Any,
    *,
    scaffold: Any,
    train_op: Any,
    checkpoint_path: str,
    config: Any,
    with_variables: bool,
    **meta_graph: Any,
) -> None:
    """Adds the default graph to a SavedModel, with the checkpoint's variables or without.

    Args:
      builder: A `tf.compat.v1.saved_model.Builder`.
      train_op: The op that a TRAIN graph names for its importer, or None.
      config: The RunConfig.
      **meta_graph: Tags, signatures and the rest, as `add_meta_graph` takes them.

    Raises:
      ValueError: The checkpoint lacks a variable of the graph.
    """
    saver = scaffold.saver or tf1.train.Saver(sharded=True)
    local_init_op = scaffold.local_init_op
    if local_init_op is None:
        local_init_op = tf1.train.Scaffold.default_local_init_op()
    if train_op is not None:
        tf1.add_to_collection("saved_model_train_op", train_op)
    meta_graph = {
        "assets_collection": tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS),
        "main_op": local_init_op,
        "saver": saver,
        **meta_graph,
    }
    with tf1.Session(config=config.session_config) as session:
        try:
            saver.restore(session, checkpoint_path)
        except tf.errors.NotFoundError as error:
            raise ValueError(
                "Could not load all requested variables from checkpoint. "
                f"{checkpoint_path} lacks some of the exported graph's; expected those that the "
                "model_fn makes in this mode to be saved in TRAIN too; make them the same. "
                f"TensorFlow says: {error.message}"
            ) from error
        if with_variables:
            builder.add_meta_graph_and_variables(session, **meta_graph)
        else:
            builder.add_meta_graph(**meta_graph)


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

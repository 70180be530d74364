"""Builds every session, and the scaffolds and savers that sessions need.

No other module builds a session. This one uses TensorFlow's public MonitoredSession, hooks and
Scaffold, and connects them as `tf.estimator` did. `cached_run` makes a `Session.run` cheaper.
"""

import time
from collections.abc import Generator, Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat import private_tensorflow
from estimator_compat.runtime import checkpoint_files, evaluation, restore_errors
from estimator_compat.runtime.cached_run import PreparedRun
from estimator_compat.type_aliases import Graph, Hook, Nest, Operation, Session, Tensor, Variable

logging = tf1.logging


class _SessionCreator(tf1.train.SessionCreator):
    """Creates sessions whose `run` is a `PreparedRun`.

    Args:
      creator: TensorFlow's session creator, which does the work.
      scaffold: The Scaffold, whose saver restores the checkpoint.
      checkpoint: Path of the checkpoint that is restored, or None.
    """

    def __init__(self, creator: Any, scaffold: Any, checkpoint: str | None) -> None:
        self._creator = creator
        self._scaffold = scaffold
        self._checkpoint = checkpoint

    def create_session(self) -> Session:
        """Creates a session, and explains why a checkpoint cannot be restored."""
        try:
            session = self._creator.create_session()
        except tf.errors.OpError as error:
            saver = self._scaffold.saver
            if not self._checkpoint or not restore_errors.is_restore_op(error.op, saver):
                raise
            raise restore_errors.restore_error(error, self._checkpoint) from error
        except RuntimeError as error:
            # If variable names are missing, a Saver tries to restore objects. That adds ops to the
            # graph, which is finalized: hence the RuntimeError.
            if not self._checkpoint or not checkpoint_files.is_object_based(self._checkpoint):
                raise
            raise restore_errors.object_based_error(self._checkpoint) from error
        session.run = PreparedRun(session)
        return session


def _latest(checkpoint_dir: str) -> str | None:
    """Returns the path of the checkpoint that a session restores, even if its files are damaged."""
    state = tf.train.get_checkpoint_state(checkpoint_dir)
    return state.model_checkpoint_path if state and state.model_checkpoint_path else None


def create_global_step_read() -> None:
    """Creates the graph's cached read of the global step.

    `minimize` and the hooks use this read, and create it if it is missing. The original Estimator
    created it before the model. `StopAtStepHook.begin` is the public function that creates it.
    """
    tf1.train.StopAtStepHook(num_steps=1).begin()


def train(
    *,
    train_op: Operation,
    loss: Tensor,
    scaffold: Any,
    config: Any,
    hooks: Sequence[Hook],
    chief_hooks: Sequence[Hook],
    save_summary_steps: int | None,
    log_step_count_steps: int | None,
) -> Any:
    """Runs `train_op` until the input ends or a hook stops it.

    Training starts from the latest checkpoint of `config.model_dir`. The hooks run in the order of
    `tf.compat.v1.train.MonitoredTrainingSession`: the chief's hooks, its step counter, its summary
    writer, and then the hooks of every worker.

    Args:
      train_op: The op that makes a training step.
      loss: The scalar loss.
      scaffold: The model_fn's Scaffold.
      config: The RunConfig.
      hooks: Hooks of every worker.
      chief_hooks: Hooks of the chief only.
      save_summary_steps: Global steps between summaries; None or 0 for no summaries.
      log_step_count_steps: Global steps between reports of the speed; None or 0 for no reports.

    Returns:
      The loss of the last step, or None if no step was made.
    """
    if config.is_chief:
        first_hooks = list(chief_hooks)
        if log_step_count_steps:
            first_hooks.append(
                tf1.train.StepCounterHook(
                    output_dir=config.model_dir, every_n_steps=log_step_count_steps
                )
            )
        if save_summary_steps:
            first_hooks.append(
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
        first_hooks = []
        creator = tf1.train.WorkerSessionCreator(
            scaffold=scaffold,
            master=config.master,
            config=config.session_config,
            max_wait_secs=config.session_creation_timeout_secs,
        )
        checkpoint = None
    session = tf1.train.MonitoredSession(
        _SessionCreator(creator, scaffold, checkpoint), [*first_hooks, *hooks]
    )
    return _last_loss(session, [train_op, loss])


def train_coordinated(
    *, train_op: Operation, loss: Tensor, config: Any, **session_arguments: Any
) -> Any:
    """Runs `train_op` in a session that follows the strategy of the Distribute Coordinator.

    `MonitoredTrainingSession` knows which worker of the strategy initializes the variables, and
    lets all of them save checkpoints and summaries, the chief only to `config.model_dir`.

    Args:
      train_op: The op that makes a training step.
      loss: The scalar loss.
      config: The RunConfig of this process's task.
      **session_arguments: Arguments of `MonitoredTrainingSession` for hooks and intervals.

    Returns:
      The loss of the last step, or None if no step was made.
    """
    session = tf1.train.MonitoredTrainingSession(
        master=config.master,
        is_chief=config.is_chief,
        checkpoint_dir=config.model_dir,
        config=config.session_config,
        max_wait_secs=config.session_creation_timeout_secs,
        save_graph_def=config.checkpoint_save_graph_def,
        **session_arguments,
    )
    return _last_loss(session, [train_op, loss])


def _last_loss(session: Session, fetches: list[Any]) -> Any:
    """Makes steps until the session stops, and closes it; returns the last loss, or None.

    The session, as a context, ends the steps where the input ends.
    """
    last_loss = None
    with session:
        while not session.should_stop():
            last_loss = session.run(fetches)[1]
    if last_loss is None:
        logging.warning(
            "Training with estimator made no steps. Perhaps input is empty or misspecified."
        )
    return last_loss


def _restoring_session(
    checkpoint_path: str | None, scaffold: Any, master: str, config: Any, hooks: Sequence[Hook]
) -> Session:
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
    """A Saver that says what to do if a checkpoint cannot be written.

    A file beyond its size limit causes an OutOfRangeError. A session understands this error as the
    end of the input: training would end without a message.
    """

    def save(self, sess: Session, save_path: str, *args: Any, **kwargs: Any) -> Any:
        """Saves a checkpoint; raises an OSError if it cannot be written."""
        try:
            return super().save(sess, save_path, *args, **kwargs)
        except checkpoint_files.WRITE_ERRORS as error:
            last = (self.last_checkpoints or ["the beginning"])[-1]
            then = f"train again: it goes on from {last}"
            raise checkpoint_files.write_error(
                error, "A checkpoint", save_path, instead="model_dir", then=then
            ) from error


def default_saver(config: Any) -> Any:
    """Builds the saver for a Scaffold without one: sharded, name-based, with relative paths."""
    return _Saver(
        sharded=True,
        max_to_keep=config.keep_checkpoint_max,
        keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
        defer_build=True,
        save_relative_paths=True,
    )


def object_saver(checkpoint: tf.train.Checkpoint) -> Any:
    """Builds the Saver of a Scaffold's `tf.train.Checkpoint` in the default graph.

    Only `Scaffold.finalize` builds it, and finalizes the graph, which may not be complete yet.
    """
    nothing = tf.constant([], tf.string)
    scaffold = tf1.train.Scaffold(
        saver=checkpoint,
        init_op=tf.no_op(),
        local_init_op=tf.no_op(),
        ready_op=nothing,
        ready_for_local_init_op=nothing,
        summary_op=nothing,
    )
    scaffold.finalize()
    private_tensorflow.reopen(tf1.get_default_graph())
    return scaffold.saver


def with_metric_initializers(scaffold: Any) -> Any:
    """Returns a Scaffold that initializes the metrics' variables.

    TensorFlow's default `local_init_op` initializes them. If the Scaffold has another
    `local_init_op`, the result runs both.
    """
    if not scaffold.local_init_op:
        return scaffold
    _eval_step()
    local_init_op = tf.group(scaffold.local_init_op, tf1.train.Scaffold.default_local_init_op())
    return tf1.train.Scaffold(local_init_op=local_init_op, copy_from_scaffold=scaffold)


def initialized_by(scaffold: Any, op: Operation, feed: dict[Tensor, Any]) -> Any:
    """Copies a Scaffold, and lets the copy run `op` with `feed` after its init_op."""
    return tf1.train.Scaffold(
        init_fn=lambda _, session: session.run(op, feed_dict=feed), copy_from_scaffold=scaffold
    )


def _eval_step() -> Variable:
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


def counted_batches(update_op: Operation) -> tuple[Operation, Tensor]:
    """Returns the op that counts an evaluated batch, and the count after the batch.

    Args:
      update_op: Adds a batch to the metrics.
    """
    step = _eval_step()
    count_batch = tf1.assign_add(step, 1, use_locking=True)
    with tf.control_dependencies([update_op, count_batch]):
        return count_batch, tf.identity(step.read_value())


def evaluate(
    graph: evaluation.Graph, *, checkpoint_path: str | None, config: Any, eval_dir: str
) -> dict[str, Any]:
    """Updates the metrics until the input ends or a hook stops it, then reads their values.

    Args:
      graph: The evaluation graph; it is the default graph.
      checkpoint_path: The checkpoint to restore; None evaluates freshly initialized variables.
      config: The RunConfig.
      eval_dir: The folder of the evaluation's event files.
    """
    count_batch, evaluated = counted_batches(graph.update_op)
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
    values: dict[str, Any] = final.final_ops_values
    return values


def predict(
    *,
    checkpoint_path: str | None,
    scaffold: Any,
    config: Any,
    predictions: Nest,
    hooks: Sequence[Hook],
) -> Generator[Any, None, None]:
    """Yields the predictions for each batch until the input ends or a hook stops it."""
    with _restoring_session(checkpoint_path, scaffold, config.master, config, hooks) as session:
        while not session.should_stop():
            yield session.run(predictions)


def values_of(tensors: Sequence[Tensor]) -> list[Any]:
    """Computes tensors of the default graph, which must not depend on variables."""
    with tf1.Session() as session:
        return list(session.run(list(tensors)))


def batches(
    fetches: Nest,
    *,
    scaffold: Any,
    hooks: Sequence[Hook],
    config: Any,
    checkpoint: str | None,
    limit: int,
) -> Generator[Any, None, None]:
    """Yields the values of `fetches` for each of the first `limit` batches of the default graph.

    Variables have the values of `checkpoint`, or their initial values if it is None.
    """
    with restored(scaffold=scaffold, hooks=hooks, config=config, checkpoint=checkpoint) as session:
        for _ in range(limit):
            if session.should_stop():
                return
            yield session.run(fetches)


def restored(
    *, scaffold: Any, hooks: Sequence[Hook], config: Any, checkpoint: str | None
) -> Session:
    """Returns a session of the default graph, as a context.

    Variables have the values of `checkpoint`, or their initial values if it is None.
    """
    return _restoring_session(checkpoint, scaffold, config.master, config, hooks)


def plain(config: Any) -> Session:
    """Returns a session of the default graph that initializes and restores nothing, as a context.

    Args:
      config: The RunConfig.
    """
    return tf1.Session(config=config.session_config)


def sharded_saver(var_list: Any = None) -> Any:
    """Returns a Saver that writes a file for each device.

    Args:
      var_list: What it saves; None for all variables of the default graph, by name.
    """
    return tf1.train.Saver(var_list=var_list, sharded=True)


def scaffold_saving(saveables: Any) -> Any:
    """Returns a Scaffold that saves and restores these objects; each has the key that it names."""
    return tf1.train.Scaffold(saver=sharded_saver(saveables))


def save_variables(session: Session, path: str) -> None:
    """Saves all variables of the default graph by name, and names the checkpoint the latest."""
    tf1.train.Saver().save(session, path)


def load_saved_model(
    export_dir: str, tags: Sequence[str], graph: Graph | None = None, config: Any = None
) -> tuple[Session, Any]:
    """Loads a SavedModel into a graph.

    Args:
      export_dir: Folder of the SavedModel.
      tags: Tags of the MetaGraphDef to load.
      graph: The graph; None for a new one.
      config: The session's ConfigProto, or None.

    Returns:
      The session, which the caller closes, and the MetaGraphDef.
    """
    graph = graph or tf1.Graph()
    with graph.as_default():
        session = tf1.Session(config=config)
        return session, tf1.saved_model.load(session, list(tags), export_dir)

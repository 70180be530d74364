"""`InMemoryEvaluatorHook`: evaluates during training without reading a checkpoint."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from estimator_compat.estimator import Estimator
from estimator_compat.runtime import evaluation, sessions, training_hooks
from estimator_compat.type_aliases import Hook, InputFn, Session


class InMemoryEvaluatorHook(tf1.train.SessionRunHook):
    """Evaluates before training, every `every_n_iter` steps, and at the end of training.

    The evaluation graph is built once. For each evaluation, its variables get the values of the
    training variables of the same names. The hook works in one process only. The model_fn's
    Scaffold must not have a saver or an `init_fn`, and the graph must not have saveable objects
    other than variables.

    Args:
      estimator: The Estimator that is trained.
      input_fn: Returns a Dataset, `(features, labels)`, or features only, as for
        `Estimator.evaluate`.
      steps: Number of batches of an evaluation; None for all.
      hooks: `SessionRunHook`s for the evaluation.
      name: Name of the evaluation, whose event folder is `eval_<name>`; None for `eval`.
      every_n_iter: Steps of this session between two evaluations.

    Raises:
      ValueError: `every_n_iter` is below 1, or TF_CONFIG describes several processes.
    """

    def __init__(
        self,
        estimator: Estimator,
        input_fn: InputFn,
        steps: int | None = None,
        hooks: Sequence[Hook] | None = None,
        name: str | None = None,
        every_n_iter: int = 100,
    ) -> None:
        if every_n_iter is None or every_n_iter <= 0:
            raise ValueError(
                f"invalid every_n_iter={every_n_iter}; expected a positive number of steps; pass "
                "one."
            )
        config = estimator.config
        if config.num_ps_replicas > 0 or config.num_worker_replicas > 1:
            raise ValueError(
                "InMemoryEvaluator supports only single machine (aka Local) setting, given a "
                f"cluster of {config.num_worker_replicas} workers and {config.num_ps_replicas} "
                "parameter servers; use train_and_evaluate with an evaluator there."
            )
        self._estimator = estimator
        self._input_fn = input_fn
        self._eval_dir = estimator.eval_dir(name)
        self._hooks = [*training_hooks.check_hooks(hooks), *evaluation.stopping_after(steps)]
        self._timer = tf1.train.SecondOrStepTimer(every_steps=every_n_iter)

    def begin(self) -> None:
        """Builds the evaluation graph.

        Raises:
          ValueError: The model_fn's Scaffold has a saver or an `init_fn`.
        """
        self._timer.reset()
        self._steps = 0
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._evaluation = self._estimator._evaluation_graph(  # noqa: SLF001
                self._input_fn, self._hooks, checkpoint_path=None
            )
            scaffold = self._evaluation.scaffold
            for name in ("saver", "init_fn"):
                if getattr(scaffold, name) is not None:
                    raise ValueError(
                        f"InMemoryEvaluator does not support custom {name}, and the model_fn's "
                        "Scaffold has one; expected a Scaffold without it; use train_and_evaluate, "
                        "which restores checkpoints."
                    )
            self._eval_variables = {v.name: v for v in tf1.global_variables()}

    def after_create_session(self, session: Session, coord: Any) -> None:
        """Builds the op that assigns the training variables' values, and evaluates.

        Raises:
          ValueError: The training graph has saveable objects other than variables.
        """
        del coord
        if tf1.get_collection(tf1.GraphKeys.SAVEABLE_OBJECTS):
            raise ValueError(
                "InMemoryEvaluator does not support saveables other than global variables, and "
                "the graph has some; use train_and_evaluate, which restores checkpoints."
            )
        self._variables = {
            v.name: v for v in tf1.global_variables() if v.name in self._eval_variables
        }
        with self._graph.as_default():
            self._values = {
                name: tf1.placeholder(self._eval_variables[name].dtype.base_dtype)
                for name in self._variables
            }
            self._transfer = tf.group(
                [tf1.assign(self._eval_variables[n], value) for n, value in self._values.items()]
            )
        self._evaluate(session)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Evaluates if `every_n_iter` steps have passed since the last evaluation."""
        del run_values
        self._steps += 1
        if self._timer.should_trigger_for_step(self._steps):
            self._evaluate(run_context.session)

    def end(self, session: Session) -> None:
        """Evaluates after the last step."""
        self._evaluate(session)

    def _evaluate(self, session: Session) -> None:
        """Copies the variables to the evaluation graph, and evaluates there."""
        values = session.run(self._variables)
        feed = {self._values[name]: value for name, value in values.items()}
        graph = self._evaluation._replace(
            scaffold=sessions.initialized_by(self._evaluation.scaffold, self._transfer, feed)
        )
        with self._graph.as_default():
            self._estimator._run_evaluation(  # noqa: SLF001
                graph, None, self._eval_dir
            )
        self._timer.update_last_triggered_step(self._steps)

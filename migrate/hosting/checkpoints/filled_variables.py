"""Variables of EVAL and PREDICT that training does not fill."""

from collections.abc import Callable, Collection, Mapping

import numpy as np
import tensorflow.compat.v1 as tf1

from estimator_compat import legacy_keras
from estimator_compat.mode_keys import ModeKeys
from migrate.hosting.graph.built_graph import BuiltGraph
from migrate.hosting.graph.variables import Variables


class FilledVariables:
    """Fills the variables that only EVAL or PREDICT has from the restored checkpoint.

    An Estimator restored all variables of such a graph from a checkpoint, and failed if the
    checkpoint had no value for one of them.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()

    def clear(self) -> None:
        """Forgets what was filled."""
        self._names.clear()

    def fill(
        self,
        graph: BuiltGraph,
        trained: Collection[str],
        variables: Variables,
        restored: Callable[[], Mapping[str, np.ndarray]],
    ) -> None:
        """Gives a graph's variables their values.

        Args:
          graph: A graph of EVAL or PREDICT. If the model_fn made its Saver, the Saver restores.
          trained: The names of the variables that training saves.
          variables: The variables by name.
          restored: Returns the values of the checkpoint that was restored, by name.

        Raises:
          ValueError: The checkpoint has no value for a variable; the message names it.
        """
        names = set(graph.saved_variables) - set(trained) - self._names
        if graph.spec.scaffold.saver is not None or not names:
            return
        values = restored()
        missing = sorted(names - set(values))
        if missing:
            raise ValueError(unfilled(graph.mode, missing))
        for name in names:
            variables[name].assign(values[name])
        self._names |= names


def unfilled(mode: str, missing: Collection[str]) -> str:
    """Returns the message for variables that neither training nor a checkpoint filled.

    Args:
      mode: The mode whose graph has them.
      missing: Their names.
    """
    names = ", ".join(sorted(missing))
    return (
        f"mode {mode!r} has variables that neither training nor a checkpoint filled: {names}; "
        f"expected the variables of mode {ModeKeys.TRAIN!r}; build the model alike in all modes, "
        f"with the same names. {legacy_keras.advice_on_names()}".rstrip()
    )


def log_untrained(model_dir: str | None, purpose: str) -> None:
    """Logs that a loop runs with initial values, as an Estimator did."""
    tf1.logging.info(
        "Could not find trained model in model_dir: %s, running initialization to %s.",
        model_dir,
        purpose,
    )

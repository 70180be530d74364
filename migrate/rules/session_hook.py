"""The rule on hooks of sessions."""

import ast
from collections.abc import Iterator

from migrate.findings import Severity
from migrate.rules._ladder import LadderRule
from migrate.rules.base import Example
from migrate.scanning.syntax import SourceModule, api_name

_BASES = frozenset({"train.SessionRunHook", "estimator.SessionRunHook"})
_OF_TENSORFLOW = (
    *("CheckpointSaver", "FeedFn", "FinalOps", "GlobalStepWaiter", "LoggingTensor", "NanTensor"),
    *("Profiler", "StepCounter", "StopAtStep", "SummarySaver"),
)
_PROFILER = "it is refused, since a loop has no trace of a session; use tf.profiler.experimental"


class SessionHook(LadderRule):
    """A hook that runs around the steps of a session.

    Finds:
      Classes that derive from `tf.train.SessionRunHook`, and the first use of each hook of
      `tf.train` and `tf.estimator` in a file.

    Why it matters:
      A hosted loop runs hooks, but one that TensorFlow does not have makes each step a call of
      Python. `ProfilerHook`, and hooks on several replicas, are refused. A translated loop has no
      hooks.

    Rewrite safety:
      There is no edit: what a hook does, is code of the loop.

    References:
      README.md, "Host it in a TF2 custom loop".
    """

    code = "EST208"
    severity = Severity.INFO
    effort = 15
    effort_reason = "To move what the hook does to a place between two steps of the loop."
    examples = (
        Example(
            code=(
                "import tensorflow.compat.v1 as tf\n\n\n"
                "class Hook(tf.train.SessionRunHook):\n"
                "    def after_run(self, context, values):\n"
                "        print(values)\n\n\n"
                "other = tf.train.ProfilerHook(save_steps=10)\n"
            ),
            lines=(4, 9),
            because="each step is a call of Python",
        ),
        Example(code="import tensorflow as tf\n\nhook = tf.keras.callbacks.EarlyStopping()\n"),
    )
    words = ("Hook",)
    names = frozenset(
        f"{package}{name}Hook" for package in ("train.", "estimator.") for name in _OF_TENSORFLOW
    )
    needs = names | _BASES
    run = "as it is"
    host = "runs around the loop's functions, not on several replicas"
    own = "it is left out; call what it does between two steps"

    def uses(self, module: SourceModule) -> Iterator[tuple[ast.expr, str]]:
        """Yields the bases of hooks, and the hooks."""
        for definition in module.nodes(ast.ClassDef):
            for base in definition.bases:
                if api_name(module.symbol(base)) in _BASES:
                    yield base, definition.name
        yield from super().uses(module)

    def message(self, name: str) -> str:
        """Returns the way of a hook."""
        if name not in self.names:
            host = f"{self.host}; each step is a call of Python"
            return f"The hook `{name}`. Run: {self.run}. Host: {host}. Own: {self.own}."
        if name.endswith(".ProfilerHook"):
            return f"`tf.{name}`. Run: {self.run}. Host: {_PROFILER}. Own: {self.own}."
        return super().message(name)

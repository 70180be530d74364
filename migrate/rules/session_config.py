"""The rule on fields of a RunConfig that only sessions have."""

from collections.abc import Iterator

from migrate.findings import Finding, Severity
from migrate.rules.base import Example, Rule
from migrate.scanning.syntax import SourceModule

_CONFIGS = frozenset(
    {
        *("estimator.RunConfig", "estimator.tpu.RunConfig", "contrib.tpu.RunConfig"),
        "contrib.learn.RunConfig",
    }
)


class SessionConfig(Rule):
    """A RunConfig with a configuration of its sessions.

    Finds:
      `session_config=` of a RunConfig.

    Why it matters:
      The Run rung passes it to its sessions. A custom loop has no session: `migrate.host` leaves it
      out, with a warning, so that threads, devices and the growth of a GPU's memory are the
      defaults.

    Rewrite safety:
      There is no edit: `tf.config.threading` and `tf.config.experimental` set the same for the
      whole process.

    References:
      `migrate.host`, `config`.
    """

    code = "EST203"
    severity = Severity.INFO
    effort = 10
    effort_reason = "To set the same with `tf.config`, before TensorFlow starts its devices."
    examples = (
        Example(
            code=(
                "import tensorflow as tf\n\n"
                "config = tf.estimator.RunConfig(session_config=session_config)\n"
            ),
            lines=(3,),
            because="has no session",
        ),
        Example(
            code="import tensorflow as tf\n\nc = tf.estimator.RunConfig(session_config=None)\n",
        ),
    )
    words = ("session_config",)
    needs = _CONFIGS

    def check(self, module: SourceModule) -> Iterator[Finding]:
        """Yields the fields."""
        for call, name in module.calls:
            for keyword in call.keywords if name in _CONFIGS else ():
                is_none = getattr(keyword.value, "value", "") is None
                if keyword.arg == "session_config" and not is_none:
                    message = (
                        "`session_config`. Run: it is passed to the sessions. Host: left out, "
                        "since a loop has no session. Own: set it with `tf.config`."
                    )
                    yield self.finding(module, keyword, message)

"""The rule on files that cannot be parsed."""

from migrate.findings import Severity
from migrate.rules.base import Example, Rule


class UnparsableFile(Rule):
    """A file that mentions TensorFlow and cannot be parsed.

    Finds:
      Files with a syntax error for the Python that runs the scan, and files that are nested more
      deeply than that Python can parse.

    Why it matters:
      What else is in the file is not known.

    Rewrite safety:
      There is no edit.

    References:
      The message is Python's own.
    """

    code = "FILE903"
    severity = Severity.ERROR
    effort = 10
    effort_reason = "To mend the line, or to leave out a file that is a template."
    examples = (
        Example(code="import tensorflow as tf\nloss = = 1\n", lines=(2,), because="invalid syntax"),
        Example(code="import tensorflow as tf\nloss = 1\n"),
    )

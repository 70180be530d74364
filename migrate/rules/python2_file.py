"""The rule on files that are Python 2."""

from migrate.findings import Severity
from migrate.rules.base import Example, Rule


class Python2File(Rule):
    """A file that mentions TensorFlow and is Python 2.

    Finds:
      Files that Python 3 cannot parse, because of a line that Python 2 could: a `print` statement,
      `except Error, name`, backticks and the like.

    Why it matters:
      TensorFlow 2.16 to 2.21 need Python 3.9 or later. What else is in the file is not known before
      it can be parsed.

    Rewrite safety:
      There is no edit: `2to3` makes it. It was part of Python up to 3.12, with `lib2to3`; Python
      3.13 has neither, so run that of an older Python.

    References:
      "What's New In Python 3.13", removed modules.
    """

    code = "FILE902"
    severity = Severity.ERROR
    effort = 30
    effort_reason = "To run 2to3, to read what it changed, and to look for divisions of integers."
    examples = (
        Example(code="import tensorflow as tf\nprint 'loss'\n", lines=(2,), because="`print`"),
        Example(
            code="import tensorflow as tf\ntry:\n  pass\nexcept ValueError, e:\n  pass\n",
            lines=(4,),
            because="`except Error, name`",
        ),
        Example(code="import tensorflow as tf\nprint('loss')\n"),
    )

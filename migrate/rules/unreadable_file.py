"""The rule on files that cannot be read as text."""

from migrate.findings import Severity
from migrate.rules.base import Example, Rule


class UnreadableFile(Rule):
    """A Python file that cannot be read as text.

    Finds:
      Files named as Python that the operating system refuses to open, that hold zero bytes, that
      are not in the encoding that they declare (UTF-8 where they declare none), or that are larger
      than 4 MiB; and folders that the operating system refuses to list.

    Why it matters:
      Nothing is known about what is in the file.

    Rewrite safety:
      There is no edit.

    References:
      PEP 263 says how a file declares its encoding.
    """

    code = "FILE901"
    severity = Severity.ERROR
    effort = 10
    effort_reason = "To find out what the file is, and to leave it out or to declare its encoding."
    examples = (
        Example(code="tf = '\0'\n", lines=(1,), because="zero bytes"),
        Example(code="# coding: latin-1\nimport tensorflow\n"),
        Example(code="# coding: klingon\nimport tensorflow\n", lines=(1,), because="klingon"),
    )

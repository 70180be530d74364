"""The rule on notebooks that cannot be read."""

from migrate.findings import Severity
from migrate.rules.base import Example, Rule


class UnreadableNotebook(Rule):
    """A notebook that cannot be read.

    Finds:
      Files whose names end in .ipynb that are not JSON, or not notebooks of nbformat 4.

    Why it matters:
      Nothing is known about the code in the notebook.

    Rewrite safety:
      There is no edit: `jupyter nbconvert --to notebook --nbformat 4` converts older notebooks.

    References:
      "The Notebook file format" in the documentation of nbformat.
    """

    code = "FILE904"
    severity = Severity.ERROR
    effort = 5
    effort_reason = "To convert the notebook, or to leave it out."
    examples = (
        Example(code="{'cells': []}", lines=(1,), because="is not JSON", path="a.ipynb"),
        Example(
            code='{"nbformat": 3, "worksheets": []}',
            lines=(1,),
            because="`nbformat` is 3",
            path="a.ipynb",
        ),
        Example(code='{"nbformat": 4, "cells": []}', path="a.ipynb"),
    )

"""A console of rich that leaves a closed pipe to the command."""

from typing import NoReturn

from rich.console import Console


class PlainConsole(Console):
    """A `Console` that does not end the process if its reader has left."""

    def on_broken_pipe(self) -> NoReturn:
        """Raises the error. rich itself would end the process with status 1.

        Raises:
          BrokenPipeError: Always.
        """
        raise BrokenPipeError

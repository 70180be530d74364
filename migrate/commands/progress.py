"""Shows the progress of long commands on stderr."""

import sys
import time


class Progress:
    """Writes a message to stderr every few seconds; messages in between are dropped.

    Attributes:
      INTERVAL: Seconds between two messages on a terminal.
      INTERVAL_OF_LOGS: Seconds between two messages elsewhere, such as in a log file.
    """

    INTERVAL = 5.0
    INTERVAL_OF_LOGS = 30.0

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, message: str) -> None:
        """Writes `message`, unless another one was written just before."""
        now = time.monotonic()
        if now - self._last >= (self.INTERVAL if sys.stderr.isatty() else self.INTERVAL_OF_LOGS):
            self._last = now
            print(f"... {message}", file=sys.stderr, flush=True)

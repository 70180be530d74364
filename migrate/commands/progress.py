"""Shows the progress of long commands on stderr."""

import sys
import time


class Progress:
    """Writes a message to stderr every few seconds; messages in between are dropped.

    Attributes:
      INTERVAL: Seconds between two messages.
    """

    INTERVAL = 5.0

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, message: str) -> None:
        """Writes `message`, unless another one was written just before."""
        now = time.monotonic()
        if now - self._last >= self.INTERVAL:
            self._last = now
            print(f"... {message}", file=sys.stderr, flush=True)

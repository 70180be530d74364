"""Progress of long commands, on stderr."""

import sys
import time


class Progress:
    """Writes to stderr what a long command is doing, every few seconds."""

    EVERY = 5.0  # seconds

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, message: str) -> None:
        now = time.monotonic()
        if now - self._last >= self.EVERY:
            self._last = now
            print(f"... {message}", file=sys.stderr, flush=True)

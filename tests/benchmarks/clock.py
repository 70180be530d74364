"""The clock of a worker process: it reports how long a block of steps took."""

from __future__ import annotations

import json
import resource
import time


class Clock:
    """Runs from its creation to its report."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def report(self) -> None:
        """Prints a line of JSON: seconds, and the process's peak resident memory in KiB."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        made = {"steps": self._steps, "wall": wall, "cpu": cpu, "memory": peak}
        print(json.dumps(made), flush=True)

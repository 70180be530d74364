"""`SubjectProcess`: a subject in a Python process of its own, and the calls to it."""

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from estimator_compat import legacy_keras
from migrate.verifying.subject import SubjectReference
from migrate.verifying.subject_calls import messages
from migrate.verifying.subject_calls.greeting import Failure, Greeting

# Seconds between two lines of progress, after which an idle process is ended, and by which a call
# may be late, so that its traceback can be written.
_INTERVAL, _PATIENCE, _GRACE = 5.0, 5.0, 5.0
# The names of a subject's own attributes.
_METHODS = {
    "assign": "variables",
    "declarations": "variables",
    "has_train_steps": "train_steps",
    "initialize": "init_from_checkpoint",
    "read": "variables",
    "step": "train_step",
}
_PROGRAM = str(Path(messages.__file__).with_name("__main__.py"))
_OURS = {"TypeError": TypeError, "ValueError": ValueError}


class SubjectProcess:
    """A process that has made a subject and answers calls to it; a context manager that ends it.

    Args:
      reference: Names the subject.
      progress: Is called with a line of text while a call takes long.

    Raises:
      ValueError: The subject cannot be imported or made.
      TypeError: What was made lacks a method.
      RuntimeError: Making it raised an error, the process ended, or took too long.
    """

    def __init__(self, reference: SubjectReference, progress: Callable[[str], None]) -> None:
        self.name = reference.name
        self._time_limit, self._progress = reference.time_limit, progress
        self._folder = tempfile.TemporaryDirectory()
        self._report = Path(self._folder.name, "traceback")
        self._process = _start(reference, self._report)
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._receive, daemon=True).start()
        try:
            self._wait("while it is made")
        except BaseException:
            self.end(at_once=True)
            raise

    def __enter__(self) -> "SubjectProcess":
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end(at_once=exception is not None)

    def call(self, method: str, *arguments: Any) -> Any:
        """Calls a method of `SubjectCalls` in the process, and returns what it returned.

        Args:
          method: The method's name.
          *arguments: Nests of NumPy arrays, specs, numbers and strings. Where the method takes a
            dataset, its values and its spec.

        Raises:
          TypeError, ValueError: What the subject returned is wrong.
          RuntimeError: The method raised an error, the process ended, or took too long.
        """
        with contextlib.suppress(OSError):  # if the process has ended, there will be no answer
            messages.write(self._process.stdin, (method, list(arguments)))
        return self._wait(f"in `{_METHODS.get(method, method)}`")

    def end(self, *, at_once: bool = False) -> None:
        """Ends the process: as soon as it is idle, or `at_once`."""
        process = self._process
        with contextlib.suppress(OSError):
            process.stdin.close()  # an idle process ends by itself
        if at_once:
            process.kill()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._folder.cleanup()

    def _receive(self) -> None:
        """Puts the answers of the process into the queue, and None after the last."""
        with contextlib.suppress(EOFError, OSError, ValueError):
            while True:
                self._answers.put(messages.read(self._process.stdout))
        self._answers.put(None)

    def _wait(self, where: str) -> Any:
        """Waits for an answer and returns it, or raises what it says.

        Args:
          where: What the subject does, such as "in `train_step`".
        """
        start = time.monotonic()
        while True:
            try:
                answer = self._answers.get(timeout=_INTERVAL)
                break
            except queue.Empty:
                seconds = time.monotonic() - start
                self._progress(f"{self.name}: {seconds:.0f} seconds {where}")
                if seconds > self._time_limit + _GRACE:
                    raise self._late(where) from None
        if answer is None:
            self._answers.put(None)  # there is none for a later call either
            raise self._ended(where)
        kind, value = answer
        if kind == "returned":
            return value
        raise self._raised(where, Failure(*value))

    def _raised(self, where: str, failure: Failure) -> Exception:
        shown = f"\nTraceback of the subject:\n{failure.traceback}" if failure.traceback else ""
        shown = shown.rstrip()
        if failure.is_ours:
            return _OURS.get(failure.type, RuntimeError)(failure.message + shown)
        return RuntimeError(
            f"`subject` ({self.name}) fails {where}: {failure.message.rstrip('.')}; expected no "
            f"error, as in a program of its own; fix it there.{shown}"
        )

    def _late(self, where: str) -> Exception:
        self._process.kill()
        return RuntimeError(
            f"`subject` ({self.name}) spent more than {self._time_limit:g} seconds {where}; "
            "expected each call to end before; see below where it was, or allow more seconds: "
            f"`time_limit` of migrate.SubjectReference, --subject_timeout.{self._reported()}"
        )

    def _ended(self, where: str) -> Exception:
        code = self._process.wait()
        how = f"by the signal {-code}" if code < 0 else f"with the exit status {code}"
        return RuntimeError(
            f"the process of `subject` ({self.name}) ended {how} {where}; expected it to go on "
            f"until the verification ends; see what it wrote to stderr.{self._reported()}"
        )

    def _reported(self) -> str:
        """Returns the traceback that the process left, without the lines of the server."""
        text = self._report.read_text() if self._report.exists() else ""
        folder = os.path.dirname(_PROGRAM)
        lines = [line for line in text.splitlines() if line and folder not in line]
        lines = [line for line in lines if not line.startswith("Extension modules: ")]
        return "\n" + "\n".join(lines) if lines else ""


def _start(reference: SubjectReference, report: Path) -> Any:
    environment = legacy_keras.environment_without_request()
    greeting = Greeting(
        reference=reference.name,
        path=[os.path.abspath(folder) for folder in sys.path],
        flags=list(reference.flags),
        time_limit=reference.time_limit,
        report=str(report),
        is_quiet=environment.get("TF_CPP_MIN_LOG_LEVEL") == "3",
    )
    return subprocess.Popen(
        [sys.executable, _PROGRAM, greeting.to_text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )

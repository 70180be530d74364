"""Runs `migrate ledger`, `verify` and `translate` on targets, each in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from estimator_compat.ledger.json_values import from_json
from estimator_compat.ledger.values import LossLedger
from migrate.reports.report_values import Failure, TargetRun, Translated
from migrate.verifying.verdict import Verdict

Progress = Callable[[str], None]
_LOOP = "loop.py"
_SHOWN_LINES = 12  # of what a command that failed said


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TargetArguments:
    """How to run a target.

    Attributes:
      target: `path/file.py:name` or `module:name`.
      arguments: More arguments of `migrate ledger`, such as `--input_fn=data.py:train`.
      flags: Flags of the target's own code.
      steps: The number of steps to train.
      time_limit: The most seconds that a command may take.
    """

    target: str
    arguments: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    steps: int = 50
    time_limit: float = 1200.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Finished:
    """A process that has ended: its status, and what it wrote to stdout and stderr."""

    status: int
    out: str
    err: str


class _CommandFailed(Exception):
    """A command wrote no JSON; the message is what it said."""


def run(how: TargetArguments, progress: Progress | None = None) -> TargetRun:
    """Runs the three commands on a target, and returns what they have shown.

    A command that fails is a `Failure` of the result.

    Args:
      how: The target.
      progress: Called with a line before each command.
    """
    failures: list[Failure] = []

    def step(command: str, function: Callable[[TargetArguments], Any]) -> Any:
        if progress is not None:
            progress(f"migrate {command} {how.target}")
        try:
            return function(how)
        except (_CommandFailed, ValueError, KeyError, TypeError) as error:
            failures.append(Failure(command=command, reason=_as_reason(error)))
            return None

    ledgers = step("ledger", _ledgers) or ()
    verdict = step("verify", _verdict)
    translated = step("translate", _translated)
    return TargetRun(
        target=how.target,
        ledgers=ledgers,
        verdict=verdict,
        translated=translated,
        failures=tuple(failures),
    )


def _as_reason(error: Exception) -> str:
    if isinstance(error, _CommandFailed):
        return str(error)
    return f"its JSON could not be read: {type(error).__name__}: {error}"


def _ledgers(how: TargetArguments) -> tuple[LossLedger, ...]:
    content = _json(how, "ledger", [])
    return tuple(from_json(LossLedger, each) for each in content)


def _verdict(how: TargetArguments) -> Verdict:
    return from_json(Verdict, _json(how, "verify", [f"--steps={how.steps}"]))


def _translated(how: TargetArguments) -> Translated:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, _LOOP)
        content = _json(how, "translate", ["-o", path, "--verify", f"--steps={how.steps}"])
        if content["outcome"] == "refused":
            return Translated(outcome="refused", reason=_refused(content))
        with open(path, encoding="utf-8") as file:
            source = file.read().replace(path, _LOOP)
        return Translated(
            outcome=content["outcome"],
            source=source,
            left_out=tuple(map(str, content["left_out"])),
            verdict=from_json(Verdict, content["verdict"]) if content["verdict"] else None,
        )


def _refused(content: dict[str, Any]) -> str:
    place = f" ({os.path.basename(content['path'])}:{content['line']})" if content["path"] else ""
    return f"{content['reason']}{place}"


def _json(how: TargetArguments, command: str, arguments: Sequence[str]) -> Any:
    """Returns the JSON that a command writes; it may also have a status that is not 0."""
    line = [sys.executable, "-m", "migrate", command, how.target, *how.arguments, *arguments]
    line += ["--format=json", *(["--", *how.flags] if how.flags else [])]
    done = _finished(line, how.time_limit)
    try:
        return json.loads(done.out)
    except json.JSONDecodeError:
        said = "\n".join(done.err.strip().splitlines()[-_SHOWN_LINES:])
        raise _CommandFailed(said or f"it ended with status {done.status}") from None


def _finished(line: Sequence[str], seconds: float) -> _Finished:
    """Runs a process to its end; after its time it is ended, with all that it has started."""
    with subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                text = f"it was ended after {seconds:g} seconds; --time_limit gives it more"
                raise _CommandFailed(text) from None
            raise
    return _Finished(status=process.returncode, out=out, err=err)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a process and those that it has started."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()

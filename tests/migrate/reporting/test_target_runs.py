"""Targets in processes of their own."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from estimator_compat.ledger.values import LossLedger
from migrate.reporting import target_runs
from migrate.reporting.target_runs import TargetArguments, _CommandFailed, _Finished
from tests.migrate.reporting.ledgers import MEAN, term
from tests.migrate.reports.verdicts import DIFFERENT, EQUIVALENT

LEDGER = LossLedger(loss="l:0", dtype="float32", terms=(term(MEAN),), mode="train")
HOW = TargetArguments(target="m.py:f", arguments=("--input_fn=m.py:g",), flags=("--a=1",), steps=7)


def commands(monkeypatch: pytest.MonkeyPatch, **outputs: object) -> list[list[str]]:
    """Replaces the processes: each command writes what `outputs` says."""
    called: list[list[str]] = []

    def finished(line: Sequence[str], seconds: float) -> _Finished:
        command = line[3]
        called.append([*line[3:]])
        if "-o" in line:
            path = Path(line[line.index("-o") + 1])
            path.write_text(f"# {path}\nsource\n")
        out = outputs[command]
        if isinstance(out, str):
            return _Finished(status=2, out="", err=out)
        return _Finished(status=0, out=json.dumps(out), err="a warning")

    monkeypatch.setattr(target_runs, "_finished", finished)
    return called


def test_what_the_commands_say_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    translated = {"outcome": "whole", "left_out": ["x"], "verdict": EQUIVALENT.to_json()}
    called = commands(
        monkeypatch,
        ledger=[LEDGER.to_json()],
        verify=DIFFERENT.to_json(),
        translate=translated,
    )
    lines: list[str] = []
    run = target_runs.run(HOW, lines.append)
    assert run.ledgers == (LEDGER,)
    assert run.verdict == DIFFERENT
    assert run.translated is not None
    assert run.translated.verdict == EQUIVALENT
    assert run.translated.source == "# loop.py\nsource\n"
    assert run.failures == ()
    assert lines == [f"migrate {name} m.py:f" for name in ("ledger", "verify", "translate")]
    for line in called:
        assert line[1:3] == ["m.py:f", "--input_fn=m.py:g"]
        assert line[-3:] == ["--format=json", "--", "--a=1"]
    assert "--steps=7" in called[1]


def test_a_refusal_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"outcome": "refused", "reason": "a loop", "path": "/a/m.py", "line": 3}
    commands(monkeypatch, ledger=[], verify=DIFFERENT.to_json(), translate=refused)
    translated = target_runs.run(HOW).translated
    assert translated is not None
    assert (translated.outcome, translated.reason) == ("refused", "a loop (m.py:3)")


def test_failures_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    commands(
        monkeypatch, ledger="migrate ledger: `f` is not there", verify={}, translate={"outcome": 3}
    )
    run = target_runs.run(HOW)
    assert [failure.command for failure in run.failures] == ["ledger", "verify", "translate"]
    assert run.failures[0].reason == "migrate ledger: `f` is not there"
    assert run.failures[1].reason.startswith("its JSON could not be read: TypeError: ")


@pytest.mark.subprocess
def test_a_process_is_ended_after_its_time() -> None:
    start = time.monotonic()
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    sleeper = "import time; time.sleep(60)"
    for text in (sleeper, program.replace("input()", sleeper)):
        with pytest.raises(_CommandFailed, match=r"ended after 0\.5 seconds; --time_limit"):
            target_runs._finished([sys.executable, "-c", text], 0.5)
    assert time.monotonic() - start < 30

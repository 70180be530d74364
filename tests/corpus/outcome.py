"""Runs a package's own main under the facade, and reads the files that it wrote."""

import os
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from tests.recording.commands import estimator_compat as run

PROGRAMS = Path(__file__).parent / "programs"


def run_main(
    module: str,
    *sites: Path,
    words: Sequence[object] = (),
    legacy: Sequence[str] = (),
    **flags: object,
) -> list[str]:
    """Runs a module as a user does; returns the lines that it prints. It must succeed.

    The folders `sites` contain its package and the packages that it imports. On its command line,
    `words` come before the flags. `legacy` names further legacy packages.
    """
    given = [*words, *(f"--{name}={value}" for name, value in flags.items())]
    packages = ",".join([module.partition(".")[0], *legacy])
    return run_command("-m", module, "--", *given, legacy=packages, sites=sites)


def run_program(name: str, legacy: str, *sites: Path, **flags: object) -> list[str]:
    """Runs one of our programs. It replaces a main that the package `legacy` does not have."""
    given = [f"--{name}={value}" for name, value in flags.items()]
    return run_command(PROGRAMS / f"{name}.py", "--", *given, legacy=legacy, sites=sites)


def run_command(*command: object, legacy: str, sites: Sequence[Path]) -> list[str]:
    """Runs a command, a module or a script that uses the packages `legacy`. It must succeed.

    Returns:
      The lines that it printed.
    """
    done = run("run", f"--legacy={legacy}", *command, path=os.pathsep.join(map(str, sites)))
    assert done.returncode == 0, f"`{command[0]} {command[1]}` failed:\n{done.stderr[-3000:]}"
    return done.stdout.splitlines()


def losses(folder: Path) -> dict[int, float]:
    """The training losses in the folder's event files, by global step.

    The tag is `loss_1` if the model_fn has a name scope `loss`.
    """
    return {
        event.step: value.simple_value
        for path in sorted(folder.glob("events.out.tfevents.*"))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag in ("loss", "loss_1")
    }


def first_and_last_loss(folder: Path) -> tuple[float, float]:
    """The training losses of a job of 201 steps, which writes one after the first and every 100."""
    # SummarySaverHook reads the step in the run that counts it: 201 was 200 once, on TF 1.15.5.
    found = losses(folder)
    assert len(found) == 3, found
    return found[min(found)], found[max(found)]


def trained_steps(folder: Path) -> int:
    """The global step in the folder's latest checkpoint."""
    return int(tf.train.load_variable(str(folder), "global_step"))


def evaluation(folder: Path) -> dict[str, float]:
    """The `name = value` lines of the folder's eval_results.txt."""
    lines = (folder / "eval_results.txt").read_text().splitlines()
    return {name: float(value) for name, value in (line.split(" = ") for line in lines)}

"""Runs a package's own main under the facade, and reads what it left in its folder."""

import os
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from tests.estimator_compat.facade.running import run


def run_main(
    module: str,
    *sites: Path,
    words: Sequence[object] = (),
    legacy: Sequence[str] = (),
    **flags: object,
) -> None:
    """Runs a module as a user does; it must end well.

    Its package is in one of the folders `sites`, and what it imports in all of them. `words` are
    what stands on its command line before the flags, `legacy` the packages that are legacy, too.
    """
    given = [*words, *(f"--{name}={value}" for name, value in flags.items())]
    packages = f"--legacy={','.join([module.partition('.')[0], *legacy])}"
    done = run("run", packages, "-m", module, "--", *given, path=os.pathsep.join(map(str, sites)))
    assert done.returncode == 0, f"`{module}` failed:\n{done.stderr[-3000:]}"


def losses(folder: Path) -> dict[int, float]:
    """The training losses in the folder's event files, by global step.

    The tag is `loss_1` where the model_fn has a scope of its own that is called `loss`.
    """
    return {
        event.step: value.simple_value
        for path in sorted(folder.glob("events.out.tfevents.*"))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag in ("loss", "loss_1")
    }


def trained_steps(folder: Path) -> int:
    """The global step in the folder's latest checkpoint."""
    return int(tf.train.load_variable(str(folder), "global_step"))


def evaluation(folder: Path) -> dict[str, float]:
    """The `name = value` lines of the folder's eval_results.txt."""
    lines = (folder / "eval_results.txt").read_text().splitlines()
    return {name: float(value) for name, value in (line.split(" = ") for line in lines)}

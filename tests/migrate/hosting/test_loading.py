"""`migrate.load`: TensorFlow 1 programs that nobody edits, hosted and verified."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.recording import pythons

pytestmark = pytest.mark.subprocess

HERE = Path(__file__).parent
CASES = [
    "summary_of_the_rate",
    "optimize_loss",
    "moving_averages",
    "python_in_predictions",
]
VERIFY = f"""
import migrate, sys
for name in {CASES}:
    target = migrate.load(
        "legacy_program.py:" + name,
        input_fn={{"train": "legacy_program.py:input_fn", "eval": "legacy_program.py:input_fn"}},
        facade=True,
    )
    verdict = migrate.verify(target, steps=4, eval_steps=2)
    print(name, verdict.outcome.name)
print("calls", len(sys.modules["legacy_program"].CALLS))
"""


def run(program: str, folder: Path = HERE) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(pythons.ROOT)}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    return subprocess.run(
        [*pythons.with_tensorflow(), "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )


def test_programs_that_nobody_edits() -> None:
    done = run(VERIFY)
    assert done.stdout.splitlines() == [
        "operations True",
        "after reset 0",
        "sum 3.0",
        *(f"{name} IDENTICAL" for name in CASES),
        "calls 0",
    ], done.stderr[-3000:]


SUMMARIES = """
import migrate, estimator_compat, glob
from tensorflow.compat.v1 import train
config = estimator_compat.RunConfig(
    tf_random_seed=1, model_dir=sys_folder, save_summary_steps=1, log_step_count_steps=None
)
target = migrate.load(
    "legacy_program.py:summary_of_the_rate",
    input_fn="legacy_program.py:input_fn",
    config=config,
    facade=True,
)
migrate.host(target).train(steps=3)
for event in train.summary_iterator(glob.glob(sys_folder + "/events*")[0]):
    for value in event.summary.value:
        if value.tag == "rate":
            print(event.step, round(value.simple_value, 6))
"""


def test_a_summary_that_waits_for_moving_averages_has_its_value(tmp_path: Path) -> None:
    # The rate of step n is 0.1 * 0.5**(n - 1): it is read before the step is counted.
    done = run(f"sys_folder = {str(tmp_path)!r}\n" + SUMMARIES)
    assert done.stdout.splitlines()[3:] == ["1 0.1", "2 0.05", "3 0.025"], done.stderr[-3000:]


def test_the_example_of_the_readme(tmp_path: Path) -> None:
    text = (pythons.ROOT / "README.md").read_text()
    section = text[text.index("### Host a program that nobody edits") :]
    train, host = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    (tmp_path / "train.py").write_text(train)
    done = run(host, tmp_path)
    lines = done.stdout.splitlines()
    assert lines[1:] == ["(8,)", "Outcome.IDENTICAL"], done.stderr[-3000:]
    assert 0 <= float(lines[0]) < 0.01
    assert list((tmp_path / "runs" / "hosted").glob("events*"))


REFUSED = """
import migrate, warnings
where = {"input_fn": "legacy_program.py:input_fn", "facade": True}
target = migrate.load("legacy_program.py:with_params", **where)
for use in (
    lambda: migrate.host(target, params={"scale": 2.0}),
    lambda: migrate.load("legacy_program.py:with_params", facade=True),
    lambda: migrate.load("legacy_program.py:nosuch", **where),
):
    try:
        use()
    except ValueError as error:
        print(error)
again = migrate.load("legacy_program.py:with_params", params={"scale": 2.0}, **where)
print(again.params, again.config)
"""


def test_what_it_refuses() -> None:
    done = run(REFUSED)
    assert done.stdout.splitlines()[3:] == [
        "`params` were given beside a migrate.Target, which has input_fns, params and config "
        "itself; expected one place for them; change the Target with dataclasses.replace.",
        "`legacy_program.py:with_params` is a model_fn, and there is no --input_fn; expected an "
        "input_fn that yields its features and labels; add --input_fn=module:name, or name a "
        "function that returns a migrate.Target.",
        "`legacy_program.py:nosuch`: legacy_program.py has no `nosuch`; expected a function "
        "defined there; it defines data, input_fn, moving_averages, normalized_loss, "
        "optimize_loss, python_in_predictions, spec, summary_of_the_rate, with_params.",
        "{'scale': 2.0} None",
    ], done.stderr[-3000:]

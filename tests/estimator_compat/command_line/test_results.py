"""What a run leaves on stdout and advises on stderr, compared whole."""

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from estimator_compat.command_line import results

ROOT = Path(__file__).parents[3]
METRICS = {
    "loss": np.float32(0.25),
    "accuracy": np.float32(0.9876543),
    "global_step": np.int64(1200),
    "confusion": np.array([[1, 2], [3, 4]]),
}


def test_a_pipe_gets_bare_columns():
    console = Console(file=io.StringIO(), width=80)
    results.print_metrics("evaluation", METRICS, console)
    assert console.file.getvalue() == (
        "metric          value\n"
        "global_step      1200\n"
        "accuracy     0.987654\n"
        "confusion      [[1 2]\n"
        "               [3 4]]\n"
        "loss             0.25\n"
    )


def test_a_terminal_gets_a_box_with_a_title():
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    results.print_metrics("evaluation", {"loss": 0.5}, console)
    text = console.file.getvalue()
    assert re.sub("\x1b.*?m", "", text) == (
        "    evaluation    \n"
        "╭────────┬───────╮\n"
        "│ metric │ value │\n"
        "├────────┼───────┤\n"
        "│ loss   │   0.5 │\n"
        "╰────────┴───────╯\n"
    )


@pytest.mark.parametrize(
    ("prediction", "line"),
    [
        (
            {"species": b"Adelie", "probabilities": np.array([0.25, 0.75], np.float32)},
            '{"species": "Adelie", "probabilities": [0.25, 0.75]}',
        ),
        ({"ids": np.array([b"a", "ü".encode()], object)}, '{"ids": ["a", "ü"]}'),
        ({"broken": b"\xff"}, '{"broken": "\\\\xff"}'),
        (np.float32(0.5), "0.5"),
        (np.array([[1, 2]]), "[[1, 2]]"),
        ({"yes": np.bool_(True)}, '{"yes": true}'),
    ],
)
def test_a_prediction_is_one_line_of_json(prediction, line):
    assert results.json_line(prediction) == line
    json.loads(line)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (np.int64(3), "3"), (0.1234567, "0.123457"), (np.float32("nan"), "nan")],
)
def test_a_number_is_short(value, text):
    assert results.number(value) == text


@pytest.mark.subprocess
def test_a_command_repeats_the_flags_with_changes(tmp_path):
    program = tmp_path / "my program.py"
    program.write_text(
        "import sys\n"
        "from absl import flags, logging\n"
        "from estimator_compat import train_flags\n"
        "from estimator_compat.command_line import results\n"
        "flags.DEFINE_float('rate', 0.1, '')\n"
        "train_flags.define()\n"
        "flags.FLAGS(sys.argv)\n"
        "print(results.command(model_dir='a b', worst=None, max_steps=5))\n"
    )
    (tmp_path / "flags.txt").write_text("--noloss_summaries\n--worst=2\n")
    arguments = ["--rate", "0.5", "--params=a=1", "--params=b=2", "--model_dir=x", "--verbosity=1"]
    done = subprocess.run(
        [sys.executable, program, *arguments, f"--flagfile={tmp_path}/flags.txt"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    words = shlex.split(done.stdout)
    assert words[:2] == ["python", str(program)]
    assert sorted(words[2:]) == [
        "--max_steps=5",
        "--model_dir=a b",
        "--noloss_summaries",
        "--params=a=1",
        "--params=b=2",
        "--rate=0.5",
        "--verbosity=1",
    ]

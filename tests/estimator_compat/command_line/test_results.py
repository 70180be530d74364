"""What a mode leaves on stdout, compared whole."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

from estimator_compat.command_line import results

METRICS = {
    "loss": np.float32(0.25),
    "accuracy": np.float32(0.9876543),
    "global_step": np.int64(1200),
    "confusion": np.array([[1, 2], [3, 4]]),
}


def test_a_pipe_gets_bare_columns():
    file = io.StringIO()
    console = Console(file=file, width=80)
    results.print_metrics("evaluation", METRICS, console)
    assert file.getvalue() == (
        "metric          value\n"
        "global_step      1200\n"
        "accuracy     0.987654\n"
        "confusion      [[1 2]\n"
        "               [3 4]]\n"
        "loss             0.25\n"
    )


def test_a_terminal_gets_a_box_with_a_title():
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True)
    results.print_metrics("evaluation", {"loss": 0.5}, console)
    text = file.getvalue()
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
        (np.array([float("nan"), float("-inf")]), "[NaN, -Infinity]"),
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

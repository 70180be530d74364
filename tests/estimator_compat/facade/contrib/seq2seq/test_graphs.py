"""Whole models compute the same bits as the graphs that TensorFlow 1.15.5 built for them.

The graphs of 1.15.5 run on this TensorFlow's kernels, with the same weights. So the distance to
what 1.15.5 computed comes from its kernels: from the same numbers, `tanh`, `sigmoid`, `exp` and
`log` differ in their last digits (`softmax` does so with `exp`), and `matmul` does not.
"""

import os
import pickle
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.recording import programs, pythons

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]

PROGRAM = Path(__file__).parents[2] / "session_program.py"
LEGACY = "ESTIMATOR_COMPAT_TF115_PYTHON"
NAMES = ("bahdanau", "luong", "several_mechanisms")
# An op with a kernel in tf.contrib, which this TensorFlow does not have.
ABSENT = "GatherTree"
Pair = tuple[dict[str, Any], dict[str, Any]]


def _run(command: list[str], out: Path, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [*command, f"--out={out}"],
        capture_output=True,
        text=True,
        cwd=pythons.ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return pickle.loads(out.read_bytes())


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Pair]]:
    """Returns the sessions of each program: there, and here."""
    if LEGACY not in os.environ:
        pytest.skip(f"{LEGACY} does not name a Python with TensorFlow 1.15.5")
    folder = tmp_path_factory.mktemp("sessions")
    clean = {name: value for name, value in os.environ.items() if name not in programs.OURS}
    there = _run([os.environ[LEGACY], str(PROGRAM)], folder / "there", clean)
    ours = [*pythons.with_tensorflow(), "-m", "estimator_compat", "run", str(PROGRAM), "--"]
    here = _run(ours, folder / "here", {**clean, "TF_CPP_MIN_LOG_LEVEL": "3"})
    assert sorted(there) == sorted(here) == sorted(NAMES)
    return {name: list(zip(there[name], here[name], strict=True)) for name in there}


def _needs_absent(nodes: dict[str, Any], name: str) -> bool:
    """Tells whether a tensor is computed with an op that this TensorFlow lacks."""
    seen, left = set(), [name]
    while left:
        node = nodes[left.pop().removeprefix("^").split(":")[0]]
        if node.name not in seen:
            seen.add(node.name)
            left.extend(node.input)
    return any(nodes[one].op == ABSENT for one in seen)


def _again(session: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Runs the graph of 1.15.5 here; yields the values of each run by name."""
    graph_def = tf1.GraphDef.FromString(session["graph"])
    nodes = {node.name: node for node in graph_def.node}
    runs = session["runs"]
    names = {name for run in runs for name, _ in run["values"]}
    names = {name for name in names if not _needs_absent(nodes, name)}
    kept = {name.split(":")[0] for name in names | {key for run in runs for key in run["feeds"]}}
    with tf.Graph().as_default() as graph, tf1.Session() as running:
        tf1.import_graph_def(tf1.graph_util.extract_sub_graph(graph_def, sorted(kept)), name="")
        for run in runs:
            fetches = {
                name: graph.as_graph_element(name) for name, _ in run["values"] if name in names
            }
            yield running.run(fetches, run["feeds"])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bits_as_the_graph_of_1_15_5(sessions: dict[str, list[Pair]], name: str) -> None:
    compared = 0
    for there, here in sessions[name]:
        for run, other, values in zip(there["runs"], here["runs"], _again(there), strict=True):
            for (fetch, _), (_, ours) in zip(run["values"], other["values"], strict=True):
                if values.get(fetch) is not None:
                    np.testing.assert_array_equal(ours, values[fetch], err_msg=fetch)
                    compared += 1
    assert compared > 70


@pytest.mark.parametrize("name", NAMES)
def test_the_losses_of_20_steps(sessions: dict[str, list[Pair]], name: str) -> None:
    losses = []
    for session in sessions[name][0]:  # the first session trains
        fetched = [run["values"] for run in session["runs"] if len(run["values"]) == 4]
        losses.append([loss for _, _, (_, loss), _ in fetched])  # after "ids" and "lengths"
    assert len(losses[0]) == 20
    np.testing.assert_allclose(losses[1], losses[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_decoded_from_the_same_weights(sessions: dict[str, list[Pair]], name: str) -> None:
    for there, here in sessions[name][1:]:
        for run, other in zip(there["runs"], here["runs"], strict=True):
            for (_, theirs), (_, ours) in zip(run["values"], other["values"], strict=True):
                if theirs is None:  # an operation
                    continue
                # Logits, and sums of log probabilities, of up to 10. 1.15.5's own graph is as far
                # from it on these kernels: see above.
                np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=2.5e-6)

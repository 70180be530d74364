"""`migrate translate` as a process: what it writes, what it refuses, and how it exits."""

import json
from pathlib import Path
from typing import Any

import pytest

from migrate import cli
from migrate.commands import translate
from tests.recording.commands import migrate

HEAD = """
import estimator_compat as estimator
import tensorflow as tf
import tensorflow.compat.v1 as tf1

def data():
    x, y = [[1.0], [2.0], [3.0]], [[1.0], [0.0], [1.0]]
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(2).repeat()
"""
MODEL = """
def model_fn(features, labels, mode):
    outputs = tf1.layers.dense(features, 1, name="dense")
{body}
    if mode == "infer":
        return estimator.EstimatorSpec(mode, predictions={{"y": outputs}})
    loss = {loss}
    step = tf1.train.get_global_step()
    train_op = tf1.train.GradientDescentOptimizer(0.01).minimize(loss, step)
    return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
MEAN = "tf1.losses.mean_squared_error(labels, outputs)"


def _program(folder: Path, *, body: str = "", loss: str = MEAN, tail: str = "") -> str:
    path = folder / "program.py"
    path.write_text(HEAD + MODEL.format(body=body, loss=loss) + tail)
    return f"{path}:model_fn"


def _translate(folder: Path, *arguments: str, target: str) -> Any:
    data = f"--input_fn={folder / 'program.py'}:data"
    return migrate("translate", target, data, *arguments, cwd=folder)


@pytest.mark.subprocess
def test_a_program_is_written_and_proved(tmp_path: Path) -> None:
    target = _program(tmp_path)
    done = _translate(tmp_path, "-o", "loop.py", "--verify", "--format=json", target=target)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["outcome"] == "whole"
    assert outcome["kept"] == outcome["left_out"] == []
    assert outcome["verdict"]["outcome"] == "identical"
    assert outcome["test"] is None
    text = (tmp_path / "loop.py").read_text()
    assert "Verified against the legacy program" in text
    assert "estimator_compat" not in text
    assert "migrate" not in text
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == [
        "loop.py",
        "program.py",
    ]


@pytest.mark.subprocess
def test_source_goes_to_stdout(tmp_path: Path) -> None:
    done = _translate(tmp_path, target=_program(tmp_path))
    assert done.returncode == 0, done.stderr
    compile(done.stdout, "loop.py", "exec")
    assert not (tmp_path / "loop.py").exists()


@pytest.mark.subprocess
def test_what_is_not_translated_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    target = _program(tmp_path, loss="tf.sqrt(tf.reduce_mean(tf.square(labels - outputs)))")
    done = _translate(tmp_path, "-o", "loop.py", "--format=json", target=target)
    assert done.returncode == 2
    outcome = json.loads(done.stdout)
    assert outcome["outcome"] == "refused"
    assert outcome["line"] == 15
    assert f"program.py:{outcome['line']}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "loop.py").exists()


def test_a_file_that_exists_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.py").write_text("# edited\n")
    assert cli.main(["translate", "a.py:b", "-o", "loop.py"]) == 2
    assert "add --force to replace it" in capsys.readouterr().err
    assert (tmp_path / "loop.py").read_text() == "# edited\n"


def test_the_example_is_replaced_unless_it_was_edited(tmp_path: Path) -> None:
    path, source = tmp_path / "penguins_loop.py", '"""New."""\n\nx = 1\n'
    assert translate._is_as_written(str(path), source)
    path.write_text('"""Old, with a proof."""\n\nx = 1  # the same\n')
    assert translate._is_as_written(str(path), source)
    path.write_text('"""Old."""\n\nx = 2\n')
    assert not translate._is_as_written(str(path), source)
    path.write_text("x = (")
    assert not translate._is_as_written(str(path), source)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-o", "missing/loop.py"], "make it first"),
        (["--format=json"], "add -o loop.py"),
        (["--verify"], "add -o loop.py"),
        (["--test=test_loop.py"], "add -o loop.py"),
        (["-o", "loop.py", "--test=missing/test_loop.py"], "expected a file beside the loop"),
        (["-o", "loop.py", "--test=loop.py"], "expected a file such as test_loop.py"),
        (["-o", "my-loop.py", "--test=test_loop.py"], "rename it, such as loop.py"),
    ],
)
def test_options_that_cannot_be_followed(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["translate", "a.py:b", *arguments]) == 2
    assert expected in capsys.readouterr().err


FLAGS = """
from absl import flags

FLAGS = flags.FLAGS
flags.DEFINE_float("momentum", 0.9, "Of the optimizer.")

def define():
    flags.DEFINE_float("rate", 0.01, "As a library defines its flags.")

define()

def model_fn(features, labels, mode):
    outputs = tf1.layers.dense(features, 1, name="dense")
    loss = tf1.losses.mean_squared_error(labels, outputs)
    optimizer = tf1.train.MomentumOptimizer(FLAGS.rate, FLAGS.momentum)
    train_op = optimizer.minimize(loss, tf1.train.get_global_step())
    return estimator.EstimatorSpec(mode, {"y": outputs}, loss, train_op)
"""


@pytest.mark.subprocess
def test_flags_that_can_be_copied_are_named(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(HEAD + FLAGS)
    done = _translate(tmp_path, target=f"{tmp_path / 'program.py'}:model_fn")
    assert done.returncode == 0, done.stderr
    assert "momentum=FLAGS.momentum)" in done.stdout
    assert "self.optimizer.apply(list(gradients.values()), 0.01)" in done.stdout
    assert "the hyperparameter FLAGS.rate, whose value is fixed in the module" in done.stdout


LIBRARY = """
def network(inputs, mode):
    with tf1.variable_scope("net"):
        hidden = tf1.layers.dense(inputs, 3, activation=tf.nn.tanh)
        hidden = tf1.layers.dropout(hidden, 0.5, training=mode == estimator.ModeKeys.TRAIN)
    return tf1.layers.dense(hidden, 1)
"""


@pytest.mark.subprocess
def test_a_function_is_kept(tmp_path: Path) -> None:
    target = _program(tmp_path, body="    outputs += network(features, mode)", tail=LIBRARY)
    arguments = ("--keep=network", "-o", "loop.py", "--format=json")
    done = _translate(tmp_path, *arguments, target=target)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["outcome"] == "kept forward"
    path = str(tmp_path / "program.py")
    line = (tmp_path / "program.py").read_text().splitlines().index("def network(inputs, mode):")
    assert outcome["kept"] == [{"name": "network", "path": path, "line": line + 1}]
    text = (tmp_path / "loop.py").read_text()
    assert f"network (program.py, line {line + 1})" in text
    assert "Stand-ins for what TensorFlow 2 lacks: estimator.ModeKeys." in text
    assert 'outputs = tf1.layers.dense(features, 1, name="dense")' in text
    assert "wrap_function" not in text
    assert "Session" not in text


@pytest.mark.subprocess
def test_a_module_that_would_import_itself_is_not_written(tmp_path: Path) -> None:
    target = _program(tmp_path, body="    outputs += network(features, mode)", tail=LIBRARY)
    (tmp_path / "new").mkdir()
    done = _translate(tmp_path, "--keep=network", "-o", "new/program.py", target=target)
    assert done.returncode == 2
    assert "`-o` (new/program.py) has the name of a module that the written module" in done.stderr
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_kept_function_is_proved(tmp_path: Path) -> None:
    target = _program(tmp_path, body="    outputs += network(features, mode)", tail=LIBRARY)
    arguments = ("--keep=network", "-o", "loop.py", "--format=json", "--verify", "--steps=5")
    done = _translate(tmp_path, *arguments, target=target)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"]["outcome"] in ("identical", "equivalent")


LEGACY = """
import tensorflow as tf

def data():
    x = [[1, 2], [3, 4], [5, 0]]
    return tf.data.Dataset.from_tensor_slices((x, [1.0, 0.0, 1.0])).batch(2).repeat()

def embedded(x):
    return tf.contrib.layers.embed_sequence(x, vocab_size=6, embed_dim=3)

def model_fn(features, labels, mode):
    outputs = tf.reduce_sum(embedded(features), [1, 2])
    loss = tf.losses.mean_squared_error(labels, outputs)
    step = tf.train.get_global_step()
    train_op = tf.train.GradientDescentOptimizer(0.01).minimize(loss, step)
    return tf.estimator.EstimatorSpec(mode, {"y": outputs}, loss, train_op)
"""


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_kept_function_that_calls_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(LEGACY)
    target = f"{tmp_path / 'program.py'}:model_fn"
    arguments = ("--keep=embedded", "--facade", "-o", "loop.py")
    done = _translate(tmp_path, *arguments, target=target)
    assert done.returncode == 2
    assert "program.py:9: " in done.stderr
    assert "`tf.contrib.layers.embed_sequence`" in done.stderr
    assert not (tmp_path / "loop.py").exists()


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_name_of_no_function_is_refused(tmp_path: Path) -> None:
    done = _translate(tmp_path, "--keep=nowhere", "-o", "loop.py", target=_program(tmp_path))
    assert done.returncode == 2
    assert "`nowhere` names no function that the model_fn calls" in done.stderr
    assert not (tmp_path / "loop.py").exists()


@pytest.mark.slow
@pytest.mark.subprocess
def test_a_test_is_written_beside_the_loop(tmp_path: Path) -> None:
    target = _program(tmp_path)
    arguments = ["-o", "loop.py", "--test=test_loop.py", "--format=json"]
    done = _translate(tmp_path, *arguments, target=target)
    assert done.returncode == 0, done.stderr
    test = json.loads(done.stdout)["test"]
    assert (test["path"], test["recording"]) == ("test_loop.py", "test_loop.npz")
    assert test["not_compared"] == {}
    assert test["passed"] is True
    assert "estimator_compat" not in (tmp_path / "test_loop.py").read_text()
    again = _translate(tmp_path, "-o", "other.py", "--test=test_loop.py", target=target)
    assert again.returncode == 2
    assert "`--test` (test_loop.py) is there already" in again.stderr


def test_a_test_that_exists_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_loop.npz").write_text("recorded")
    assert cli.main(["translate", "a.py:b", "-o", "loop.py", "--test=test_loop.py"]) == 2
    assert "`--test` (test_loop.npz) is there already" in capsys.readouterr().err

"""Tests for migrate.translation: what `translate` refuses, in words."""

import dataclasses
import importlib.machinery
import importlib.util
import os
import py_compile
from pathlib import Path
from types import ModuleType

import pytest
import tensorflow as tf

import estimator_compat as estimator
import migrate
from migrate import translation
from migrate.translating.refusal import Refusal

PROGRAM = """
import estimator_compat as estimator
import tensorflow as tf
import tensorflow.compat.v1 as tf1

def data():
    x, y = [[1.0], [2.0], [3.0]], [[1.0], [0.0], [1.0]]
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(2).repeat()

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


def _write(folder: Path, *, body: str = "pass", loss: str = MEAN) -> Path:
    path = folder / "program.py"
    path.write_text(PROGRAM.format(body=body, loss=loss))
    return path


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("program", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _target(module: ModuleType) -> migrate.Target:
    return migrate.Target(model_fn=module.model_fn, input_fns=module.data)


REFUSED = {
    "python": (
        {"body": "outputs += 0 * tf1.py_func(lambda x: x, [outputs], tf.float32)"},
        "`tf.py_func`",
    ),
    "while": (
        {"body": "while outputs.shape.rank > 2: outputs = outputs[0]"},
        "program.py:12: `while` in a model_fn is not translated",
    ),
    "global": ({"body": "global COUNT; COUNT = 1"}, "program.py:12: `global`"),
    "numbers drawn twice": (
        {
            "body": "part = tf.random.uniform([])\n"
            '    outputs = tf1.layers.dense(features * part, 1, name="top")',
            "loss": "tf1.losses.mean_squared_error(labels * part, outputs)",
        },
        "program.py:12: `part = tf.random.uniform([])` would draw its numbers anew in the model "
        "and in `loss_per_example`; expected one of them",
    ),
    "opaque": (
        {"loss": "tf.sqrt(tf.reduce_mean(tf.square(labels - outputs)))"},
        "program.py:15: ",
    ),
}


@pytest.mark.subprocess
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_translated_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    parts, expected = REFUSED[case]
    target = _target(_load(_write(tmp_path, **parts)))
    with pytest.raises(Refusal) as raised:
        translation.translate(target).source()
    assert expected in str(raised.value)


@pytest.mark.subprocess
def test_an_evaluation_without_end_is_limited(tmp_path: Path) -> None:
    module = _load(_write(tmp_path))
    source = translation.translate(_target(module)).source()
    assert "print(loop.evaluate(data().take(EVAL_STEPS.value)))" in source


@pytest.mark.subprocess
def test_a_target_may_have_an_input_for_training_only(tmp_path: Path) -> None:
    body = "scale = tf1.get_variable('scale', []); outputs = outputs * scale"
    module = _load(_write(tmp_path, body=body))
    source = translation.translate(migrate.Target(module.model_fn, {"train": module.data})).source()
    assert "evaluate(data" not in source
    assert "* self.scale" in source


@pytest.mark.subprocess
def test_a_strategy_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    config = estimator.RunConfig(train_distribute=strategy)
    target = dataclasses.replace(_target(_load(_write(tmp_path))), config=config)
    [said] = translation.translate(target).left_out
    assert said.startswith("`train_distribute` of the RunConfig (OneDeviceStrategy): ")


def test_a_lambda_is_refused(tmp_path: Path) -> None:
    module = _load(_write(tmp_path))
    target = migrate.Target(
        model_fn=lambda features, labels, mode: module.model_fn(features, labels, mode),
        input_fns=module.data,
    )
    with pytest.raises(Refusal, match="no `def` that can be read"):
        translation.translate(target)


def test_a_function_made_by_exec_is_refused() -> None:
    module = ModuleType("program")
    exec(PROGRAM.format(body="pass", loss=MEAN), module.__dict__)
    with pytest.raises(Refusal, match="is not a file, as for code of a notebook"):
        translation.translate(_target(module))


def test_code_without_source_is_refused(tmp_path: Path) -> None:
    source = _write(tmp_path)
    compiled = str(tmp_path / "program.pyc")
    py_compile.compile(str(source), cfile=compiled)
    os.remove(source)
    loader = importlib.machinery.SourcelessFileLoader("program", compiled)
    spec = importlib.util.spec_from_loader("program", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    with pytest.raises(Refusal, match="is not a file, as for code of a notebook"):
        translation.translate(_target(module))


@pytest.mark.subprocess
def test_functions_made_during_a_recording_work_afterwards(tmp_path: Path) -> None:
    path = _write(tmp_path, body="global LATER; LATER = lambda x: max(x, 1)")
    module = _load(path)
    with pytest.raises(Refusal, match="`global`"):
        translation.translate(_target(module))
    assert module.LATER(0) == 1


NET = """
class TextNet(object):
    def __init__(self, units):
        self.units = units

    def __call__(self, x):
        return tf1.layers.dense(x, self.units, name="dense")
"""


@pytest.mark.subprocess
def test_an_object_that_is_applied_at_once_is_read(tmp_path: Path) -> None:
    path = _write(tmp_path)
    dense = 'tf1.layers.dense(features, 1, name="dense")'
    text = path.read_text().replace(dense, "TextNet(1)(features)")
    path.write_text(text.replace("\ndef model_fn", f"{NET}\ndef model_fn"))
    translated = translation.translate(_target(_load(path)))
    assert translated.outcome == "whole"
    assert "self.dense = keras.layers.Dense(1)" in translated.source()

"""Writes the test of a written loop: a module for pytest, beside the loop."""

import dataclasses
import textwrap
from collections.abc import Mapping

from estimator_compat.mode_keys import ModeKeys


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoopTest:
    """What the test compares.

    Attributes:
      loop: The name of the loop's module.
      recording: The name of the file with the recorded arrays.
      origin: The model_fn and its file, in words.
      versions: What the numbers were recorded with.
      specs: The source of the specs of features, and of labels ("" for none), by mode.
      has_labels: Whether the batches have labels.
      batches: What the batches are, in words, by mode.
      count: The number of recorded batches, by mode.
      epochs: How often the batches of training were read.
      keeps_all: Whether dropout kept everything in training.
      keras: The package of the layers.
      not_compared: Why a mode is not compared, by mode.
      tolerances: How far apart equal numbers may be, by what they are.
      smallest: A difference is relative to this number, if the largest magnitude is smaller.
    """

    loop: str
    recording: str
    origin: str
    versions: str
    specs: Mapping[str, tuple[str, str]]
    has_labels: bool
    batches: Mapping[str, str]
    count: Mapping[str, int]
    epochs: int
    keeps_all: bool
    keras: str
    not_compared: Mapping[str, str]
    tolerances: Mapping[str, float]
    smallest: float

    def compares(self, mode: str) -> bool:
        """Tells whether the numbers of a mode are compared."""
        return mode in self.batches and mode not in self.not_compared


TRAIN, EVAL, PREDICT = ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT
_NAMES = {TRAIN: "training", EVAL: "evaluation", PREDICT: "predictions"}


def source(test: LoopTest) -> str:
    """Returns the source of the test, not formatted yet."""
    parts = [_docstring(test), _imports(test), _constants(test), _tensors(test), _DATASET, _LOOP]
    if any(test.compares(mode) for mode in _NAMES):
        parts.append(_CLOSE)
    if test.keeps_all:
        parts.append(_KEEPS_ALL)
    parts.append(_VARIABLES)
    step = "loop.train_step(*batch)" if test.has_labels else "loop.train_step(batch)"
    if test.compares(TRAIN):
        fixture = '@pytest.mark.usefixtures("dropout_keeps_all")\n' if test.keeps_all else ""
        text = _TRAINING.replace("TRAIN_STEP", step).replace("@FIXTURE\n", fixture)
        parts.append(text.replace("EPOCHS", str(test.epochs)))
    else:
        parts.append(_MOVEMENT.replace("TRAIN_STEP", step))
    if test.compares(EVAL):
        parts.append(_EVALUATION)
    if test.compares(PREDICT):
        parts.append(_PREDICTIONS)
    return "\n\n\n".join(parts) + "\n"


def _docstring(test: LoopTest) -> str:
    lines = [
        f"Holds `Loop` in {test.loop}.py to the legacy program: {test.origin}.",
        "",
        f"The numbers in {test.recording} are an Estimator's, {test.versions}. They begin with "
        "weights other than the initial ones. Neither the legacy program nor an Estimator is "
        "needed any more.",
        "",
        "What is compared:",
        "",
        "    variables     names and shapes",
    ]
    for mode, text in test.batches.items():
        if test.compares(mode):
            lines.append(f"    {_NAMES[mode]:13} {text}")
    if test.keeps_all:
        lines += [
            "",
            "Training draws random numbers for dropout. In the recorded training and in these "
            "tests, dropout keeps every element and scales it. Which elements it drops is not "
            "compared.",
        ]
    if test.not_compared:
        lines += ["", "What is not compared:", ""]
        lines += [f"    {_NAMES[m]:13} {text}" for m, text in test.not_compared.items()]
    if TRAIN in test.not_compared:
        lines += [
            "",
            "The evaluation shows the loss and its reduction. Of the optimizer is shown only "
            "that it moves what the legacy training moved.",
        ]
    wrapped: list[str] = []
    for line in lines:
        deeper = " " * 18 if line.startswith("    ") else ""
        wrapped += textwrap.wrap(line, 98, subsequent_indent=deeper) or [""]
    return '"""' + "\n".join(wrapped) + '\n"""'


def _imports(test: LoopTest) -> str:
    lines = ["import pathlib", "from typing import Any", ""]
    if test.keeps_all:
        lines.append("import keras" if test.keras == "keras" else f"import {test.keras} as keras")
    lines.append("import numpy as np")
    if test.keeps_all:
        lines.append("import pytest")
    return "\n".join([*lines, "import tensorflow as tf", f"from {test.loop} import Loop"])


def _constants(test: LoopTest) -> str:
    shared = {features for features, _ in test.specs.values()}
    specs = ""
    for mode, (features, labels) in test.specs.items():
        features = "FEATURES" if len(shared) == 1 else features
        specs += f'"{mode}": ' + (f"({features}, {labels})," if labels else f"{features},")
    counts = ", ".join(f'"{mode}": {count}' for mode, count in test.count.items())
    lines = [
        'RECORDED = np.load(pathlib.Path(__file__).with_suffix(".npz"))',
        *([f"FEATURES = {shared.pop()}"] if len(shared) == 1 else []),
        f"SPECS = {{{specs}}}",
        f"COUNTS = {{{counts}}}  # of batches",
    ]
    kinds = {"losses": TRAIN, "variables": TRAIN, "metrics": EVAL, "predictions": PREDICT}
    used = {kind: test.tolerances[kind] for kind, mode in kinds.items() if test.compares(mode)}
    if used:
        shown = ", ".join(f'"{name}": {value!r}' for name, value in used.items())
        lines += [
            "# How far apart equal numbers may be, relative to the largest magnitude in their "
            "array, or to\n# SMALLEST; for variables, relative to the largest number that training "
            "added. What rounding\n# alone does to the numbers of training was measured, and is "
            "allowed, too.",
            f"TOLERANCES = {{{shown}}}",
            f"SMALLEST = {test.smallest!r}",
        ]
    return "\n".join(lines)


def _tensors(test: LoopTest) -> str:
    text = "".join("".join(one) for one in test.specs.values())
    lines = [
        "def tensors(spec: Any, name: str) -> Any:",
        '    """Returns recorded tensors in the nest of their specs."""',
    ]
    if "{" in text:
        lines += [
            "    if isinstance(spec, dict):",
            '        return {key: tensors(one, f"{name}/{key}") for key, one in spec.items()}',
        ]
    if test.has_labels or any(one.startswith("(") for one, _ in test.specs.values()):
        lines += [
            "    if isinstance(spec, tuple):",
            '        return tuple(tensors(one, f"{name}/{i}") for i, one in enumerate(spec))',
        ]
    if "tf.SparseTensorSpec" in text:
        lines += [
            "    if isinstance(spec, tf.SparseTensorSpec):",
            '        parts = ("indices", "values", "dense_shape")',
            '        return tf.SparseTensor(*(RECORDED[f"{name}/{part}"] for part in parts))',
        ]
    lines.append("    return tf.constant(RECORDED[name], spec.dtype)")
    return "\n".join(lines)


_DATASET = '''\
def dataset(mode: str, epochs: int = 1) -> tf.data.Dataset:
    """Returns the recorded batches of a mode."""
    batches = [tensors(SPECS[mode], f"{mode}/{index}") for index in range(COUNTS[mode])]
    return tf.data.Dataset.from_generator(lambda: batches * epochs, output_signature=SPECS[mode])'''


_LOOP = '''\
def recorded_variables(moment: str) -> dict[str, np.ndarray]:
    """Returns the variables at the "start" or "end" of the recorded training."""
    names = [name for name in RECORDED if name.startswith(f"{moment}/")]
    return {name.removeprefix(f"{moment}/"): RECORDED[name] for name in names}


def loop_at(moment: str) -> Loop:
    """Returns a loop with the variables at a moment of the recorded training."""
    loop = Loop()
    for name, value in recorded_variables(moment).items():
        loop.variables[name].assign(value)
    return loop'''


_CLOSE = '''\
def assert_close(
    what: str, found: Any, expected: np.ndarray, tolerance: float, rounding: float = 0.0
) -> None:
    """Fails if arrays are further apart than a tolerance, relative to the largest magnitude."""
    if expected.dtype.kind == "f":
        largest = np.abs(expected[np.isfinite(expected)]).max(initial=SMALLEST)
        allowed = max(tolerance * largest, rounding)
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=allowed, err_msg=what)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=what)'''


_KEEPS_ALL = '''\
@pytest.fixture
def dropout_keeps_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout keeps every element and scales it, as in the recorded training."""

    def call(self: Any, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return inputs * (1.0 / (1.0 - self.rate)) if training else inputs

    monkeypatch.setattr(keras.layers.Dropout, "call", call)'''


_VARIABLES = """\
def test_variables_have_their_legacy_names_and_shapes() -> None:
    variables = Loop().variables
    for name, value in recorded_variables("start").items():
        assert name in variables
        assert variables[name].shape == value.shape, name"""


_TRAINING = '''\
def assert_trained(loop: Loop) -> None:
    """Fails unless the variables are those at the end of the recorded training."""
    start = recorded_variables("start")
    for name, end in recorded_variables("end").items():
        if end.dtype.kind == "f":
            added = np.abs(end - start[name]).max(initial=0.0)
            largest = np.abs(end).max(initial=0.0)
            allowed = TOLERANCES["variables"] * added + 2 * np.spacing(largest)
            allowed = max(allowed, RECORDED[f"rounding/{name}"])
            np.testing.assert_allclose(
                loop.variables[name], end, rtol=0.0, atol=allowed, err_msg=name
            )
        else:
            np.testing.assert_array_equal(loop.variables[name], end, err_msg=name)


@FIXTURE
def test_training() -> None:
    loop, losses, rounding = loop_at("start"), RECORDED["losses"], RECORDED["rounding"]
    for step, batch in enumerate(dataset("train", epochs=EPOCHS)):
        loss = TRAIN_STEP["loss"]
        what = f"the loss of step {step + 1}"
        assert_close(what, loss, losses[step], TOLERANCES["losses"], rounding[step])
    assert_trained(loop)


@FIXTURE
def test_many_steps_in_one_graph() -> None:
    loop, losses, rounding = loop_at("start"), RECORDED["losses"], RECORDED["rounding"]
    found = loop.train_steps(iter(dataset("train", epochs=EPOCHS)), tf.constant(len(losses)))
    assert_close("the last loss", found["loss"], losses[-1], TOLERANCES["losses"], rounding[-1])
    assert_trained(loop)'''


_MOVEMENT = """\
def test_training_moves_what_it_moved() -> None:
    loop = loop_at("start")
    for batch in dataset("train"):
        assert np.isfinite(TRAIN_STEP["loss"])
    end = recorded_variables("end")
    for name, value in recorded_variables("start").items():
        if not np.array_equal(value, end[name]):
            assert not np.array_equal(value, loop.variables[name]), name"""


_EVALUATION = """\
def test_evaluation() -> None:
    loop = loop_at("end")
    recorded = [name for name in RECORDED if name.startswith("metrics/")]
    loop.evaluate(dataset("eval").take(1))  # nothing of it is left in the next one
    found = loop.evaluate(dataset("eval"))
    for name in recorded:
        value = found[name.removeprefix("metrics/")]
        assert_close(name, value, RECORDED[name], TOLERANCES["metrics"])"""


_PREDICTIONS = '''\
def named(nest: Any, name: str) -> dict[str, np.ndarray]:
    """Returns the arrays of a nest by their places in it."""
    if not isinstance(nest, dict | list | tuple):
        return {name: np.asarray(nest)}
    parts = nest.items() if isinstance(nest, dict) else enumerate(nest)
    arrays: dict[str, np.ndarray] = {}
    for key, value in parts:
        arrays |= named(value, f"{name}/{key}")
    return arrays


def test_predictions() -> None:
    found = named(list(loop_at("end").predict(dataset("infer"))), "predictions")
    recorded = {name for name in RECORDED if name.startswith("predictions/")}
    assert found.keys() == recorded
    for name, value in found.items():
        assert_close(name, value, RECORDED[name], TOLERANCES["predictions"])'''

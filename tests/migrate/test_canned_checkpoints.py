"""Checkpoints of canned estimators, converted both ways, and written by their hosted loops."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import estimator_compat
import migrate
from estimator_compat import v1
from migrate import checkpoint_conversion
from tests.estimator_compat.canned import canned_runs

MADE = canned_runs.estimators(estimator_compat, v1)
# Its variables are in parts, and so are their slots, which have no name as a whole.
IN_PARTS = "v1_dnn"


def _train(name: str, folder: Path, steps: int) -> None:
    make, labels = MADE[name]
    config = estimator_compat.RunConfig(tf_random_seed=1)
    make(str(folder), config).train(lambda: canned_runs.input_fn(labels), steps=steps)


def _target(name: str) -> migrate.Target:
    make, labels = MADE[name]
    estimator = make(None, estimator_compat.RunConfig(tf_random_seed=1))
    return migrate.Target.from_estimator(estimator, lambda: canned_runs.input_fn(labels))


def _assert_same(found: Path, expected: Path) -> None:
    ours, theirs = (tf.train.load_checkpoint(str(folder)) for folder in (found, expected))
    shapes = theirs.get_variable_to_shape_map()
    assert ours.get_variable_to_shape_map() == shapes
    for name in shapes:
        try:
            value = theirs.get_tensor(name)
        except ValueError:  # the slot of a part: the next steps read it
            continue
        np.testing.assert_array_equal(ours.get_tensor(name), value, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_there_and_back(name: str, tmp_path: Path) -> None:
    target, expected, here = _target(name), tmp_path / "expected", tmp_path / "here"
    _train(name, expected, steps=3)
    there = checkpoint_conversion.convert(
        str(expected), f"{tmp_path}/objects/", target=_target(name)
    )
    assert there.matching.exact
    _train(name, expected, steps=3)  # goes on, as the loop does
    loop = migrate.host(target)
    loop.restore(f"{tmp_path}/objects")
    loop.train(steps=3)
    loop.save_legacy(f"{here}/model.ckpt")
    _assert_same(here, expected)

    loop.save(f"{tmp_path}/saved/ckpt")
    back = checkpoint_conversion.convert(
        f"{tmp_path}/saved", f"{tmp_path}/names/", target=_target(name)
    )
    assert back.matching.exact
    for folder in (expected, here, tmp_path / "names"):
        _train(name, folder, steps=2)
    _assert_same(here, expected)
    _assert_same(tmp_path / "names", expected)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the estimator whose variables are in parts."""
    folder = tmp_path_factory.mktemp("parts") / "run"
    _train(IN_PARTS, folder, steps=1)
    return folder


def test_parts_of_slots_need_their_model(parts: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(parts, tmp_path / "run"))
    with pytest.raises(ValueError, match=r"cannot be read without its model: .* with `--target`"):
        checkpoint_conversion.convert(str(folder), f"{tmp_path}/objects/")
    done = checkpoint_conversion.convert(
        str(folder), f"{tmp_path}/objects/", target=_target(IN_PARTS)
    )
    assert done.matching.exact
    assert done.written == f"{tmp_path}/objects/ckpt-1"
    slots = [name for name, _ in tf.train.list_variables(done.written) if "Adagrad" in name]
    assert any("weather" in name for name in slots)

"""Checkpoints converted both ways: reports of names that do not match; no value is lost."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator
from migrate import checkpoint_conversion
from migrate.hosting.checkpoints import loop_checkpoints
from migrate.hosting.loop import CustomLoop
from migrate.targets import Target
from tests.models.hosted_programs import INPUT_FNS, hosted, model_fn, run


def target(**params: Any) -> Target:
    return Target(model_fn=model_fn, input_fns=INPUT_FNS, params=params)


def test_there_and_back(tmp_path: Path) -> None:
    trained, _ = run(tmp_path / "run", steps=6)
    there = checkpoint_conversion.convert(str(tmp_path / "run"), str(tmp_path / "objects") + "/")
    assert there.written == str(tmp_path / "objects" / "ckpt-6")
    assert there.legacy
    loop = hosted()
    loop.restore(str(tmp_path / "objects"))
    assert loop.global_step == 6
    back = checkpoint_conversion.convert(
        str(tmp_path / "objects"), str(tmp_path / "names" / "model.ckpt")
    )
    assert back.written == str(tmp_path / "names" / "model.ckpt-6")
    ours = tf.train.load_checkpoint(str(tmp_path / "names"))
    assert set(ours.get_variable_to_shape_map()) == set(trained.get_variable_names())
    for name in trained.get_variable_names():
        np.testing.assert_array_equal(ours.get_tensor(name), trained.get_variable_value(name))


def test_what_does_not_match_is_not_written(tmp_path: Path) -> None:
    values = {
        "global_step": np.int64(3),
        "dense/kernel": np.zeros([3, 9], np.float32),
        "dense/bias": np.ones([4], np.float32),
        "old/name.1": np.zeros([2], np.float32),
    }
    tf.compat.v1.train.Saver({name: tf.Variable(v) for name, v in values.items()}).save(
        None, str(tmp_path / "odd")
    )
    done = checkpoint_conversion.convert(
        str(tmp_path / "odd"), str(tmp_path / "new/"), target=target()
    )
    assert done.written is None
    assert not (tmp_path / "new").exists()
    assert done.matching.unused == ("old/name.1",)
    assert done.matching.misshapen == {"dense/kernel": ((3, 9), (3, 4))}
    assert "dense_1/kernel" in done.matching.missing
    partial = checkpoint_conversion.convert(
        str(tmp_path / "odd"), f"{tmp_path}/new/", target=target(), allow_partial=True
    )
    assert partial.written == f"{tmp_path}/new/ckpt-3"
    loop = CustomLoop(target())
    loop.restore(partial.written)
    np.testing.assert_array_equal(loop.variables["dense/bias"], np.ones(4))
    # Names that TensorFlow escapes in objects come back as they were.
    plain = checkpoint_conversion.convert(str(tmp_path / "odd"), f"{tmp_path}/plain/")
    assert plain.written is not None
    assert set(loop_checkpoints.read(plain.written)) == set(values)


def parted(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """Each variable that has more than one row is in two parts."""
    with tf1.variable_scope("", partitioner=tf1.fixed_size_partitioner(2)):
        return model_fn(features, labels, mode, params)


def test_parts_of_a_variable_have_one_value_in_an_estimators_checkpoint(tmp_path: Path) -> None:
    model = Target(model_fn=parted, input_fns=INPUT_FNS, params={})
    config = estimator.RunConfig(f"{tmp_path}/run", tf_random_seed=1)
    trained = estimator.Estimator(parted, params={}, config=config)
    trained.train(INPUT_FNS["train"], steps=3)
    there = checkpoint_conversion.convert(f"{tmp_path}/run", f"{tmp_path}/objects/", target=model)
    assert there.matching.exact
    loop = CustomLoop(model)
    loop.restore(f"{tmp_path}/objects")
    assert any(name.endswith("/part_1") for name in loop.variables)
    back = checkpoint_conversion.convert(f"{tmp_path}/objects", f"{tmp_path}/names/", target=model)
    assert back.written == f"{tmp_path}/names/model.ckpt-3"
    ours = tf.train.load_checkpoint(f"{tmp_path}/names")
    assert set(ours.get_variable_to_shape_map()) == set(trained.get_variable_names())
    for name in trained.get_variable_names():
        np.testing.assert_array_equal(ours.get_tensor(name), trained.get_variable_value(name))


def test_parts_that_match_are_taken(tmp_path: Path) -> None:
    kernel = np.float32(np.arange(12).reshape(3, 4))
    values = {"global_step": tf.Variable(3, dtype=tf.int64), "dense/kernel": tf.Variable(kernel)}
    tf1.train.Saver(values).save(None, str(tmp_path / "odd"))
    model = Target(model_fn=parted, input_fns=INPUT_FNS, params={})
    done = checkpoint_conversion.convert(
        f"{tmp_path}/odd", f"{tmp_path}/new/", target=model, allow_partial=True
    )
    assert sorted(done.matching.matched) == ["dense/kernel", "global_step"]
    written = loop_checkpoints.read(f"{tmp_path}/new/ckpt-3")
    parts = [written[f"dense/kernel/part_{index}"] for index in (0, 1)]
    np.testing.assert_array_equal(np.concatenate(parts), kernel)


def test_a_checkpoint_of_other_objects(tmp_path: Path) -> None:
    tf.train.Checkpoint(mine=tf.Variable(1.0)).write(f"{tmp_path}/mine")
    with pytest.raises(ValueError, match="expected a checkpoint of an Estimator, or of a loop's"):
        checkpoint_conversion.convert(f"{tmp_path}/mine", f"{tmp_path}/new/")


def test_an_older_checkpoint_is_not_overwritten(tmp_path: Path) -> None:
    run(tmp_path / "run", steps=2)
    checkpoint_conversion.convert(str(tmp_path / "run"), f"{tmp_path}/new/")
    with pytest.raises(ValueError, match="exists already; expected a new path; remove it"):
        checkpoint_conversion.convert(str(tmp_path / "run"), f"{tmp_path}/new/", force=True)
    with pytest.raises(
        ValueError, match="has no checkpoint; expected the path of a checkpoint, with"
    ):
        checkpoint_conversion.convert(f"{tmp_path}/nothing", f"{tmp_path}/other/")


def test_a_folder_with_checkpoints_is_refused(tmp_path: Path) -> None:
    """The next run of the Estimator in that folder would fail on the loop's checkpoint."""
    run(tmp_path / "run", steps=2)
    source = str(tmp_path / "run")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    for destination in (source, f"{source}/", f"{source}/other.ckpt"):
        with pytest.raises(ValueError, match=r"is the folder of SRC.*write there anyway with --fo"):
            checkpoint_conversion.convert(source, destination)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before
    checkpoint_conversion.convert(source, f"{tmp_path}/new")
    assert tf.train.latest_checkpoint(f"{tmp_path}/new") == f"{tmp_path}/new/ckpt-2"
    run(tmp_path / "other", steps=3)
    with pytest.raises(ValueError, match=r"`DST` \(.*/new\) has checkpoints, .* from ckpt-2 could"):
        checkpoint_conversion.convert(f"{tmp_path}/other", f"{tmp_path}/new")
    (tmp_path / "new/checkpoint").unlink()  # a file such as `checkpoint` may be lost
    with pytest.raises(ValueError, match="has checkpoints"):
        checkpoint_conversion.convert(f"{tmp_path}/other", f"{tmp_path}/new")
    forced = checkpoint_conversion.convert(f"{tmp_path}/other", f"{tmp_path}/new", force=True)
    assert forced.written == f"{tmp_path}/new/ckpt-3"

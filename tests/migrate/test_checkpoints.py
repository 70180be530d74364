"""`migrate checkpoint`: both ways, what does not match, and that nothing is lost."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate import checkpoints
from migrate.hosting.loop import CustomLoop
from migrate.targets import Target
from tests.migrate.hosting.programs import INPUT_FNS, model_fn
from tests.migrate.hosting.test_loop import hosted, run
from tests.migrate.test_cli import ROOT, migrate


def target(**params: Any) -> Target:
    return Target(model_fn=model_fn, input_fns=INPUT_FNS, params=params)


def test_there_and_back(tmp_path: Path) -> None:
    trained, _ = run(tmp_path / "run", steps=6)
    there = checkpoints.convert(str(tmp_path / "run"), str(tmp_path / "objects") + "/")
    assert there.written == str(tmp_path / "objects" / "ckpt-6")
    assert there.legacy
    loop = hosted()
    loop.restore(str(tmp_path / "objects"))
    assert loop.global_step == 6
    back = checkpoints.convert(str(tmp_path / "objects"), str(tmp_path / "names" / "model.ckpt"))
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
    done = checkpoints.convert(str(tmp_path / "odd"), str(tmp_path / "new/"), target=target())
    assert done.written is None
    assert not (tmp_path / "new").exists()
    assert done.matching.unused == ("old/name.1",)
    assert done.matching.misshapen == {"dense/kernel": ((3, 9), (3, 4))}
    assert "dense_1/kernel" in done.matching.missing
    partial = checkpoints.convert(
        str(tmp_path / "odd"), f"{tmp_path}/new/", target=target(), allow_partial=True
    )
    assert partial.written == f"{tmp_path}/new/ckpt-3"
    loop = CustomLoop(target())
    loop.restore(partial.written)
    np.testing.assert_array_equal(loop.variables["dense/bias"], np.ones(4))
    # Names that TensorFlow escapes in objects come back as they were.
    plain = checkpoints.convert(str(tmp_path / "odd"), f"{tmp_path}/plain/")
    assert plain.written is not None
    assert set(checkpoints.read(plain.written)) == set(values)


def test_an_older_checkpoint_is_not_overwritten(tmp_path: Path) -> None:
    run(tmp_path / "run", steps=2)
    checkpoints.convert(str(tmp_path / "run"), f"{tmp_path}/new/")
    with pytest.raises(ValueError, match="is there already; expected a new place; remove it"):
        checkpoints.convert(str(tmp_path / "run"), f"{tmp_path}/new/")
    with pytest.raises(ValueError, match="has no checkpoint; expected the path of one without"):
        checkpoints.convert(f"{tmp_path}/nothing", f"{tmp_path}/other/")


def test_the_command(tmp_path: Path) -> None:
    trained, _ = run(tmp_path / "run", steps=2)
    count = len(trained.get_variable_names())
    done = migrate("checkpoint", f"{tmp_path}/run", f"{tmp_path}/new/", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{tmp_path}/run/model.ckpt-2, an Estimator's\n"
        f"  matched   {count}\n"
        f"written to {tmp_path}/new/ckpt-2, a custom loop's\n"
    )
    other = migrate(
        "checkpoint",
        f"{tmp_path}/run",
        f"{tmp_path}/penguins/",
        "--target=migrate.examples:penguins",
        cwd=ROOT,
    )
    assert other.returncode == 1
    assert "dense/kernel: (3, 4) in the checkpoint, (9, 16) in the model" in other.stdout
    assert "nothing was written; mend what does not match, or pass" in other.stdout
    assert not (tmp_path / "penguins").exists()

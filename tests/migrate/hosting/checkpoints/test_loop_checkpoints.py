"""A loop's checkpoints: which are kept, and which are restored."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from tests.models.hosted_programs import (
    INPUT_FNS,
    STEPS,
    Losses,
    config,
    hosted,
    run,
)


def test_it_starts_from_an_estimators_folder(tmp_path: Path) -> None:
    trained, _ = run(tmp_path, steps=10)
    loop = hosted()
    loop.restore(str(tmp_path))
    assert loop.global_step == 10
    hook = Losses()
    trained.train(INPUT_FNS["train"], hooks=[hook], steps=5)
    assert loop.train(steps=5).tolist() == hook.losses


def test_its_own_checkpoints_resume(tmp_path: Path) -> None:
    loop = hosted(tmp_path)
    loop.train(steps=12)
    again = hosted()
    again.restore(str(tmp_path))
    assert again.global_step == 12
    assert again.train(steps=5).tolist() == loop.train(steps=5).tolist()


@pytest.mark.parametrize(
    ("settings", "steps"),  # of 0, 10, 20 and 23
    [
        ({"keep_checkpoint_max": 2}, {20, 23}),
        ({"keep_checkpoint_max": 0}, {0, 10, 20, 23}),
        # Each checkpoint that would be deleted is kept as that of its billionth of an hour.
        ({"keep_checkpoint_max": 1, "keep_checkpoint_every_n_hours": 1e-9}, {0, 10, 20, 23}),
    ],
    ids=["two", "all", "hours"],
)
def test_it_keeps_as_many_checkpoints_as_the_config_says(
    settings: dict[str, float], steps: set[int], tmp_path: Path
) -> None:
    hosted(config=config(tmp_path).replace(**settings)).train(steps=STEPS)
    assert {int(path.stem.split("-")[1]) for path in tmp_path.glob("ckpt-*.index")} == steps


def test_a_checkpoint_of_another_model_restores_nothing(tmp_path: Path) -> None:
    values = {"global_step": np.int64(4), "dense/kernel": np.zeros([3, 5], np.float32)}
    variables = {name: tf.Variable(value) for name, value in values.items()}
    tf1.train.Saver(variables).save(None, str(tmp_path / "other"))
    loop = hosted()
    loop.graph("train")
    before = loop.variables["dense/kernel"].numpy()
    with pytest.raises(ValueError, match=r"kernel has the shape \(3, 5\) in it, and \(3, 4\)"):
        loop.restore(str(tmp_path))
    np.testing.assert_array_equal(loop.variables["dense/kernel"], before)
    assert loop.global_step == 0


def test_a_folder_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no checkpoint; expected the folder of .*; check"):
        hosted().restore(str(tmp_path))


def test_a_path_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing\) is not a checkpoint; expected the .*; check"):
        hosted().restore(str(tmp_path / "nothing"))


def test_it_needs_a_folder() -> None:
    with pytest.raises(ValueError, match="expected a folder to write the checkpoint to; pass"):
        hosted().save()

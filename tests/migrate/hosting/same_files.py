"""Compares the folders of two trainings: checkpoints, and event files."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tests.migrate.hosting.summaries import events

ENGINES = ("run", "host")


def check_same_files(folder: Path) -> None:
    """The checkpoints have the same names and values, and the events the same steps and tags."""
    run, host = (folder / engine for engine in ENGINES)
    names = sorted(path.name for path in run.glob("model.ckpt-*.index"))
    assert sorted(path.name for path in host.glob("model.ckpt-*.index")) == names
    assert (host / "checkpoint").read_text() == (run / "checkpoint").read_text()
    for name in names:
        ours, theirs = (
            tf.train.load_checkpoint(str(each / name.removesuffix(".index")))
            for each in (host, run)
        )
        assert ours.get_variable_to_shape_map() == theirs.get_variable_to_shape_map()
        for variable in theirs.get_variable_to_shape_map():
            np.testing.assert_array_equal(
                ours.get_tensor(variable), theirs.get_tensor(variable), err_msg=variable
            )
    for part in ("", "eval"):
        ours, theirs = (sorted(events(each / part), key=lambda e: e[:2]) for each in (host, run))
        assert [event[:2] for event in ours] == [event[:2] for event in theirs]
        # The terms of a sum may be added in any order: then the last bit of a metric differs.
        np.testing.assert_allclose([e[2] for e in ours], [e[2] for e in theirs], rtol=1e-6)

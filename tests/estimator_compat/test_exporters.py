"""What exporters refuse, and the results that `BestExporter` reads."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow.compat.v1 as tf1

import estimator_compat as estimator


def _nothing() -> None:
    return None


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: estimator.LatestExporter("a", _nothing, exports_to_keep=0), "must be positive"),
        (lambda: estimator.BestExporter(exports_to_keep=-1), "pass None to keep all"),
        (lambda: estimator.BestExporter(compare_fn=None), "must not be None"),
        (lambda: estimator.BestExporter(compare_fn=lambda a, b: True), "rename its arguments"),
    ],
)
def test_exporters_refuse(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_damaged_event_file_is_read_up_to_the_damage(tmp_path: Any) -> None:
    from estimator_compat.exporters import BestExporter

    eval_dir = tmp_path / "eval"
    with tf1.Graph().as_default():
        writer = tf1.summary.FileWriter(str(eval_dir))
        for step, loss in ((1, 0.5), (2, 0.25)):
            value = tf1.Summary.Value(tag="loss", simple_value=loss)
            writer.add_summary(tf1.Summary(value=[value]), step)
        writer.close()
    (event_file,) = eval_dir.iterdir()
    event_file.write_bytes(event_file.read_bytes()[:-5])  # within the second evaluation
    best = BestExporter()._read_best_result(str(eval_dir / "*.tfevents.*"))
    assert best == {"loss": 0.5}

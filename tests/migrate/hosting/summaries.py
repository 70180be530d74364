"""Reads the summaries of event files."""

from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf1


def events(folder: Path) -> list[tuple[int, str, Any]]:
    """Returns step, tag and value of each summary in the event files; a histogram's count."""
    return [
        (event.step, value.tag, value.histo.num or value.simple_value)
        for path in sorted(folder.glob("events*"))
        for event in tf1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag not in ("global_step/sec", "checkpoint_path")
    ]

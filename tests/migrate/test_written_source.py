"""Tests for migrate.written_source."""

from pathlib import Path

import pytest

from migrate import written_source
from migrate.translating.refusal import Refusal

IMPORTS = "import tensorflow as tf\nimport tensorflow.compat.v1 as tf1\n"


@pytest.mark.subprocess
def test_names_of_both_tensorflows_are_checked() -> None:
    written_source.check_names(f"{IMPORTS}tf1.losses.hinge_loss\ntf.io.gfile.glob")
    with pytest.raises(Refusal, match=r"`tf1\.contrib\.layers\.flatten`, and this"):
        written_source.check_names(f"{IMPORTS}tf1.contrib.layers.flatten")


def test_a_name_is_refused_as_a_whole_and_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("import tensorflow.compat.v1 as t\n\nrows = t.gfile.Rows('*')\n")
    with pytest.raises(Refusal, match=rf"{path}:3: TensorFlow 2 has no `tf\.gfile\.Rows`, and"):
        written_source.check_names(f"{IMPORTS}tf.gfile.Rows('*')", str(path))


@pytest.mark.subprocess
def test_a_name_that_nothing_defines_is_refused() -> None:
    with pytest.raises(Refusal, match="the source of `weights` was not found"):
        written_source.check_names("loss = weights + 1.0")

"""The folder of a run: writable or not, its checkpoint there or not."""

from pathlib import Path

import pytest

from estimator_compat.runtime import checkpoint_files
from tests.models.small_model import estimator, forever


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    checkpoint_files.check_writable(str(folder))
    checkpoint_files.check_writable(str(folder))
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(OSError, match="free space there, correct its permissions, or choose ano"):
        checkpoint_files.check_writable(str(file / "under"))
    with pytest.raises(OSError, match=str(file)):
        checkpoint_files.check_writable(str(file))


def test_no_checkpoint_is_no_error(tmp_path: Path) -> None:
    checkpoint_files.check_checkpoint(str(tmp_path))
    checkpoint_files.check_checkpoint(str(tmp_path / "missing"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    estimator(folder).train(forever, steps=4)
    return folder


def test_a_whole_checkpoint(trained: Path) -> None:
    checkpoint_files.check_checkpoint(str(trained))
    checkpoint_files.check_checkpoint_path(str(trained / "model.ckpt-4"))


@pytest.mark.parametrize("path", ["model.ckpt-99", "nowhere/model.ckpt-1"])
def test_a_path_that_is_no_checkpoint(trained: Path, path: str) -> None:
    with pytest.raises(ValueError, match=f"{trained / path} is missing"):
        checkpoint_files.check_checkpoint_path(str(trained / path))


def test_advice_names_the_others(trained: Path, tmp_path: Path) -> None:
    others = f"{trained / 'model.ckpt-0'}, {trained / 'model.ckpt-3'}"
    assert checkpoint_files.advice(str(trained / "model.ckpt-4")) == (
        f"its folder has other checkpoints: {others}; name one in the first line of "
        f"{trained / 'checkpoint'}, or pass it as `checkpoint_path` to evaluate or predict"
    )
    assert checkpoint_files.advice(str(tmp_path / "model.ckpt-4")) == (
        "its folder has no other checkpoint; restore it from a backup or train in an empty "
        "model_dir"
    )

"""Paths of checkpoints: which are folders, and which are names."""

from pathlib import Path

import pytest

from migrate.hosting.checkpoints import checkpoint_paths
from tests.models.hosted_programs import hosted


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("runs/1", "runs/1/NAME"),
        ("runs/1/", "runs/1/NAME"),
        ("runs/1/model.ckpt", "runs/1/model.ckpt"),
        ("runs/1/ckpt", "runs/1/ckpt"),
        ("best.ckpt", "best.ckpt"),
        ("runs/1/model.ckpt/", "runs/1/model.ckpt/NAME"),
        ("runs/ckpts", "runs/ckpts/NAME"),
        ("with.ckpt/runs", "with.ckpt/runs/NAME"),
    ],
)
def test_prefix(path: str, expected: str) -> None:
    assert checkpoint_paths.prefix(path, "NAME") == expected


def test_a_folder_that_exists(tmp_path: Path) -> None:
    folder = tmp_path / "my.ckpts"
    assert checkpoint_paths.prefix(str(folder), "ckpt") == str(folder)
    folder.mkdir()
    assert checkpoint_paths.prefix(str(folder), "ckpt") == f"{folder}/ckpt"


def test_save_and_save_legacy_treat_a_name_alike(tmp_path: Path) -> None:
    loop = hosted()
    loop.train(steps=2)
    assert loop.save(f"{tmp_path}/own") == f"{tmp_path}/own/ckpt-2"
    assert loop.save_legacy(f"{tmp_path}/names") == f"{tmp_path}/names/model.ckpt-2"
    assert loop.save(f"{tmp_path}/own/best.ckpt") == f"{tmp_path}/own/best.ckpt-2"
    assert loop.save_legacy(f"{tmp_path}/names/best.ckpt") == f"{tmp_path}/names/best.ckpt-2"
    for path in ("own", "own/best.ckpt-2", "names", "names/best.ckpt-2"):
        again = hosted()
        again.restore(f"{tmp_path}/{path}")
        assert again.global_step == 2

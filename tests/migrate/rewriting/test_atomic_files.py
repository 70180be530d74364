"""Files are replaced as a whole, and stay what they are otherwise."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.rewriting import atomic_files

ROOT = Path(__file__).parents[3]


def test_permissions_and_content(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o751)
    atomic_files.replace(str(path), b"old", b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "a.py"
    target.write_bytes(b"old")
    link = tmp_path / "link.py"
    link.symlink_to(Path("folder") / "a.py")
    atomic_files.replace(str(link), b"old", b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_file_that_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"changed")
    with pytest.raises(OSError, match=r"has changed since it was read; rewrite it again"):
        atomic_files.replace(str(path), b"old", b"new")
    assert path.read_bytes() == b"changed"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes every file")
def test_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="is read-only"):
        atomic_files.replace(str(path), b"old", b"new")
    path.chmod(0o644)
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError):
        atomic_files.replace(str(path), b"old", b"new")
    tmp_path.chmod(0o755)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_an_error_leaves_the_old_file_alone(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space left"):
        atomic_files.replace(str(path), b"old", b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.py"]


# It replaces the content again and again, until it is killed.
WRITER = """
import itertools, sys
from migrate.rewriting import atomic_files

path, contents = sys.argv[1], [bytes([letter]) * 3_000_000 for letter in b"ab"]
print("ready", flush=True)
for old, new in itertools.pairwise(itertools.cycle(contents)):
    atomic_files.replace(path, old, new)
"""


@pytest.mark.subprocess
@pytest.mark.skipif(os.name == "nt", reason="Windows kills otherwise")
@pytest.mark.parametrize("seconds", [0.0, 0.011, 0.027])
def test_a_process_that_is_killed_leaves_a_whole_file(seconds: float, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a" * 3_000_000)
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    assert path.read_bytes() in (b"a" * 3_000_000, b"b" * 3_000_000)

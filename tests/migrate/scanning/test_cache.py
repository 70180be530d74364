"""The cache: it changes no result, and is used only where nothing has changed."""

import os
import time
from pathlib import Path

import pytest

from migrate.findings import ScanReport
from migrate.scanning import cache, engine, files, scan

FILES = 70  # a scan of fewer files uses no cache


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "p"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "compat.py").write_text("import tensorflow as tf\n")
    for number in range(FILES):
        text = f"from p.compat import tf\n\n\ntf.contrib.f{number}\nx = y.shape[0].value\n"
        (package / f"m{number}.py").write_text(text)
    (package / "n.ipynb").write_text("{}")
    return tmp_path


def scanned(**how: object) -> ScanReport:
    return scan.scan(["p"], jobs=1, cache_folder="cache", **how)  # type: ignore[arg-type]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are scanned anew."""
    paths: list[str] = []
    inner = engine.scan_file

    def scan_file(path: str, *arguments: object) -> engine.FileResult:
        paths.append(os.path.basename(path))
        return inner(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "scan_file", scan_file)
    return paths


def test_a_second_scan_finds_the_same_without_parsing(tree: Path, parsed: list[str]) -> None:
    first = scanned()
    assert len(first.findings) == FILES + 1
    assert len(parsed) == len(first.files) == FILES + 3
    parsed.clear()
    assert scanned() == first
    assert parsed == []
    assert scan.scan(["p"], jobs=1) == first
    assert len(parsed) == FILES + 3


def test_what_has_changed_is_scanned(tree: Path, parsed: list[str]) -> None:
    scanned()
    parsed.clear()
    (tree / "p/m3.py").write_text("import tensorflow as tf\ntf.contrib\ntf.layers\n")
    report = scanned()
    assert parsed == ["m3.py"]
    assert len([each for each in report.findings if each.path == "p/m3.py"]) == 2
    assert report == scan.scan(["p"], jobs=1)


def test_a_module_that_is_imported_counts(tree: Path, parsed: list[str]) -> None:
    assert len(scanned().findings) == FILES + 1
    parsed.clear()
    (tree / "p/compat.py").write_text("import tensorflow.compat.v2 as tf\n")
    report = scanned()
    assert len(parsed) == FILES + 1
    (tree / "p/compat.py").write_text("tf = None\n")
    assert len(scanned().findings) == 1
    assert report != scanned()


def test_the_rules_count(tree: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    scanned()
    parsed.clear()
    monkeypatch.setattr(cache, "_stamp", lambda: "another version")
    scanned()
    assert len(parsed) == FILES + 3


def test_settings_are_asked_again(tree: Path) -> None:
    scanned()
    (tree / "pyproject.toml").write_text("[tool.migrate]\nignore = ['REM']\n")
    assert [each.code for each in scanned().findings] == ["FILE904"]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "a folder"])
def test_a_damaged_cache_is_not_used(damage: str, tree: Path, parsed: list[str]) -> None:
    first = scanned()
    [path] = (tree / "cache").iterdir()
    data = path.read_bytes()
    if damage == "a folder":
        path.unlink()
        path.mkdir()
    else:
        changed = data.replace(b"REM101", b"REM999")
        path.write_bytes({"cut": data[:-9], "changed": changed, "empty": b""}[damage])
    parsed.clear()
    assert scanned() == first
    assert len(parsed) == FILES + 3


def test_a_folder_that_cannot_be_written_to(tree: Path) -> None:
    (tree / "cache").write_text("a file")
    assert len(scanned().findings) == FILES + 1


def test_old_results_are_removed(tree: Path) -> None:
    (tree / "cache").mkdir()
    for name, age in (("scan-old.json", 31), ("scan-new.json", 29), ("mine.json", 99)):
        (tree / "cache" / name).write_text("")
        then = time.time() - age * 24 * 3600
        os.utime(tree / "cache" / name, (then, then))
    scanned()
    names = {path.name for path in (tree / "cache").iterdir()}
    assert "scan-old.json" not in names
    assert {"scan-new.json", "mine.json"} < names
    assert len(names) == 3


def test_the_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert files.cache_folder() == os.path.join("/caches", "estimator-migrate")

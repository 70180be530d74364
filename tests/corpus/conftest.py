"""Installs the legacy packages that the jobs run, and prints the table of the jobs."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.recording import pythons

UNREACHABLE = "connection broken by"  # what pip warns of before it gives up on an index
SOURCE_ONLY = "gym,promise"  # pure Python without a wheel


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.subprocess)


@pytest.fixture(scope="package", autouse=True)
def _without_forks() -> Iterator[None]:
    """Starts Python for every program: real programs decide what is imported first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(pythons.WITHOUT_FORKS, "1")
        yield


@pytest.fixture(scope="session")
def installed() -> Callable[[str], Path]:
    """Maps `name==version` to a folder that holds that package, without its dependencies.

    The folder is kept outside the checkout, is installed once for each version of Python (a wheel
    may hold compiled code), and is there whole or not at all.
    It is called `site-packages`, as in an environment: what is in it is legacy only by `--legacy`.
    """
    return installation


def installation(requirement: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    tag = f"py{sys.version_info.major}.{sys.version_info.minor}"
    target = cache / "estimator-compat-corpus" / tag / requirement.replace("==", "-")
    if target.exists():
        return target / "site-packages"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".installing-") as folder:
        whole = Path(folder) / "whole"
        _install(requirement, whole / "site-packages")
        try:
            whole.rename(target)
        except OSError:  # another session was first; its folder is whole, too
            if not target.exists():
                raise
    return target / "site-packages"


def _install(requirement: str, folder: Path) -> None:
    binary = ["--only-binary=:all:", f"--no-binary={SOURCE_ONLY}"]
    options = ["--quiet", "--no-deps", *binary, "--retries=1", f"--target={folder}"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, requirement],
        capture_output=True,
        text=True,
    )
    if done.returncode and UNREACHABLE in done.stderr:
        pytest.skip(f"`{requirement}` is not in the cache, and PyPI could not be reached")
    assert done.returncode == 0, done.stderr


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _write_jobs(terminalreporter, _recorded(terminalreporter, "corpus"))
    _write_imports(terminalreporter, _recorded(terminalreporter, "corpus imports"))
    _write_ledgers(terminalreporter, _recorded(terminalreporter, "ledgers"))


def _write_ledgers(terminalreporter: pytest.TerminalReporter, counts: list[Any]) -> None:
    row = "{:<34} {:>18} {:>9} {:>15}  {}".format
    if counts:
        heads = ("package", "model_fns built", "exact", "partial", "stopped by")
        terminalreporter.write_line(row(*heads))
    for package, built, exact, stopped in counts:
        partial = len(stopped.split("; ")) if stopped else 0
        terminalreporter.write_line(row(package, built, exact, partial, stopped))


def _write_jobs(terminalreporter: pytest.TerminalReporter, jobs: list[Any]) -> None:
    row = "{:<34} {:<32} {:<40} {:>14} {:>12}".format
    if jobs:
        terminalreporter.write_line(row("package", "job", "needs", "loss at start", "at the end"))
    for package, job, needs, first, last in jobs:
        terminalreporter.write_line(row(package, job, needs, f"{first:.4f}", f"{last:.4f}"))


def _write_imports(terminalreporter: pytest.TerminalReporter, counts: list[Any]) -> None:
    row = "{:<34} {:>18} {:>9} {:>15}".format
    if counts:
        terminalreporter.write_line(
            row("package", "Estimator modules", "imported", "names all here")
        )
        counts.append(("all", *(sum(column) for column in list(zip(*counts, strict=True))[1:])))
    for each in counts:
        terminalreporter.write_line(row(*each))


def _recorded(terminalreporter: pytest.TerminalReporter, name: str) -> list[Any]:
    """What the passed tests recorded by that name."""
    return [
        value
        for report in terminalreporter.stats.get("passed", [])
        for recorded, value in report.user_properties
        if recorded == name
    ]

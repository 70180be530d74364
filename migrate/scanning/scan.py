"""From paths to a report: finds the files, scans them on all cores, and keeps what is wanted."""

from __future__ import annotations

import concurrent.futures
import functools
import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from migrate import findings, rules
from migrate.findings import Finding, ScanReport
from migrate.rules.base import Rule
from migrate.scanning import engine, files, settings
from migrate.scanning.engine import FileResult
from migrate.scanning.exports import TreeExports
from migrate.scanning.settings import Settings

# Below this number of files, one process is faster than the start of more.
_FEW = 64
_AT_ONCE = 16  # files that a process is given

Progress = Callable[[int, int], None]


def scan(
    paths: Sequence[str],
    *,
    overrides: dict[str, Any] | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> ScanReport:
    """Scans files and folders; nothing of them is imported or run.

    Args:
      paths: Files and folders.
      overrides: `Settings` that go before those of pyproject.toml.
      jobs: The number of processes; None for one for each core.
      progress: Called with the number of files that are done, and of all files.

    Raises:
      FileNotFoundError: A path does not exist.
      ValueError: There is no Python file in `paths`, or a setting is wrong.
    """
    overrides = overrides or {}
    exclude = overrides.get("exclude") or _settings(paths[0], overrides).exclude
    todo = list(files.find(paths, exclude))
    if not todo:
        raise ValueError(
            f"`PATHS` ({' '.join(paths)}) has no Python file; expected a file or a folder with "
            "files whose names end in .py; name another folder."
        )
    results = list(_results(todo, jobs or os.cpu_count() or 1, progress))
    found = [
        finding
        for path, result in zip(todo, results, strict=True)
        for finding in result.findings
        if _settings(path, overrides).wants(finding)
    ]
    return report(results, found)


def scan_text(data: bytes, path: str, *, overrides: dict[str, Any] | None = None) -> ScanReport:
    """Scans the content of one file.

    Args:
      data: The content.
      path: The path that findings give it.
      overrides: As in `scan`.
    """
    result = engine.scan_data(data, files.relative(path), _rules(), None)
    wanted = _settings(path, overrides or {})
    return report([result], [each for each in result.findings if wanted.wants(each)])


def report(results: Iterable[FileResult], found: Iterable[Finding]) -> ScanReport:
    """Puts the results of files together."""
    results = list(results)
    kept = findings.with_fingerprints(found)
    catalogue = rules.catalogue()
    return ScanReport(
        files=tuple(result.path for result in results),
        findings=tuple(kept),
        model_fns=tuple(each for result in results for each in result.model_fns),
        rules=tuple(catalogue[code].summary() for code in sorted({each.code for each in kept})),
    )


def _settings(path: str, overrides: dict[str, Any]) -> Settings:
    absolute = os.path.abspath(path)
    folder = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    return _merged(folder, tuple(sorted(overrides.items())))


@functools.cache
def _merged(folder: str, overrides: tuple[tuple[str, Any], ...]) -> Settings:
    return Settings(**{**settings.of_folder(folder), **dict(overrides)})


@functools.cache
def _rules() -> tuple[Rule, ...]:
    return tuple(rule() for rule in rules.catalogue().values())


def _results(todo: list[str], jobs: int, progress: Progress | None) -> Iterator[FileResult]:
    if jobs == 1 or len(todo) <= _FEW:
        scan_one = functools.partial(_scan_files, roots=_roots(todo))
        for done, path in enumerate(todo, 1):
            yield from scan_one([path])
            if progress is not None:
                progress(done, len(todo))
        return
    chunks = [todo[start : start + _AT_ONCE] for start in range(0, len(todo), _AT_ONCE)]
    context = multiprocessing.get_context("spawn" if os.name == "nt" else None)
    with concurrent.futures.ProcessPoolExecutor(min(jobs, len(chunks)), context) as pool:
        done = 0
        for chunk in pool.map(functools.partial(_scan_files, roots=_roots(todo)), chunks):
            yield from chunk
            done += len(chunk)
            if progress is not None:
                progress(done, len(todo))


def _roots(todo: list[str]) -> tuple[str, ...]:
    """Returns the folders whose modules may be read to follow an import."""
    return (os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in todo]),)


@functools.cache
def _exports(roots: tuple[str, ...]) -> TreeExports:
    return TreeExports(roots)


def _scan_files(paths: list[str], roots: tuple[str, ...]) -> list[FileResult]:
    """Scans files in one process; the garbage collector would only walk over syntax trees."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        exports = _exports(roots)
        return [engine.scan_file(path, _rules(), exports.of_file(path)) for path in paths]
    finally:
        if was_enabled:
            gc.enable()

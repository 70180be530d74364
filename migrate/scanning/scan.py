"""From paths to a report: finds the files, scans them on all cores, and keeps what is wanted."""

from __future__ import annotations

import dataclasses
import functools
import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from migrate import findings, rules
from migrate.findings import Finding, ScanReport
from migrate.rules.base import Rule
from migrate.scanning import engine, files, settings
from migrate.scanning.engine import FileResult
from migrate.scanning.exports import Asked, TreeExports
from migrate.scanning.settings import Settings

if TYPE_CHECKING:
    from migrate.scanning.cache import Cache

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
    cache_folder: str | None = None,
) -> ScanReport:
    """Scans files and folders; nothing of them is imported or run.

    Args:
      paths: Files and folders.
      overrides: `Settings` that go before those of pyproject.toml.
      jobs: The number of processes; None for one for each core.
      progress: Called with the number of files that are done, and of all files.
      cache_folder: Where a scan of many files keeps results for the next scan; None for nowhere.

    Raises:
      FileNotFoundError: A path does not exist.
      ValueError: There is no Python file in `paths`, or a setting is wrong.
    """
    overrides = overrides or {}
    _forget_settings()
    exclude = overrides.get("exclude") or _settings(paths[0], overrides).exclude
    todo = list(files.find(paths, exclude))
    if not todo:
        raise ValueError(
            f"`PATHS` ({' '.join(paths)}) has no Python file; expected a file or a folder with "
            "files whose names end in .py; name another folder."
        )
    cache = None
    if cache_folder is not None and len(todo) > _FEW:
        from migrate.scanning.cache import Cache

        cache = Cache(cache_folder, [*paths, *exclude])
    results = _results(todo, jobs or os.cpu_count() or 1, progress, cache)
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
    _forget_settings()
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
        canned_estimators=tuple(each for result in results for each in result.canned_estimators),
        rules=tuple(catalogue[code].summary() for code in sorted({each.code for each in kept})),
    )


def _settings(path: str, overrides: dict[str, Any]) -> Settings:
    absolute = os.path.abspath(path)
    folder = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    return _merged(folder, tuple(sorted(overrides.items())))


def _forget_settings() -> None:
    """Forgets what an earlier scan has read: the files may have changed."""
    settings.of_folder.cache_clear()
    _merged.cache_clear()


@functools.cache
def _merged(folder: str, overrides: tuple[tuple[str, Any], ...]) -> Settings:
    return Settings(**{**settings.of_folder(folder), **dict(overrides)})


@functools.cache
def _rules() -> tuple[Rule, ...]:
    return tuple(rule() for rule in rules.catalogue().values())


def _results(
    todo: list[str], jobs: int, progress: Progress | None, cache: Cache | None
) -> list[FileResult]:
    roots = _roots(todo)
    known = _known(todo, cache, TreeExports(roots)) if cache is not None else {}
    new = [path for path in todo if path not in known]
    chunks = [new[start : start + _AT_ONCE] for start in range(0, len(new), _AT_ONCE)]
    done = len(known)
    results = dict(known)
    for scanned in _results_of_chunks(chunks, 1 if len(new) <= _FEW else jobs, roots):
        for path, result in zip(new[done - len(known) :], scanned, strict=False):
            results[path] = result
            if cache is not None:
                cache.keep(result)
        done += len(scanned)
        if progress is not None:
            progress(done, len(todo))
    if cache is not None:
        cache.write()
    return [results[path] for path in todo]


def _known(todo: list[str], cache: Cache, exports: TreeExports) -> dict[str, FileResult]:
    """Returns the results of an earlier scan that still hold."""
    if cache.is_empty:
        return {}
    found = {}
    for path in todo:
        shown = files.relative(path)
        data = files.read(path)
        if data is not None:
            result = cache.find(files.key_of(shown, data), shown, exports.of_file(path))
            if result is not None:
                found[path] = result
    return found


def _results_of_chunks(
    chunks: list[list[str]], jobs: int, roots: tuple[str, ...]
) -> Iterator[list[FileResult]]:
    if jobs == 1:
        exports = TreeExports(roots)
        yield from (_scan_files(chunk, exports) for chunk in chunks)
        return
    # These take longer to import than a small scan takes.
    import concurrent.futures
    import multiprocessing

    context = multiprocessing.get_context("spawn" if os.name == "nt" else None)
    with concurrent.futures.ProcessPoolExecutor(min(jobs, len(chunks)), context) as pool:
        yield from pool.map(functools.partial(_scan_in_worker, roots=roots), chunks)


def _scan_in_worker(paths: list[str], roots: tuple[str, ...]) -> list[FileResult]:
    return _scan_files(paths, _exports_of_worker(roots))


@functools.cache
def _exports_of_worker(roots: tuple[str, ...]) -> TreeExports:
    """Returns what the tree exports; a worker process ends with its scan."""
    return TreeExports(roots)


def _scan_files(paths: list[str], exports: TreeExports) -> list[FileResult]:
    """Scans files in this process; the garbage collector would only walk over syntax trees."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return [_scan_file(path, exports) for path in paths]
    finally:
        if was_enabled:
            gc.enable()


def _scan_file(path: str, exports: TreeExports) -> FileResult:
    asked = Asked(exports.of_file(path))
    return dataclasses.replace(
        engine.scan_file(path, _rules(), asked, exports.tree), asked=asked.answers
    )


def _roots(todo: list[str]) -> tuple[str, ...]:
    """Returns the folders whose modules may be read to follow an import."""
    return (os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in todo]),)


def exports_of(paths: Iterable[str]) -> TreeExports:
    """Returns what the modules of a scanned tree export.

    Args:
      paths: The files that were scanned.
    """
    return TreeExports(_roots(list(paths)))


def settings_of(path: str, overrides: dict[str, Any]) -> Settings:
    """Returns the settings of a file.

    Args:
      path: The file.
      overrides: As in `scan`.
    """
    return _settings(path, overrides)

"""A program: imports each Estimator module of packages under the facade, each in a child process.

Its arguments are folders of packages. It prints JSON: for each folder and each module in it, why
the import failed ("" if it did not fail), and the names of TensorFlow that the facade lacks.
"""

import ast
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from estimator_compat import facade
from estimator_compat.facade import names
from tests.corpus.legacy_files import estimator_files, module_name, names_used
from tests.corpus.stand_ins import StandInFinder, own_packages

LONGEST_SECONDS = 100


def in_a_child(function: Callable[..., str], *arguments: object) -> str:
    """Returns what a function returns in a forked process, which prints nothing."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        signal.alarm(LONGEST_SECONDS)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            os.write(writing, f" {function(*arguments)}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(process, 0)
    return told[1:] if told else f"the process ended with status {status}"


def import_error(site: Path, module: str, finder: StandInFinder) -> str:
    """Imports a module; returns the error as text, "" for no error."""
    facade.install(own_packages(site))
    sys.path.insert(0, str(site))
    sys.meta_path.append(finder)
    try:
        importlib.import_module(module)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def missing_part(name: str) -> str | None:
    """The start of a dotted name, up to the first part that the facade lacks; None for no such."""
    found, parts = names.find(name.partition(".")[0]), name.split(".")
    for end, part in enumerate(parts[1:], start=2):
        if not isinstance(found, ModuleType):  # attributes of classes and values do not count
            return None
        try:
            found = getattr(found, part)
        except AttributeError:
            return ".".join(parts[:end])
    return name if isinstance(found, names.Missing) else None


def missing_names(path: Path) -> list[str]:
    used = names_used(ast.parse(path.read_text()))
    return sorted({missing for name in used if (missing := missing_part(name))})


def swept(site: Path) -> dict[str, tuple[str, list[str]]]:
    files = {module_name(path, site): path for path in estimator_files(site)}
    # First in this process: what TensorFlow loads for the names, the children need not load.
    missing = {module: missing_names(path) for module, path in files.items()}
    finder = StandInFinder(site)
    return {
        module: (in_a_child(import_error, site, module, finder), missing[module])
        for module in files
    }


if __name__ == "__main__":
    print(json.dumps({site: swept(Path(site)) for site in sys.argv[1:]}))

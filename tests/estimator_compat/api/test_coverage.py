"""The table of names: the copy in the repository is current, and its statuses are true."""

import importlib.util
import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import estimator_compat
from estimator_compat.api import coverage
from estimator_compat.api.coverage import Kind, Status
from tests.recording.commands import ROOT, printed
from tests.recording.commands import estimator_compat as run

ESTIMATORS = coverage.estimator_names()
CONTRIB, PROJECTS = coverage.contrib_names()
NAMES = [*ESTIMATORS, *CONTRIB]
HERE = (Kind.HERE, Kind.DIFFERENT)

USE = """
import json
import tensorflow as tf

def use(name):
    found = tf
    for part in name.split("."):
        found = getattr(found, part)
    if type(found).__name__ == "Missing":
        found()

def told(name):
    try:
        use(name)
    except AttributeError as error:
        return str(error)
    return ""

print(json.dumps({name: told(name) for name in NAMES}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The error message of each name when a program uses the name; "" for no error."""
    lines = printed(f"NAMES = {NAMES}\n{USE}", tmp_path_factory.mktemp("program"))
    found: dict[str, str] = json.loads(lines[-1])
    return found


@pytest.mark.subprocess
def test_the_copy_in_the_repository_is_current() -> None:
    done = run("names")
    assert done.returncode == 0, done.stderr
    assert (ROOT / "estimator_compat" / "NAMES.md").read_text() == done.stdout, (
        "run: python -m estimator_compat names > estimator_compat/NAMES.md"
    )


def test_the_table_has_every_name() -> None:
    rows = coverage.render().splitlines()
    for name in NAMES:
        assert sum(row.startswith(f"| `tf.{name}` |") for row in rows) == 1, name
    assert len(ESTIMATORS) == 85
    assert all(1 < count <= PROJECTS for count in CONTRIB.values())


@cache
def _is_installed(remark: str) -> bool:
    """Tells whether the package of the extra that a remark names is installed."""
    package = {"[contrib]": "tf_slim", "[tensorboard]": "tensorboard"}
    return all(
        importlib.util.find_spec(module) for extra, module in package.items() if extra in remark
    )


@pytest.mark.subprocess
@pytest.mark.parametrize("name", [name for name in NAMES if coverage.status(name).kind in HERE])
def test_what_is_here(name: str, told: dict[str, str]) -> None:
    if _is_installed(coverage.status(name).remark):
        assert told[name] == ""


@pytest.mark.subprocess
@pytest.mark.parametrize("name", [n for n in NAMES if coverage.status(n).kind not in HERE])
def test_what_is_not_here_says_so_when_it_is_used(name: str, told: dict[str, str]) -> None:
    status, message = coverage.status(name), told[name]
    assert message.startswith(f"`tf.{name}` ")
    assert message.count("; ") >= 2, "what was wrong; what was expected; what to do"
    if status.kind is Kind.NEVER:
        assert status.remark, name
        assert message.endswith(f"; {status.remark}.")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("estimator.EvalSpec", Status(kind=Kind.HERE)),
        ("contrib.nosuch.thing", Status(kind=Kind.LATER)),
        (
            "contrib.gan.anything",
            Status(kind=Kind.NEVER, remark="use the tensorflow-gan package"),
        ),
        (
            "contrib.training.HParams",
            Status(kind=Kind.DIFFERENT, remark="no protocol buffers"),
        ),
    ],
)
def test_a_status(name: str, status: Status) -> None:
    assert coverage.status(name) == status


def _ours(name: str) -> Any:
    """The table has the arguments of `tf.compat.v1.estimator`."""
    found: Any = estimator_compat.v1
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


WITH_ARGUMENTS = [
    name
    for name, arguments in ESTIMATORS.items()
    if coverage.status(name).kind in HERE and arguments and not arguments[0].startswith("*")
]


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_the_arguments_are_the_originals(name: str) -> None:
    parameters = inspect.signature(_ours(name)).parameters.values()
    stars: dict[Any, str] = {inspect.Parameter.VAR_KEYWORD: "**"}
    assert ESTIMATORS[name] == [
        stars.get(one.kind, "") + one.name + ("=" if one.default is not one.empty else "")
        for one in parameters
    ]


def test_the_readme_links_to_it() -> None:
    assert "(estimator_compat/NAMES.md)" in Path(ROOT / "README.md").read_text()

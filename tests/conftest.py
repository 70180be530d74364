"""Keeps tests apart, guards `subprocess`, has the inner loop, and prints the table of verdicts."""

import logging
import math
import os
import sys
import time
from collections.abc import Generator, Iterator
from typing import Any

import hypothesis
import pytest

# No test depends on how busy the machine is.
hypothesis.settings.register_profile(
    "any load", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any load")

# The test that runs now.
_running: list[pytest.Item] = []


def pytest_runtest_setup(item: pytest.Item) -> None:
    _running[:] = [item]


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Raises an error if a test without the mark `subprocess` starts a Python process."""
    if event != "subprocess.Popen" or not _running:
        return
    program, command = arguments[:2]
    name = os.path.basename(os.fspath(program or command[0]))
    if name.startswith("python") and not _running[0].get_closest_marker("subprocess"):
        raise AssertionError(
            f"`{_running[0].nodeid}` starts a Python process; expected the mark `subprocess` on "
            "a test that does; add it."
        )


sys.addaudithook(_guard)

# The inner loop: `--quick` leaves out the tests that start Python processes, those that took
# longer, in seconds, the last time, and those that need a fixture of a module that did. Without the
# first test of a module, the next one would have to wait for the fixture, or for the process.
_QUICK = 0.2
_DURATIONS, _FIXTURES = "durations", "fixtures"
_took: dict[str, float] = {}
_fixtures_took: dict[str, float] = {}
# Those that the test that runs now has made, in seconds.
_made: dict[str, float] = {}


def _fixture_key(fixture: pytest.FixtureDef[Any]) -> str:
    return f"{fixture.baseid}::{fixture.argname}"


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    start = time.perf_counter()
    try:
        return (yield)
    finally:
        if fixturedef.scope != "function":
            _made[_fixture_key(fixturedef)] = time.perf_counter() - start


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "setup":
        report.fixtures = dict(_made)  # type: ignore[attr-defined]  # xdist passes it on
        _made.clear()
    return report


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help=f"the inner loop: leave out tests that start processes, or took over {_QUICK} s last",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("quick"):
        # Rewriting the asserts of all tests takes a third of the inner loop, where Python is told
        # not to keep what it has compiled (PYTHONDONTWRITEBYTECODE).
        sys.dont_write_bytecode = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    cache = getattr(config, "cache", None)  # there is none with `-p no:cacheprovider`
    if not config.getoption("quick") or cache is None:
        return
    durations, fixtures = cache.get(_DURATIONS, {}), cache.get(_FIXTURES, {})

    def seconds(item: pytest.Item) -> float:
        if item.get_closest_marker("subprocess"):
            return math.inf
        needed = getattr(item, "_fixtureinfo", None)
        made = [one for each in needed.name2fixturedefs.values() for one in each] if needed else []
        times = [fixtures.get(_fixture_key(one), 0.0) for one in made]
        return max([durations.get(item.nodeid, 0.0), *times])

    slower = [item for item in items if seconds(item) > _QUICK]
    config.hook.pytest_deselected(items=slower)
    items[:] = [item for item in items if seconds(item) <= _QUICK]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _took[report.nodeid] = _took.get(report.nodeid, 0.0) + report.duration
    for name, seconds in getattr(report, "fixtures", {}).items():
        _fixtures_took[name] = max(seconds, _fixtures_took.get(name, 0.0))


def pytest_sessionfinish(session: pytest.Session) -> None:
    cache = getattr(session.config, "cache", None)
    if cache is not None and not hasattr(session.config, "workerinput"):
        cache.set(_DURATIONS, {**cache.get(_DURATIONS, {}), **_took})
        cache.set(_FIXTURES, {**cache.get(_FIXTURES, {}), **_fixtures_took})


_ROW = "{:<75} {:<11} {}".format
_LOGGERS = ("tensorflow", "absl")


@pytest.fixture(autouse=True)
def loggers_put_back() -> Iterator[None]:
    """Restores the settings of TensorFlow's loggers after each test."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    were = [(one.level, one.propagate, list(one.handlers)) for one in loggers]
    yield
    for logger, (level, propagate, handlers) in zip(loggers, were, strict=True):
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    verdicts = _recorded(terminalreporter)
    if not verdicts:
        return
    terminalreporter.write_line(_ROW("model_fn", "verdict", "not compared"))
    for name, outcome, left_out in verdicts:
        reasons = [f"{stage}: {reason}" for stage, reason in left_out.items()]
        terminalreporter.write_line(_ROW(name, outcome, "; ".join(reasons)).rstrip())
    same = sum(outcome in ("identical", "equivalent") for _, outcome, _ in verdicts)
    terminalreporter.write_line(f"identical or equivalent: {same} of {len(verdicts)}")


def _recorded(terminalreporter: pytest.TerminalReporter) -> list[Any]:
    return [
        value
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, [])
        for recorded, value in report.user_properties
        if recorded == "verdict"
    ]


@pytest.fixture(params=["2", "1"])
def shapes_of_tensorflow(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test with the static shapes of TensorFlow 2, and with those of TensorFlow 1.

    Code that the facade loads has the latter: an unknown size is an object that equals nothing.
    """
    import tensorflow.compat.v1 as tf1

    if request.param == "1":
        tf1.disable_v2_tensorshape()
    try:
        yield request.param
    finally:
        tf1.enable_v2_tensorshape()

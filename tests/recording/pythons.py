"""The Python to start programs with: one that has TensorFlow imported already."""

from __future__ import annotations

import atexit
import functools
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Start Python itself for each program where this environment variable is set.
WITHOUT_FORKS = "TESTS_WITHOUT_FORKS"
MODULES = ("numpy", "tensorflow", "tensorflow.compat.v1")


def with_tensorflow(*, legacy_keras: bool = True) -> tuple[str, ...]:
    """Returns what to write for `python` in a command whose program imports TensorFlow.

    The program runs in a fork of a process that has imported TensorFlow and done nothing else
    (`fork_server`). Where the order of imports is the question, or TensorFlow must not be there,
    use `sys.executable`.

    Args:
        legacy_keras: Whether TensorFlow was asked for legacy Keras when it was imported.
    """
    if WITHOUT_FORKS in os.environ:
        return (sys.executable,)
    client = Path(__file__).with_name("fork_client.py")
    return (sys.executable, "-I", "-S", str(client), _server(legacy_keras))


@functools.cache
def _server(legacy_keras: bool) -> str:
    """Starts a server of this process, and returns the address that it listens at."""
    folder = tempfile.TemporaryDirectory(prefix="forks-")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address := f"{folder.name}/socket")
    listener.listen(64)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["TF_USE_LEGACY_KERAS"] = "1" if legacy_keras else "0"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.recording.fork_server", str(listener.fileno()), *MODULES],
        cwd=ROOT,
        env=environment,
        pass_fds=[listener.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    listener.close()

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return address

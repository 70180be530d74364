"""A Python that has imported TensorFlow, and forks a process for each requested program.

    python -m tests.recording.fork_server LISTENING_FD MODULE...

Importing TensorFlow takes most of the time of a short program. A fork made straight after the
import is a separate process, in which nothing of TensorFlow has run yet: no switch is set, no
graph, session or thread pool exists. Programs ask through `fork_client`. The server ends when its
standard input does, which its parent holds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
import types
from typing import Any

# Seconds between two looks at a program that runs.
PAUSE = 0.01

Request = dict[str, Any]


def receive(connection: socket.socket) -> tuple[Request, list[int]]:
    """Returns the request (`arguments`, `folder`, `environment`) and the three standard streams."""
    head, streams, _, _ = socket.recv_fds(connection, 8, 3)
    text = b""
    while len(text) < int.from_bytes(head, "big"):
        text += connection.recv(1 << 16)
    return json.loads(text), streams


def watch(program: int, connection: socket.socket) -> None:
    """Tells the client the process's id and wait status; kills it if the client ends."""
    connection.sendall(program.to_bytes(8, "big"))
    while True:
        ended, status = os.waitpid(program, os.WNOHANG)
        if ended:
            connection.sendall(status.to_bytes(8, "big"))
            return
        if select.select([connection], [], [], PAUSE)[0]:
            os.kill(program, signal.SIGKILL)
            os.waitpid(program, 0)
            return


def serve(listener: socket.socket) -> Request | None:
    """Forks for every request. Returns in each program, with its request; None at the end."""
    watching: set[int] = set()
    while True:
        sources: list[socket.socket | int] = [listener, 0]
        ready, _, _ = select.select(sources, [], [])
        watching -= {one for one in watching if os.waitpid(one, os.WNOHANG)[0]}
        if listener not in ready:
            return None
        connection, _ = listener.accept()
        watcher = os.fork()
        if not watcher:
            listener.close()
            return _watched(connection)
        connection.close()
        watching.add(watcher)


def _watched(connection: socket.socket) -> Request | None:
    """Forks once more: the program's process returns, the other one watches it and ends here."""
    try:
        request, streams = receive(connection)
        program = os.fork()
        if program:
            for stream in streams:
                os.close(stream)
            watch(program, connection)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    if program:
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    return request


def prepare(request: Request, path: list[str]) -> None:
    """Gives this process what a Python that was just started would have."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:] = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), *path]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # The forks would draw the same numbers otherwise.


def execute(arguments: list[str]) -> None:
    """Runs a program as `python ARGUMENTS` does: `-m module`, `-c text` or a file."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return
    if arguments[0] == "-c":
        sys.argv = ["-c", *arguments[2:]]
        sys.path.insert(0, "")
        text, name = arguments[1], "<string>"
    else:
        sys.argv, name = arguments, arguments[0]
        sys.path.insert(0, os.path.dirname(os.path.realpath(name)))
        with open(name, encoding="utf-8") as file:
            text = file.read()
    module = types.ModuleType("__main__")
    if name != "<string>":
        module.__file__ = name
    sys.modules["__main__"] = module
    exec(compile(text, name, "exec"), vars(module))


def main(listening: str, *modules: str) -> None:
    path = sys.path[1:]
    inherited = set(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    path = [folder for folder in path if folder not in inherited]
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # What was imported need not be looked through at the end of every fork.
    request = serve(socket.socket(fileno=int(listening)))
    if request is not None:
        prepare(request, path)
        execute(request["arguments"])


if __name__ == "__main__":
    main(*sys.argv[1:])

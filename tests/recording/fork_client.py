"""Stands for a process that `fork_server` forks: streams, signals, exit status.

    python -I -S fork_client.py SOCKET ARGUMENT...

runs `python ARGUMENT...` in a fork of the server. The parent can interrupt, end or kill this
process as if it were the program itself.
"""

import json
import os
import signal
import socket
import sys
from typing import Any


def main(address: str, *arguments: str) -> None:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    request = {
        "arguments": arguments,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
    }
    text = json.dumps(request).encode()
    socket.send_fds(connection, [len(text).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(text)
    program = _number(connection)

    def forward(number: int, frame: Any) -> None:
        os.kill(program, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, forward)
    _end_with(_number(connection))


def _number(connection: socket.socket) -> int:
    received = connection.recv(8)
    if len(received) < 8:
        sys.exit("the fork server ended; expected it to run as long as its tests; see its stderr.")
    return int.from_bytes(received, "big")


def _end_with(status: int) -> None:
    """Ends as the program did, by the same signal where it was one."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        os._exit(code)
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The program of a subject's process: `python .../subject_calls/__main__.py GREETING`.

Requests come in on stdin, and answers go out on stdout. What the user's code prints to stdout goes
to stderr.
"""

import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Serves the subject that the argument names."""
    # Ctrl-C reaches all processes of a terminal: the process that asks ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    # The folder of this file is no place for top-level modules; that of `migrate` is.
    sys.path[0] = str(Path(__file__).resolve().parents[3])
    from migrate.verifying.subject_calls import quiet_imports

    with quiet_imports.without_legacy_keras():
        from migrate.verifying.subject_calls import server
    from migrate.verifying.subject_calls.greeting import Greeting

    server.serve(Greeting.from_text(sys.argv[1]), requests, answers)


if __name__ == "__main__":
    main()

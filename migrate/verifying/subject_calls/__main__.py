"""The program of a subject's process: `python .../subject_calls/__main__.py GREETING`.

Requests come in on stdin, and answers go out on what was stdout. What the user's code prints goes
to
stderr: stdout belongs to the process that asks.
"""

import os
import signal
import sys
import types


def _import_server() -> types.ModuleType:
    """Imports the server without `estimator_compat/__init__.py`, which asks for legacy Keras.

    The modules of `estimator_compat` are taken out of `sys.modules` again. If the user's code
    imports the package, it is imported as in the user's own program, and asks for legacy Keras
    then.
    """
    top = os.path.abspath(__file__)
    for _ in range(4):  # this file, subject_calls, verifying, migrate
        top = os.path.dirname(top)
    sys.path[0] = top  # in the place of this file's folder, whose modules are no top-level modules
    package = types.ModuleType("estimator_compat")
    package.__path__ = [os.path.join(top, "estimator_compat")]
    sys.modules["estimator_compat"] = package
    from migrate.verifying.subject_calls import server

    for name in list(sys.modules):
        if name.partition(".")[0] == "estimator_compat":
            del sys.modules[name]
    return server


def main() -> None:
    """Serves the subject that the argument names."""
    # Ctrl-C reaches all processes of a terminal: the process that asks ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    server = _import_server()
    from migrate.verifying.subject_calls.greeting import Greeting

    server.serve(Greeting.from_text(sys.argv[1]), requests, answers)


if __name__ == "__main__":
    main()

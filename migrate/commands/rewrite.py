"""`migrate rewrite`: makes the safe edits, and says what is left for a person."""

import argparse
import os
import sys
from typing import Any

from migrate.commands.argument_types import comma_separated, positive

HELP = "makes the safe edits of `migrate scan`: diff, check, write, or a patch a rule"
DESCRIPTION = """\
Makes the edits that are safe, and lists what is left for a person. By default it prints a diff to
standard output, and the rest to standard error; nothing is written. Nothing of the code is imported
or run. Of notebooks, the source of cells changes, and lines of IPython are left alone. Files of
Python 2 are left alone. `-` reads one file from standard input; with --write, it is printed as it
is afterwards.

It edits:
  tf.estimator.X          -> estimator_compat.X; also imports, aliases, tensorflow_estimator, and
                             the private files of tensorflow.python.estimator. `import
                             estimator_compat` comes before TensorFlow: it asks for legacy Keras
  tf.contrib.X            -> a drop-in equal in tf.compat.v1 or estimator_compat, where there is one
  import tensorflow as tf -> import tensorflow.compat.v1 as tf, with tf.disable_v2_behavior(), in a
                             file that was written for TensorFlow 1
  tf.X                    -> tf.compat.v1.X in other files
  keep_dims=, dim=, ...   -> keepdims=, axis=, ..., where TensorFlow has only the new name
  shape[0].value          -> tf.compat.dimension_value(shape[0])

An edit is safe if the program does what it did on the TensorFlow that it was written for. `migrate
rules CODE` says when that is so. Every other byte of a file stays, such as its line ends and its
encoding. To rewrite twice changes nothing more. A file is replaced as a whole: a process that is
killed leaves the old file or the new one; permissions and links stay.

Settings are read from `[tool.migrate]` of the nearest pyproject.toml, and comments `# migrate:
ignore[CODE]` count, as for `migrate scan`.

With --format=json, the keys are:
  files      path, edits (the number of findings that are mended), rules (that number by code), diff
  left_out   paths that --max-changes leaves out
  findings   what is left, as `migrate scan --format=json` writes it
"""
EPILOG = """\
exit status:
  0  done, whatever is left for a person
  1  with --check: a file would change
  2  an error, such as a path that does not exist, or a file that cannot be written

examples:
  migrate rewrite src
  migrate rewrite src --check
  migrate rewrite src --write
  migrate rewrite src --select=REM101 | git apply
  migrate rewrite src --patches=patches; git apply patches/*.patch
  migrate rewrite - --write --stdin-filename=model.py <model.py
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--diff", action="store_true", help="print a diff (the default)")
    modes.add_argument(
        "--check", action="store_true", help="list the files that would change, and end with 1"
    )
    modes.add_argument("--write", action="store_true", help="change the files")
    modes.add_argument(
        "--patches",
        metavar="DIR",
        help="write a patch for each rule to this new folder, to apply one after another",
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="make edits, too, after which a person must look whether the program does the same",
    )
    for name, what in (("select", "only the edits of"), ("ignore", "no edits of")):
        parser.add_argument(
            f"--{name}",
            type=comma_separated,
            metavar="CODES",
            help=f"{what} these codes, or codes that begin so; separated by commas",
        )
    parser.add_argument(
        "--exclude", type=comma_separated, metavar="GLOBS", help="leave these files or folders out"
    )
    parser.add_argument(
        "--max-changes",
        type=positive,
        metavar="N",
        help="make at most N edits; a file that would need more is left out as a whole",
    )
    parser.add_argument(
        "--format",
        default="terminal",
        choices=["terminal", "json"],
        help="how to print what changes and what is left (default: terminal)",
    )
    parser.add_argument(
        "--jobs", type=positive, metavar="N", help="number of processes (default: one a core)"
    )
    parser.add_argument(
        "--stdin-filename", default="stdin.py", metavar="PATH", help="the path for `-`"
    )
    parser.add_argument("--verbose", action="store_true", help="show the tracebacks of errors")


def run(options: argparse.Namespace) -> int:
    """Rewrites, prints what changes and what is left, and returns the exit status."""
    if options.patches:
        _refuse_patches(options.patches)
    data = sys.stdin.buffer.read() if options.paths == ["-"] else None
    rewrite = _rewrite(options, data)
    if data is not None and options.write:
        return _write_out(rewrite, data)
    failed = _write(rewrite) if options.write else []
    if options.patches:
        _write_patches(rewrite, options.patches)
    _print(rewrite, options)
    for problem in failed:
        print(f"migrate rewrite: {problem}", file=sys.stderr)
    if failed:
        return 2
    return 1 if options.check and rewrite.changes else 0


def _write_out(rewrite: Any, data: bytes) -> int:
    """Prints what standard input holds afterwards, and what is left to standard error."""
    from migrate.reports import rewrite_text

    sys.stdout.buffer.write(rewrite.changes[0].after if rewrite.changes else data)
    sys.stdout.buffer.flush()
    text = rewrite_text.render(rewrite, verb="changed", names_files=False)
    print(text, end="", file=sys.stderr)
    return 0


def _rewrite(options: argparse.Namespace, data: bytes | None) -> Any:
    from migrate.rewriting import tree

    overrides: dict[str, Any] = {
        name: value
        for name in ("select", "ignore", "exclude")
        if (value := getattr(options, name)) is not None
    }
    limits = {"unsafe": options.unsafe, "max_changes": options.max_changes}
    if data is not None:
        return tree.rewrite_text(data, options.stdin_filename, overrides=overrides, **limits)
    return tree.rewrite(options.paths, overrides=overrides, jobs=options.jobs, **limits)


def _print(rewrite: Any, options: argparse.Namespace) -> None:
    from migrate.reports import rewrite_json, rewrite_text

    if options.format == "json":
        sys.stdout.write(rewrite_json.render(rewrite))
        return
    is_diff = not (options.check or options.write or options.patches)
    if is_diff:
        sys.stdout.flush()
        sys.stdout.buffer.write(rewrite_text.diff(rewrite))
        sys.stdout.buffer.flush()
    verb = "changed" if options.write else "would change"
    text = rewrite_text.render(rewrite, verb=verb, names_files=not is_diff)
    print(text, end="", file=sys.stderr if is_diff else sys.stdout)


def _write(rewrite: Any) -> list[str]:
    """Writes the files, and returns why some could not be written; the others are."""
    from migrate.rewriting import atomic_files

    failed = []
    for change in rewrite.changes:
        try:
            atomic_files.replace(change.path, change.before, change.after)
        except OSError as error:
            why = f"{change.path}: {error.strerror}" if error.strerror else str(error)
            failed.append(f"not written: {why}")
    return failed


def _refuse_patches(folder: str) -> None:
    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise ValueError(
            f"`--patches` ({folder}) is there already; expected a new or an empty folder; name "
            "another one, or remove it."
        )


def _write_patches(rewrite: Any, folder: str) -> None:
    from migrate.reports import rewrite_text

    os.makedirs(folder, exist_ok=True)
    for name, patch in rewrite_text.patches(rewrite):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(patch)

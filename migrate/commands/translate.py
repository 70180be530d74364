"""`migrate translate`: writes a model_fn as a TF2 training loop."""

import argparse
import ast
import dataclasses
import json
import os
import re
import sys
from typing import Any

from migrate.commands import target_arguments
from migrate.commands.argument_types import positive
from migrate.commands.target_arguments import TARGET

HELP = "writes a TF2 training loop, as source that you own, and proves it"
DESCRIPTION = f"""\
Writes a model_fn as the source of a TF2 training loop: one module with the model as Keras layers,
the loss of each example, its reduction spelled out, the optimizer with the legacy update, training,
evaluation, predictions, checkpoints and summaries. The module imports TensorFlow, Keras and absl,
and nothing of this package. Its variables have their legacy names, so that an Estimator's
checkpoint continues in it.

The model_fn is run: its graph is built in each mode, and the calls in its source are recorded. The
forward pass is then read from the source, the loss from the ledger, and the optimizer from the
graph. What cannot be translated is refused with its line, and nothing is written.

A forward pass that cannot be read is kept, if the rest of the model_fn can be: the module then
calls the functions of the program that make the variables, and says which. --keep=NAME keeps a
function in any case; --translate=NAME keeps it in no case.

--verify proves the module, as `migrate verify TARGET --subject=FILE:Loop` does: its numbers are
held to those of the model_fn under an Estimator, in all stages, and the first batches of its inputs
to those of the program.

--test=test_loop.py writes a test beside the module, for pytest, and test_loop.npz with numbers of
the model_fn under an Estimator: its losses, variables, metrics and predictions, from weights other
than the initial ones, on batches of which one is short and one has weights of 0. The test needs
TensorFlow and pytest, and neither this package nor the legacy program. It is run once.

{TARGET}
Without TARGET, the command translates the embedded example into penguins_loop.py, and proves it.
"""
EPILOG = """\
exit status:
  0  written, and with --verify identical or equivalent in all stages; the test passes
  1  written, and --verify found a difference, or the test fails
  2  refused, not verified, or an error

examples:
  migrate translate
  migrate translate --facade model.py:model_fn --input_fn=data.py:train -o loop.py --verify
  migrate translate targets.py:classifier -o loop.py --test=test_loop.py
  migrate translate targets.py:classifier -o loop.py --format=json

What the command does, migrate.translate does in Python: see help(migrate.translate).
"""
_EXAMPLE = "penguins_loop.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    target_arguments.add(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="the module (default: stdout)")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    parser.add_argument(
        "--keras",
        choices=["3", "tf_keras"],
        default="3",
        help="the Keras that the module imports (default: 3)",
    )
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="NAME",
        help="a function of the program that the module calls as it is; may be repeated",
    )
    parser.add_argument(
        "--translate",
        action="append",
        default=[],
        metavar="NAME",
        help="a function that is not kept; may be repeated",
    )
    parser.add_argument("--verify", action="store_true", help="prove the module: see above")
    parser.add_argument(
        "--test", metavar="FILE", help="write a test of the module beside it: see above"
    )
    parser.add_argument(
        "--steps",
        type=positive,
        default=50,
        metavar="N",
        help="steps to train with --verify (default: 50)",
    )
    parser.add_argument(
        "--format",
        choices=["text", "json"],
        default="text",
        help="how to print the outcome; json needs -o (default: text)",
    )


def run(options: argparse.Namespace) -> int:
    """Translates the target, writes the module, and returns the exit status."""
    is_example = options.target is None and options.output is None
    if options.target is None:
        options.output, options.verify = options.output or _EXAMPLE, True
    _check(options, may_exist=is_example)
    target_arguments.import_tensorflow(options)
    from migrate import translation
    from migrate.commands.progress import Progress
    from migrate.hosting import eager_mode
    from migrate.translating.refusal import Refusal

    eager_mode.keep_eager_execution()
    target = target_arguments.target(options)
    try:
        translated = translation.translate(target, keep=options.keep, whole=options.translate)
    except Refusal as refusal:
        return _refused(refusal, options)
    keras = "keras" if options.keras == "3" else "tf_keras"
    source = translated.source(keras=keras)
    if options.output is None:
        print(source, end="")
        return 0
    _check_name(options.output, source)
    if is_example and not options.force and not _is_as_written(options.output, source):
        raise _exists(options.output)
    _write(options.output, source)
    verdict = None
    if options.verify:
        print(f"... wrote {options.output}; proving it", file=sys.stderr, flush=True)
        verdict = translation.prove(
            target,
            options.output,
            inputs=translated.inputs,
            steps=options.steps,
            progress=Progress(),
        )
        _write(
            options.output, translated.source(keras=keras, proof=translation.proof(verdict, keras))
        )
    test = _write_test(options, target, keras) if options.test else None
    return _report(options, translated, verdict, test)


def _check_name(path: str, source: str) -> None:
    """Raises a ValueError if a module would import itself instead of the legacy module."""
    name = re.escape(os.path.basename(path).removesuffix(".py"))
    if re.search(rf"^\s*(from|import) {name}\b", source, re.MULTILINE):
        raise ValueError(
            f"`-o` ({path}) has the name of a module that the written module imports; expected "
            "another name, as it would import itself; choose one."
        )


def _write_test(options: argparse.Namespace, target: Any, keras: str) -> Any:
    from migrate import recorded_tests
    from migrate.commands.progress import Progress
    from migrate.graph_reading import runs

    function = runs.model_function(target)
    file = os.path.basename(function.__code__.co_filename)
    return recorded_tests.write(
        target,
        options.output,
        options.test,
        origin=f"`{function.__name__}` in {file}",
        keras=keras,
        progress=Progress(),
    )


def _check(options: argparse.Namespace, *, may_exist: bool) -> None:
    """Raises a ValueError for options that exclude each other, or a file that is there."""
    path = options.output
    if path is None:
        if options.verify or options.test or options.format == "json":
            raise ValueError(
                "`--verify`, `--test` or `--format=json` was given without `-o`; expected a file "
                "for the module; add -o loop.py."
            )
        return
    if os.path.exists(path) and not options.force and not may_exist:
        raise _exists(path)
    if options.test:
        _check_test(path, options.test, options.force)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise ValueError(
            f"`-o` ({path}) cannot be written, because the folder {folder} is not there or not "
            "writable; expected a folder that is; make it first."
        )


def _check_test(loop: str, path: str, force: bool) -> None:
    """Raises a ValueError if a test cannot stand beside the loop, or is there already."""
    name = os.path.splitext(os.path.basename(loop))[0]
    if not name.isidentifier():
        raise ValueError(
            f"`-o` ({loop}) cannot be imported by a test; expected a file whose name is a Python "
            "identifier; rename it, such as loop.py."
        )
    if os.path.dirname(os.path.abspath(loop)) != os.path.dirname(os.path.abspath(path)):
        raise ValueError(
            f"`--test` ({path}) is in another folder than the loop ({loop}); expected a file "
            "beside the loop, which it imports; name one there."
        )
    if not path.endswith(".py") or os.path.abspath(loop) == os.path.abspath(path):
        raise ValueError(
            f"`--test` ({path}) is not a module of its own; expected a file such as test_loop.py; "
            "name one."
        )
    for one in (path, os.path.splitext(path)[0] + ".npz"):
        if os.path.exists(one) and not force:
            raise _exists(one, "--test")


def _exists(path: str, option: str = "-o") -> ValueError:
    return ValueError(
        f"`{option}` ({path}) is there already; expected a new file, because it may have been "
        "edited; add --force to replace it, or choose another name."
    )


def _is_as_written(path: str, source: str) -> bool:
    """Tells whether a file is not there, or has the source but for the docstring with the proof."""
    try:
        with open(path, encoding="utf-8") as file:
            old = file.read()
        return [ast.dump(one) for one in ast.parse(old).body[1:]] == [
            ast.dump(one) for one in ast.parse(source).body[1:]
        ]
    except FileNotFoundError:
        return True
    except (SyntaxError, UnicodeDecodeError):
        return False


def _write(path: str, source: str) -> None:
    """Writes a file as a whole: if that fails, the old one stays."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(source)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def _refused(refusal: Any, options: argparse.Namespace) -> int:
    if options.format == "json":
        outcome = {
            "outcome": "refused",
            "reason": refusal.reason,
            "path": refusal.path,
            "line": refusal.line,
            "reason_not_kept": _not_kept(refusal),
            "kept": [],
            "left_out": [],
            "verdict": None,
            "test": None,
        }
        print(json.dumps(outcome, indent=2))
    print(f"migrate: not translated: {refusal}", file=sys.stderr)
    if _not_kept(refusal):
        print(
            f"The forward pass cannot be kept as it is, either: {_not_kept(refusal)}\n"
            "If the rest can be translated, --keep=NAME names the function that makes the logits.",
            file=sys.stderr,
        )
    print(
        "Nothing was written. `migrate.host` runs the same model_fn in a TF2 loop as it is.",
        file=sys.stderr,
    )
    return 2


def _not_kept(refusal: Any) -> str:
    """Returns why the forward pass was not kept; "" if that was not tried, or not for its own."""
    second = "" if refusal.__cause__ is None else str(refusal.__cause__)
    return "" if second == str(refusal) else second


def _outcome(translated: Any) -> str:
    if translated.outcome == "whole":
        return "whole, no line of the legacy model is left"
    said = f" ({translated.because})" if translated.because else ""
    return f"kept forward, it reads {translated.tf1_names} names of TensorFlow 1{said}"


def _report(options: argparse.Namespace, translated: Any, verdict: Any, test: Any) -> int:
    if options.format == "json":
        outcome = {
            "outcome": translated.outcome,
            "kept": [dataclasses.asdict(one) for one in translated.kept],
            "left_out": list(translated.left_out),
            "verdict": verdict.to_json() if verdict is not None else None,
            "test": test.to_json() if test is not None else None,
        }
        print(json.dumps(outcome, indent=2))
    else:
        print(f"wrote {options.output}: {_outcome(translated)}")
        for one in translated.kept:
            print(f"  kept: {one.name} ({one.path}:{one.line})")
        for one in translated.left_out:
            print(f"  left out: {one}")
        if verdict is not None:
            print(verdict)
        if test is not None:
            _print_test(test)
        print(
            f"Next: read it. Train with it: python {options.output} --model_dir=runs/1\n"
            "After an edit, prove it again: migrate verify "
            f"{target_arguments.shown(options, f'--subject={options.output}:Loop')}"
        )
    if test is not None and test.passed is False:
        return 1
    if verdict is None or verdict.passed:
        return 0
    from migrate.verifying.verdict import Outcome

    return 1 if verdict.outcome is Outcome.DIFFERENT else 2


def _print_test(test: Any) -> None:
    found = {True: "the loop passes it", False: "the loop FAILS it", None: "not run"}[test.passed]
    print(f"wrote {test.path} and {test.recording}: {found}")
    for mode, reason in test.not_compared.items():
        print(f"  not compared in mode {mode!r}: {reason}")
    if not test.passed:
        print(test.output)

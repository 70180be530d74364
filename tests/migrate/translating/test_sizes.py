"""How long the parts of the written modules are, in lines that are not blank.

The forward pass and the loss are held to the legacy model_fn and the functions that it calls. A
part that grows is a part that a person must read.
"""

import ast
import inspect
from pathlib import Path

import pytest

from migrate import examples
from tests.migrate.translating.expected_sources import FOLDER, PROGRAMS
from tests.recording.pythons import ROOT

_AROUND = ("Loop", "_zeros", "summaries", "write_summaries", "train", "main")
# Programs so small that what each module has counts most: the class, the signatures, docstrings.
_SMALL = {"plain_tensors"}
# Feature columns are one line each there, and several here.
_SPELLED_OUT = {"wide_and_deep"}
# Loops that are longer than they should be: averages of weights, two tasks, two optimizers.
_LONGER = {"moving_average_scaffold": 144, "multi_task": 154, "wide_and_deep": 147}


def _definitions(path: Path) -> dict[str, ast.stmt]:
    """Returns what a module defines at its top level, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node
    return found


def _lines(path: Path, node: ast.stmt) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()[node.lineno - 1 : node.end_lineno]
    return sum(bool(line.strip()) for line in lines)


def _needed(definitions: dict[str, ast.stmt], names: list[str]) -> set[str]:
    """Returns the definitions that others read, themselves included."""
    waiting, found = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in found:
            found.add(name)
            waiting += [n.id for n in ast.walk(definitions[name]) if isinstance(n, ast.Name)]
    return found


def _program(name: str) -> Path:
    if name == "penguins":
        return Path(inspect.getfile(examples.penguins().model_fn))
    return ROOT / "tests/golden/programs" / f"{name}.py"


def _legacy(name: str) -> int:
    path = _program(name)
    definitions = _definitions(path)
    callers = [one for one in definitions if _makes_spec(definitions[one])]
    needed = _needed(definitions, callers)
    return sum(_lines(path, definitions[one]) for one in needed)


def _makes_spec(node: ast.stmt) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "EstimatorSpec" for n in ast.walk(node))


def _carried_comments(name: str) -> int:
    """Returns how many comments of the legacy program the written module has kept."""
    paths = (_program(name), FOLDER / f"{name}.py")
    texts = [path.read_text(encoding="utf-8") for path in paths]
    own, written = ([one.strip() for one in text.splitlines()] for text in texts)
    body = written[written.index("class Model(keras.Model):") :]
    return sum(one.startswith("#") and one in own for one in body)


def _written(name: str) -> dict[str, int]:
    """Returns the lines of the model and loss, of the loop, and of each optimizer class."""
    path = FOLDER / f"{name}.py"
    definitions = _definitions(path)
    optimizers = [one for one in definitions if _is_optimizer(definitions[one])]
    model = _needed(definitions, ["Model", "compute_loss"]) - set(optimizers)
    exporting = [n for n in ast.walk(definitions["Loop"]) if getattr(n, "name", "") == "export"]
    around = sum(_lines(path, definitions[one]) for one in _AROUND if one in definitions)
    around -= sum(_lines(path, one) for one in exporting if isinstance(one, ast.stmt))
    return {
        "model": sum(_lines(path, definitions[one]) for one in model),
        "loop": around,
        **{one: _lines(path, definitions[one]) for one in optimizers},
    }


def _is_optimizer(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        isinstance(one, ast.FunctionDef) and one.name == "apply" for one in node.body
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_sizes(name: str) -> None:
    found = _written(name)
    model, loop = found.pop("model"), found.pop("loop")
    if name not in _SMALL | _SPELLED_OUT:
        assert model - _carried_comments(name) <= 1.6 * _legacy(name)
    assert loop <= _LONGER.get(name, 140)
    assert {one: lines for one, lines in found.items() if lines > 35} == {}

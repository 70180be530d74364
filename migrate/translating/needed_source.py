"""The source that the parts of a written module need: constants, functions and imports."""

import ast
from collections.abc import Sequence
from typing import Any

from migrate.mappings import functions
from migrate.translating import copying
from migrate.translating.expressions import dotted
from migrate.translating.ir import ComputedMetric, Function, Loss, LossTerm, Metric, Model
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import Refusal
from migrate.translating.run_facts import RunFacts
from migrate.translating.source_reader import source_files
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import SourceFile


class NeededSource:
    """Copies what the parts read.

    Args:
      facts: What the runs showed.
      flat: The flattened model_fn.
      own: The program's own modules.
    """

    def __init__(self, facts: RunFacts, flat: Flattened, own: OwnModules) -> None:
        self.facts, self.flat, self.own = facts, flat, own
        self.file = source_files.load(facts.model_fn.file)

    def copy(self, parts: Sequence[Any], known: Sequence[str]) -> copying.Copied:
        """Copies the constants and functions that the parts and the inputs need.

        Args:
          parts: Values with source.
          known: The names that the written module defines besides.
        """
        text = "\n".join(texts(parts))
        read = {
            node.id
            for tree in [ast.parse(text)]
            for node in ast.walk(tree)
            if isinstance(node, ast.Name)
        }
        self._check_names(text)
        gone = ("tensorflow.contrib", "tf_slim", "tensorflow.python", "tensorflow_estimator")
        names = ["PARAMS", "tf", "keras", *(n.upper() for n in self.facts.closure)]
        names += [*self.flat.constants, *known, *(n.upper() for n in self.facts.objects)]
        inputs = [(name, path) for name, _, path in self.facts.input_fns.values() if name]
        legacy = {new: name for name, new in self.facts.renamed.items()}
        wanted = sorted(legacy.get(name, name) for name in read)
        found = copying.copy_of(
            [(file, name) for name in wanted for file in self._defining(name)]
            + [(source_files.load(path), name) for name, path in inputs],
            known=names,
            literals=dict(self.facts.literals),
            own=self.own,
            flags=copying.flags_read(text),
            flag_values=self.facts.flag_values,
            renamed=self.facts.renamed,
            modules=self.facts.modules,
            tf2=self.facts.tf2_names,
        )
        for one in found.imports:
            if any(name in one for name in gone):
                raise Refusal(
                    f"a part of the model_fn needs `{one}`, and what it uses of that has no "
                    "translation; expected functions that TF2 has; write it with those",
                    path=self.file.path,
                )
        return found

    def _check_names(self, text: str) -> None:
        """Refuses names of TensorFlow 1 that TF2 does not have."""
        for node in ast.walk(ast.parse(text)):
            name = dotted(node) if isinstance(node, ast.Attribute) else ""
            if functions.is_absent(name):
                lines = [
                    number
                    for number, line in enumerate(self.file.text.splitlines(), 1)
                    if name.removeprefix("tf.") in line
                ]
                raise Refusal(
                    f"`{name}` has no form in TF2 that is translated; expected functions that TF2 "
                    "has; write it with those",
                    path=self.file.path,
                    line=lines[0] if lines else 0,
                )

    def _defining(self, name: str) -> list[SourceFile]:
        """Returns the file that defines a name, among those whose functions the model has."""
        found = {}
        for file in self.flat.files:
            origin = self.own.origin(file, name)
            if origin is not None:
                found[origin[0].path, origin[1]] = file
            elif any(name in copying.imported(node) for node in file.tree.body):
                found.setdefault(("", name), file)
        if len(found) > 1:
            paths = " and ".join(sorted(path or "an import" for path, _ in found))
            raise Refusal(f"`{name}` is one thing in {paths}, and another there; rename one")
        return list(found.values())


def names_in(parts: Sequence[Any]) -> set[str]:
    """Returns the names that the source in values reads."""
    tree = ast.parse("\n".join(texts(parts)))
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def texts(parts: Sequence[Any]) -> list[str]:
    """Returns all source in values."""
    found: list[str] = []
    for one in parts:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Function):
            found += [*one.body, one.returns]
        elif isinstance(one, Loss):
            found += texts([*one.terms, one.regularization, one.body, one.loss])
        elif isinstance(one, LossTerm):
            found += texts([one.per_example, one.reduce, one.weights])
        elif isinstance(one, Model):
            body = one.body if one.kept is None else ()
            found += [*one.init, *body, *one.methods, *one.functions]
        elif isinstance(one, Metric):
            found += [one.make, *one.values, one.definition]
        elif isinstance(one, ComputedMetric):
            found += [*one.body, one.value]
        elif isinstance(one, copying.Copied):
            found += one.parts
        elif isinstance(one, tuple | list):
            found += texts(list(one))
    return found

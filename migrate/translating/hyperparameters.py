"""The hyperparameters and other constants of a program: their names, and their source."""

import ast
import re
from typing import Any

import numpy as np

from migrate.translating.expressions import dotted, is_plain
from migrate.translating.facts import Unknown
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import Refusal
from migrate.translating.run_facts import RunFacts
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.statements import stores


class Hyperparameters:
    """Names the hyperparameters of a program, and writes them.

    Args:
      facts: What the runs showed.
      flat: The flattened model_fn.
    """

    def __init__(self, facts: RunFacts, flat: Flattened) -> None:
        self.facts, self.flat = facts, flat

    def fractions(self) -> dict[str, str]:
        """Returns the names of the hyperparameters that are fractions, by their numbers."""
        named = list(self._named().items())
        named += [(name.upper(), value) for name, value in self.facts.closure.items()]
        named += list(self.flat.constants.items())
        found: dict[str, list[str]] = {}
        for name, value in named:
            if isinstance(value, float):
                found.setdefault(str(np.float32(value)), []).append(name)
        return {number: names[0] for number, names in found.items() if len(names) == 1}

    def rates(self) -> tuple[tuple[str, ...], str]:
        """Returns the rate of each optimizer, and the body of `learning_rate`."""
        sources = [one.rate for one in self.facts.training.optimizers]
        schedules = [one for one in sources if "step" in one]
        if len(set(schedules)) > 1:
            raise Refusal("the optimizers have different schedules")
        named = [self._named_rate(one) for one in sources]
        return (
            tuple(
                "rate" if "step" in one else name for one, name in zip(sources, named, strict=True)
            ),
            schedules[0] if schedules else "",
        )

    def _named(self) -> dict[str, Any]:
        """Returns the hyperparameters by the expressions that read them."""
        params, attributes = self.facts.params, self.facts.param_attributes
        if isinstance(params, dict):
            return {f"PARAMS[{name!r}]": value for name, value in params.items()}
        return {f"PARAMS.{name}": value for name, value in attributes.items()}

    def _named_rate(self, rate: str) -> str:
        """Returns the expression of the source for a constant rate, if it has one."""
        for name, value in self._named().items():
            if isinstance(value, float) and str(value) == rate:
                return name
        for name, value in self.facts.closure.items():
            if isinstance(value, float) and str(value) == rate:
                return name.upper()
        return rate

    def source(self, text: str) -> str:
        """Returns the source of the constants that a text reads."""
        lines = []
        text += "".join(f" {arguments}" for _, arguments, _ in self.facts.input_fns.values())
        if "PARAMS" in text:
            lines.append(self._params_source(text))
        for name, value in self.facts.closure.items():
            if re.search(rf"\b{name.upper()}\b", text):
                lines.append(f"{name.upper()} = {value!r}")
        lines += [f"{k} = {v!r}" for k, v in self.flat.constants.items() if k in text]
        return "\n".join(lines)

    def _params_source(self, text: str) -> str:
        attributes = self.facts.param_attributes
        if not attributes:
            return f"PARAMS: dict[str, Any] = {_source(self._plain_params(text))}"
        read = set(re.findall(r"\bPARAMS\.(\w+)", text))
        if not read <= set(attributes) or "PARAMS[" in text:
            raise Refusal(
                "`params` is an object of which more is read than plain attributes: "
                f"{', '.join(sorted(read - set(attributes))) or 'elements'}; pass a dict"
            )
        given = ", ".join(f"{name}={value!r}" for name, value in attributes.items())
        return f"PARAMS = types.SimpleNamespace({given})"

    def _plain_params(self, text: str) -> Any:
        """Returns the hyperparameters with a source form; the text must not read the others."""
        params = self.facts.params
        if is_plain(params):
            return params
        given = params.items() if isinstance(params, dict) else ()
        plain = {k: v for k, v in given if is_plain(v) or _is_dtype(v)}
        read = set(re.findall(r"PARAMS\[(['\"])(.*?)\1\]", text))
        missing = sorted({name for _, name in read} - set(plain))
        if missing or not isinstance(params, dict):
            raise Refusal(
                f"`params` has values without a source form, such as objects: {', '.join(missing)}"
            )
        return plain


def rename(flat: Flattened, facts: RunFacts, own: OwnModules) -> None:
    """Names the hyperparameters as constants of the written module."""
    names = {"params": "PARAMS"} | {name: name.upper() for name in facts.closure}
    if facts.border.is_kept:
        names |= {name: name.upper() for name in facts.objects}

    files = flat.files
    variables = set().union(*(stores(one.node) for one in flat.statements))
    names |= {name: new for name, new in facts.renamed.items() if name not in variables}

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if isinstance(node.ctx, ast.Load):
                node.id = names.get(node.id, node.id)
            return node

        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            # `layers.gelu` of an own module is `gelu` of the written one.
            name = dotted(node)
            for file in files if name else ():
                member = own.member(file, name)
                if member is not None and member[2] == name:
                    if member[1] in variables:
                        reason = f"`{name}` has the name of a variable; rename one"
                        raise Refusal(reason, path=file.path, line=node.lineno)
                    name = facts.renamed.get(member[1], member[1])
                    return ast.copy_location(ast.Name(id=name, ctx=node.ctx), node)
            return self.generic_visit(node)

    for statement in flat.statements:
        Rename().visit(statement.node)
    for node in flat.returned.values():
        Rename().visit(node)


def _is_dtype(value: Any) -> bool:
    return isinstance(value, Unknown) and value.description.startswith("tf.")


def _source(params: Any) -> str:
    """Returns the source of hyperparameters, dtypes among them."""
    if not isinstance(params, dict):
        return repr(params)
    pairs = [f"{k!r}: {v.description if _is_dtype(v) else repr(v)}" for k, v in params.items()]
    return f"{{{', '.join(pairs)}}}"

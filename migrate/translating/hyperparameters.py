"""The hyperparameters and other constants of a program: their names, and their source."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from migrate.translating.expressions import dotted, is_plain
from migrate.translating.facts import Unknown
from migrate.translating.left_out import unread_params
from migrate.translating.own_modules import OwnModules
from migrate.translating.refusal import Refusal
from migrate.translating.run_facts import RunFacts
from migrate.translating.source_reader.flattening import Flattened
from migrate.translating.source_reader.source_files import path_of
from migrate.translating.source_reader.statements import kills, loads, stores
from migrate.translating.training_facts import depends_on_step


class Hyperparameters:
    """Names the hyperparameters of a program, and writes them.

    Args:
      facts: What the runs showed.
      flat: The flattened model_fn.
    """

    def __init__(self, facts: RunFacts, flat: Flattened) -> None:
        self.facts, self.flat = facts, flat

    def rates(self) -> tuple[tuple[str, ...], str]:
        """Returns the rate of each optimizer, and the body of `learning_rate`."""
        sources = [one.rate for one in self.facts.training.optimizers]
        schedules = [one for one in sources if depends_on_step(one)]
        if len(set(schedules)) > 1:
            raise Refusal("the optimizers have different schedules")
        return (
            tuple("rate" if depends_on_step(one) else one for one in sources),
            schedules[0] if schedules else "",
        )

    def source(self, text: str) -> str:
        """Returns the source of the constants that a text reads."""
        lines = []
        text += "".join(f" {arguments}" for _, arguments, _ in self.facts.input_fns.values())
        if "PARAMS" in text:
            lines.append(self._params_source(text))
        for name, value in self.facts.closure.items():
            if re.search(rf"\b{name.upper()}\b", text):
                lines.append(f"{name.upper()} = {value!r}")
        lines += self._namespaces(text)
        lines += [f"{k} = {v!r}" for k, v in self.flat.constants.items() if k in text]
        return "\n".join(lines)

    def _namespaces(self, text: str) -> Iterator[str]:
        """Yields the objects around the model_fn whose attributes a text reads."""
        if self.facts.border.is_kept:
            return
        for name, attributes in self.facts.namespaces.items():
            if not re.search(rf"\b{name.upper()}\b", text):
                continue
            read = set(re.findall(rf"\b{name.upper()}\.(\w+)", text))
            if not read <= set(attributes):
                raise Refusal(
                    f"`{name}` is an object of which more is read than plain attributes: "
                    f"{', '.join(sorted(read - set(attributes)))}; pass a dict in `params`"
                )
            if not re.search(rf"\b{name.upper()}\b(?!\.)", text):
                attributes = {one: value for one, value in attributes.items() if one in read}
            yield f"{name.upper()} = {namespace(attributes)}"

    def _params_source(self, text: str) -> str:
        attributes = self.facts.param_attributes
        if not attributes:
            params = self._plain_params(text)
            if isinstance(params, dict):
                unread = unread_params(self.facts, text)
                params = {k: v for k, v in params.items() if k not in unread}
            return f"PARAMS: dict[str, Any] = {_source(params)}"
        read = set(re.findall(r"\bPARAMS\.(\w+)", text))
        if not read <= set(attributes) or "PARAMS[" in text:
            raise Refusal(
                "`params` is an object of which more is read than plain attributes: "
                f"{', '.join(sorted(read - set(attributes))) or 'elements'}; pass a dict"
            )
        return f"PARAMS = {namespace(attributes)}"

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
    else:
        names |= {name: name.upper() for name in facts.namespaces}

    _check_params(flat, names)
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


def namespace(attributes: Mapping[str, Any]) -> str:
    """Returns the source of an object with attributes."""
    given = ", ".join(f"{name}={value!r}" for name, value in attributes.items())
    return f"types.SimpleNamespace({given})"


def _check_params(flat: Flattened, names: dict[str, str]) -> None:
    """Refuses a model_fn that gives `params` another value; a local of that name is none of them.

    Args:
      flat: The flattened model_fn.
      names: The new names, from which a local variable is removed.
    """
    is_read = False
    for statement in flat.statements:
        is_read = is_read or "params" in loads(statement.node)
        if "params" in kills(statement.node):
            if not is_read:
                del names["params"]
                return
            raise Refusal(
                "`params` gets another value in the model_fn; expected the hyperparameters as they "
                "were passed; give the other dict a name of its own",
                path=path_of(statement.node, flat.files[0].path),
                line=statement.node.lineno,
            )


def _is_dtype(value: Any) -> bool:
    return isinstance(value, Unknown) and value.description.startswith("tf.")


def _source(params: Any) -> str:
    """Returns the source of hyperparameters, dtypes among them."""
    if not isinstance(params, dict):
        return repr(params)
    pairs = [f"{k!r}: {v.description if _is_dtype(v) else repr(v)}" for k, v in params.items()]
    return f"{{{', '.join(pairs)}}}"

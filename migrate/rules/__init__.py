"""The rules of a scan, each in a module of its own."""

import functools
import importlib
import pkgutil

from migrate.rules.base import Rule


@functools.cache
def catalogue() -> dict[str, type[Rule]]:
    """Imports the rules and returns them by code, in order.

    Raises:
      ValueError: A module has no rule or several, or two rules have the same code.
    """
    rules = [
        _rule_of(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.name != "base" and not module.name.startswith("_")
    ]
    by_code = {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}
    if len(by_code) != len(rules):
        codes = sorted(rule.code for rule in rules)
        raise ValueError(f"rules have the same code: {codes}; expected each once; rename one.")
    return by_code


def _rule_of(name: str) -> type[Rule]:
    module = importlib.import_module(name)
    rules = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name
    ]
    if len(rules) != 1:
        raise ValueError(f"`{name}` has {len(rules)} rules; expected one; move the others.")
    return rules[0]


def find(code: str) -> type[Rule]:
    """Returns the rule of a code.

    Raises:
      ValueError: There is no such rule.
    """
    rule = catalogue().get(code.upper())
    if rule is None:
        raise ValueError(
            f"`code` ({code}) is not a rule; expected one of {', '.join(catalogue())}; "
            "`migrate rules` explains them."
        )
    return rule


def table() -> str:
    """Returns the list of all rules as a Markdown table."""
    lines = ["| code | severity | minutes | name | finds |", "|---|---|---|---|---|"]
    for code, rule in catalogue().items():
        summary = rule.summary()
        cells = [code, rule.severity.value, str(rule.effort), summary.name, summary.summary]
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(line + "\n" for line in lines)

"""Comments that silence a finding: `# migrate: ignore`, or `# migrate: ignore[CODE, CODE]`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable

from migrate.findings import Finding

_MARK = b"migrate: ignore"
_COMMENT = re.compile(r"#\s*migrate: ignore(?:\[([^\]]*)\])?")


def without_ignored(findings: Iterable[Finding], data: bytes) -> list[Finding]:
    """Drops the findings on whose line a comment silences their code, or all codes."""
    if _MARK not in data:
        return list(findings)
    ignored = _ignored(data)
    return [each for each in findings if not _is_ignored(each.code, ignored.get(each.line, ()))]


def _is_ignored(code: str, prefixes: Iterable[str]) -> bool:
    return any(code.startswith(prefix) for prefix in prefixes)


def _ignored(data: bytes) -> dict[int, tuple[str, ...]]:
    """Returns the codes that are silenced on each line; "" silences all."""
    result: dict[int, tuple[str, ...]] = {}
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if match is not None:
            codes = match[1]
            names = ("",) if codes is None else tuple(filter(None, re.split(r"[,\s]+", codes)))
            result[token.start[0]] = names
    return result

"""Anchors of a page: the same in the next report of the same code, and each given out once."""

from __future__ import annotations

import hashlib
import re


class Anchors:
    """Gives out anchors: letters, digits and hyphens, whatever a file or function is called."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, kind: str, name: str) -> str:
        """Returns an anchor for something, such as `fn-model-fn-1a2b3c`.

        Args:
          kind: The kind of thing, which the anchor begins with.
          name: What names it; the last part of a path is spelled out.
        """
        last = re.split(r"[/ ]", name)[-1]
        words = re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-")[:40]
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        return self._unique("-".join(filter(None, (kind, words, digest[:6]))))

    def of_fingerprint(self, fingerprint: str) -> str:
        """Returns an anchor for a finding, from its fingerprint."""
        return self._unique(f"f-{fingerprint[:8]}")

    def _unique(self, anchor: str) -> str:
        unique, count = anchor, 1
        while unique in self._given:
            count += 1
            unique = f"{anchor}-{count}"
        self._given.add(unique)
        return unique

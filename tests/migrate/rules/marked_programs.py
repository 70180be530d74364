"""Programs whose lines say which rules on losses find them: `#!` and codes end such a line."""

from migrate.scanning import scan


def expected(program: str) -> dict[int, set[str]]:
    """Returns the codes of each line that has some."""
    return {
        line: set(codes.split())
        for line, text in enumerate(program.splitlines(), 1)
        if (codes := text.partition("#!")[2])
    }


def found(program: str) -> dict[int, set[str]]:
    """Returns the codes of the loss rules that find a line, for each line that they find."""
    codes: dict[int, set[str]] = {}
    for finding in scan.scan_text(program.encode(), "program.py").findings:
        if finding.code.startswith("LOSS"):
            codes.setdefault(finding.line, set()).add(finding.code)
    return codes

"""Builds the migration report from a scan and from what targets have shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from migrate.findings import Finding, ModelFn, RuleSummary, ScanReport
from migrate.reporting import model_fn_pages, sources
from migrate.reporting.anchors import Anchors
from migrate.reporting.baseline_progress import Baseline, progress
from migrate.reporting.owners import Owners
from migrate.reporting.sources import Sources
from migrate.reports.report_values import (
    FileGroup,
    FindingPage,
    MessageGroup,
    ModelFnPage,
    OwnerGroup,
    Report,
    RuleGroup,
    TargetRun,
)

_NO_LINE = 10**9
# The most findings for which this many lines around each are shown: pages stay small.
_CONTEXT = ((1500, 2), (6000, 1))


def build(
    scan: ScanReport,
    *,
    paths: Sequence[str],
    targets: Sequence[TargetRun] = (),
    baseline: Baseline | None = None,
    date: str = "",
    version: str = "",
) -> Report:
    """Returns the report.

    Args:
      scan: What was found in the source code.
      paths: What was scanned, as it was named.
      targets: What targets have shown.
      baseline: The findings of an earlier scan.
      date: The day, as `2026-11-28`.
      version: The versions of this package and of TensorFlow.
    """
    files, anchors = Sources(), Anchors()
    owners = Owners(scan.files)
    findings = tuple(_finding(each, files, anchors, owners) for each in scan.findings)
    pages, elsewhere = _model_fns(scan.model_fns, targets, findings, files, owners, anchors)
    return Report(
        paths=tuple(paths),
        date=date,
        version=version,
        files=scan.files,
        findings=findings,
        model_fns=pages,
        rules=_rules(scan.rules, findings),
        by_file=_by_file(findings, files, anchors),
        owners=_owners(findings, pages),
        owned_by=owners.source,
        baseline=progress(baseline, scan.findings) if baseline is not None else None,
        targets=tuple(targets),
        elsewhere=elsewhere,
    )


def _finding(each: Finding, files: Sources, anchors: Anchors, owners: Owners) -> FindingPage:
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    if each.edit is not None and sources.has_line(files.lines(each.path), each):
        before, after = sources.edited(files.text(each.path), each.edit)
    return FindingPage(
        id=anchors.of_fingerprint(each.fingerprint),
        finding=each,
        owner=owners.of(each.path),
        before=before,
        after=after,
    )


def _model_fns(
    model_fns: Sequence[ModelFn],
    targets: Sequence[TargetRun],
    findings: Sequence[FindingPage],
    files: Sources,
    owners: Owners,
    anchors: Anchors,
) -> tuple[tuple[ModelFnPage, ...], tuple[ModelFnPage, ...]]:
    """Returns the pages of the model_fns, and pages of targets that are none of them."""
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(findings):
        by_path[each.finding.path].append(index)

    def page(model_fn: ModelFn, runs: Sequence[TargetRun]) -> ModelFnPage:
        return model_fn_pages.of(
            model_fn,
            runs,
            findings={index: findings[index].finding for index in by_path[model_fn.path]},
            files=files,
            owner=owners.of,
            anchors=anchors,
        )

    runs: defaultdict[int, list[TargetRun]] = defaultdict(list)
    elsewhere: list[TargetRun] = []
    for run in targets:
        place = _of_target(run, model_fns, files)
        if place is None:
            elsewhere.append(run)
        else:
            runs[place].append(run)
    pages = tuple(page(model_fn, runs[index]) for index, model_fn in enumerate(model_fns))
    return pages, tuple(page(_unscanned(run), [run]) for run in elsewhere)


def _of_target(run: TargetRun, model_fns: Sequence[ModelFn], files: Sources) -> int | None:
    """Returns the index of a target's model_fn: of several around its loss, the innermost."""
    found = []
    for index, model_fn in enumerate(model_fns):
        end = files.end_of_function(model_fn.path, model_fn.line) or _NO_LINE
        if model_fn_pages.matches(run, model_fn, end):
            found.append((end - model_fn.line, index))
    return min(found)[1] if found else None


def _unscanned(run: TargetRun) -> ModelFn:
    """Returns a model_fn for a target that stands in no file that was scanned."""
    place, _, name = run.target.rpartition(":")
    return ModelFn(path=place, line=1, name=name, because="its file was not scanned")


def _rules(rules: Iterable[RuleSummary], findings: Sequence[FindingPage]) -> tuple[RuleGroup, ...]:
    by_code: defaultdict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(findings):
        by_code[each.finding.code].append(index)
    groups = [_rule(rule, by_code[rule.code], findings) for rule in rules if by_code[rule.code]]
    return tuple(sorted(groups, key=lambda group: (-group.effort, group.rule.code)))


def _rule(rule: RuleSummary, indices: Sequence[int], findings: Sequence[FindingPage]) -> RuleGroup:
    found = [findings[index].finding for index in indices]
    by_message: defaultdict[str, list[int]] = defaultdict(list)
    for index in indices:
        by_message[findings[index].finding.message].append(index)
    messages = [
        MessageGroup(
            message=message,
            effort=sum(findings[index].finding.effort for index in group),
            findings=tuple(group),
            owners=tuple(dict.fromkeys(findings[index].owner for index in group)),
        )
        for message, group in by_message.items()
    ]
    messages.sort(key=lambda each: (-each.effort, -len(each.findings), each.message))
    return RuleGroup(
        rule=rule,
        severity=min((each.severity for each in found), key=lambda each: each.rank).value,
        effort=sum(each.effort for each in found),
        findings=len(found),
        files=len({each.path for each in found}),
        edits=sum(each.edit is not None for each in found),
        messages=tuple(messages),
    )


def _by_file(
    findings: Sequence[FindingPage], files: Sources, anchors: Anchors
) -> tuple[FileGroup, ...]:
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(findings):
        by_path[each.finding.path].append(index)
    context = next((lines for most, lines in _CONTEXT if len(findings) <= most), 0)
    groups = [
        _file(path, indices, findings, files, anchors, context) for path, indices in by_path.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.effort, group.path)))


def _file(
    path: str,
    indices: Sequence[int],
    findings: Sequence[FindingPage],
    files: Sources,
    anchors: Anchors,
    context: int,
) -> FileGroup:
    by_line: defaultdict[int, list[int]] = defaultdict(list)
    for index in indices:
        by_line[findings[index].finding.line].append(index)
    lines = files.lines(path)
    found = {line: tuple(each) for line, each in by_line.items()}
    is_readable = all(sources.has_line(lines, findings[index].finding) for index in indices)
    group = FileGroup(
        id=anchors.of("file", path),
        path=path,
        owner=findings[indices[0]].owner,
        effort=sum(findings[index].finding.effort for index in indices),
        findings=tuple(indices),
        hunks=sources.hunks(lines, found, context) if is_readable else (),
    )
    files.forget(path)
    return group


def _owners(
    findings: Sequence[FindingPage], pages: Sequence[ModelFnPage]
) -> tuple[OwnerGroup, ...]:
    own: defaultdict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        own[each.owner].append(each.finding)
    model_fns = Counter(page.owner for page in pages)
    groups = [
        OwnerGroup(
            owner=name,
            effort=sum(each.effort for each in own[name]),
            findings=len(own[name]),
            files=len({each.path for each in own[name]}),
            model_fns=model_fns[name],
        )
        for name in dict.fromkeys([*own, *model_fns])
    ]
    return tuple(sorted(groups, key=lambda group: (-group.effort, group.owner)))

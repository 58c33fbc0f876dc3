"""``allocator decisions merge``: reviews that came back, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from allocator.errors import Finding, InputError, Severity, Text
from allocator.export import plain_json
from allocator.pipeline.merging import (
    MergedReviews,
    conflict_table,
    conflicts_file,
    merge_reviews,
    refuse_existing_file,
    service_name,
    site_name,
    write_merged,
)
from allocator.workbook import VERDICT_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.cli.console import Console
    from allocator.decisions import Opinion


def merge(
    files: Sequence[Path],
    target: Path,
    run: Path | None,
    console: Console,
    *,
    force: bool,
    keep_going: bool,
) -> None:
    """Write what reviewers agree on, and say on what they do not.

    Raises
    ------
    InputError
        When a file cannot be used; nothing is written then.
    click.exceptions.Exit
        With the exit code of an input error, when people differ and ``keep_going`` is
        not set; the files are written.
    """
    refuse_existing_file(target, force=force)
    found = merge_reviews(files, run)
    if not found.merged.opinions:
        raise InputError([_nothing_said(files)])
    written = write_merged(found, target, force=force)
    severity = Severity.WARNING if keep_going else Severity.ERROR
    conflicts = _conflict_findings(found, conflicts_file(target), severity)
    failed = bool(conflicts) and not keep_going
    code = InputError.exit_code if failed else 0
    if console.as_json:
        console.data(_data(found, written, conflicts, code, console))
    else:
        console.findings((*found.findings, *conflicts))
        for line in _lines(found):
            console.result(line.say(console.language))
        for path in written:
            console.result(str(path))
    if code:
        raise click.exceptions.Exit(code)


def _nothing_said(files: Sequence[Path]) -> Finding:
    return Finding(
        "decisions-none",
        Text("没有填写任何意见", "nobody gave any verdict"),
        table=", ".join(path.name for path in files),
        column="verdict",
        remedy=Text("在审核意见栏选一项后再合并", "choose verdicts, then merge"),
    )


def _conflict_findings(
    found: MergedReviews, table: Path, severity: Severity
) -> list[Finding]:
    return [
        Finding(
            "decision-conflict",
            Text("意见不一致", "people differ"),
            severity,
            table.name,
            (f"{site_id} {site_name(found, site_id)}".strip(),),
            "verdict",
            f"{service_name(found, service)}: "
            + "; ".join(_opinion(one, "en") for one in opinions),
            Text(
                "商定后在合并表中填写审核意见",
                "agree, and fill the verdict into the merged table",
            ),
        )
        for (site_id, service), opinions in found.merged.conflicts.items()
    ]


def _opinion(one: Opinion, language: str) -> str:
    verdict = str(one.decision.verdict)
    word = VERDICT_WORDS[verdict].zh if language == "zh" else verdict
    reason = f" ({one.decision.reason})" if one.decision.reason else ""
    return f"{one.person}: {word}{reason}"


def _lines(found: MergedReviews) -> list[Text]:
    counts = found.counts()
    of_run = found.run is not None
    lines = [
        Text(
            f"一致 {counts['agreed']} 项, 不一致 {counts['conflicts']} 项",
            f"{counts['agreed']} agreed, {counts['conflicts']} in conflict",
        ),
        Text(
            f"{'方案' if of_run else '有意见的'}共 {counts['placements']} 项: "
            f"全体看过 {counts['by_everybody']}, 部分人看过 {counts['by_some']}, "
            f"无人看过 {counts['by_nobody']}",
            f"of {counts['placements']} placements "
            f"{'in the plan' if of_run else 'that anybody spoke of'}: reviewed by "
            f"everybody {counts['by_everybody']}, by some {counts['by_some']}, "
            f"by nobody {counts['by_nobody']}",
        ),
    ]
    for person, verdicts in found.verdicts().items():
        zh = ", ".join(f"{VERDICT_WORDS[v].zh} {n}" for v, n in verdicts.items())
        en = ", ".join(f"{v} {n}" for v, n in verdicts.items())
        lines.append(Text(f"  {person}: {zh}", f"  {person}: {en}"))
    for (site_id, service), opinions in found.merged.conflicts.items():
        place = " ".join(
            part
            for part in (
                site_id,
                site_name(found, site_id),
                service_name(found, service),
            )
            if part
        )
        zh = "; ".join(_opinion(one, "zh") for one in opinions)
        en = "; ".join(_opinion(one, "en") for one in opinions)
        lines.append(Text(f"不一致 {place}: {zh}", f"conflict {place}: {en}"))
    return lines


def _data(
    found: MergedReviews,
    written: Sequence[Path],
    conflicts: Sequence[Finding],
    code: int,
    console: Console,
) -> Any:  # noqa: ANN401 (any JSON value)
    return plain_json(
        {
            "exit_code": code,
            "files": [str(path) for path in written],
            "counts": found.counts(),
            "reviewers": found.verdicts(),
            "conflicts": conflict_table(found).to_dict("records"),
            "findings": [
                f.as_dict(console.language) for f in (*found.findings, *conflicts)
            ],
        }
    )

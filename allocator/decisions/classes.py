"""The class of a site that a review adds: written, or the only one that fits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.decisions.verdicts import Decision, Verdict
from allocator.errors import Finding, Severity, Text
from allocator.policy import classes_for, holdable
from allocator.tables import FACILITY_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.policy import Policy


def with_classes(
    decisions: Sequence[Decision], policy: Policy, *, table: str
) -> tuple[tuple[Decision, ...], list[Finding]]:
    """Give every site that is added its class.

    Services are held by sites of a class, so a site without one could never hold them.
    All rows of one site count together. Where no class is written and one alone fits
    what the site is to hold, it is taken; where no service asks for a class, none is
    needed.

    Parameters
    ----------
    decisions
        As read.
    policy
        Says which classes may hold what.
    table
        Name of the decisions file, for findings.

    Returns
    -------
    decisions, findings
        In their order. A note where a class was inferred. Errors where several classes
        fit and none is written, where two are written for one site, and where the class
        cannot hold the service.
    """
    rows: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.verdict is Verdict.ADD:
            rows.setdefault(decision.site_id, []).append(decision)
    found: dict[str, str] = {}
    findings: list[Finding] = []
    for site_id, own in rows.items():
        given = sorted({d.site_class for d in own} - {""})
        if len(given) > 1:
            findings.append(_finding("class-twice", own, table, ", ".join(given)))
        elif given:
            found[site_id] = given[0]
            findings += _refuse_strangers(own, given[0], policy, table)
        else:
            found[site_id] = _inferred(own, policy, table, findings)
    named = tuple(
        replace(d, site_class=found.get(d.site_id, d.site_class))
        if d.verdict is Verdict.ADD
        else d
        for d in decisions
    )
    return named, findings


def class_words(code: str) -> Text:
    """Return a class with its name, where it has one."""
    known = FACILITY_CLASSES.get(code)
    return (
        Text(code, code)
        if known is None
        else Text(f"{code} {known.zh}", f"{code} {known.en}")
    )


def _refuse_strangers(
    own: Sequence[Decision], code: str, policy: Policy, table: str
) -> list[Finding]:
    """Return a finding for every service that the class written cannot hold."""
    held = holdable(policy, code)
    findings = []
    for decision in own:
        if decision.service and decision.service not in held:
            remedy = _choose(classes_for(policy, decision.service))
            value = f"{code} {decision.service}"
            found = _finding("class-hosts-not", [decision], table, value, remedy)
            findings.append(found)
    return findings


def _inferred(
    own: Sequence[Decision], policy: Policy, table: str, findings: list[Finding]
) -> str:
    """Return the only class that fits; empty where none is needed or none is sure."""
    asked = [classes for d in own if (classes := classes_for(policy, d.service))]
    if not asked:
        return ""
    fit = sorted(set(asked[0]).intersection(*asked[1:]))
    value = own[0].name or own[0].site_id
    if len(fit) == 1:
        words = class_words(fit[0])
        text = Text(
            f"新增点的类别按 {words.zh}: 只有这一类可设",
            f"the site added is taken for {words.en}: no other class may hold it",
        )
        rows = tuple(d.row for d in own if d.row)
        findings.append(
            Finding("class-inferred", text, Severity.NOTE, table, rows, "class", value)
        )
        return fit[0]
    code = "class-missing" if fit else "class-none"
    remedy = _choose(fit, or_service=not any(d.service for d in own))
    findings.append(_finding(code, own, table, value, remedy))
    return ""


_TEXTS = {
    "class-missing": Text(
        "新增点没有写机构类别, 可设的不止一类",
        "the site added has no class, and more than one could be meant",
    ),
    "class-none": Text(
        "没有一类机构可以同时设置这些服务",
        "no class of site may hold all of these services",
    ),
    "class-twice": Text(
        "同一新增点写了不同的机构类别", "two classes are written for one site"
    ),
    "class-hosts-not": Text(
        "这一类机构不能设置该服务", "a site of this class may not hold the service"
    ),
}


def _choose(fit: Sequence[str], *, or_service: bool = False) -> Text | None:
    if not fit:
        return None
    zh = "、".join(class_words(code).zh for code in fit)
    en = ", ".join(class_words(code).en for code in fit)
    more = Text("; 或写明服务", "; or name the service")
    return Text(
        f"在 class(类别代码)列填其中一类: {zh}{more.zh if or_service else ''}",
        f"fill in the column class, one of: {en}{more.en if or_service else ''}",
    )


def _finding(
    code: str,
    own: Sequence[Decision],
    table: str,
    value: str,
    remedy: Text | None = None,
) -> Finding:
    return Finding(
        code,
        _TEXTS[code],
        Severity.ERROR,
        table,
        tuple(d.row for d in own if d.row),
        "class",
        value,
        remedy,
    )

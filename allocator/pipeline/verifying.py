"""Whether a run is what it claims to be: everything but the solving, done again.

Inputs are fingerprinted again, the plan is read back and audited, and every figure of
the certificate that follows from plan and inputs is computed anew. Bounds are the only
claims that are taken as stated: to prove them again is to solve again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from allocator.audit import (
    AuditRow,
    Facts,
    audit,
    gap_rows,
    measure,
    other_values,
    refuse_unless_sound,
    totals,
)
from allocator.errors import (
    AllocatorError,
    AuditError,
    Finding,
    InputError,
    Severity,
    Text,
    errors_in,
)
from allocator.export import RUN_MARKER
from allocator.pipeline.agreeing import disagreements
from allocator.pipeline.bases import read_certificate
from allocator.pipeline.deciding import DECIDED_FILE, Review
from allocator.pipeline.origins import find_brief, input_findings, input_states
from allocator.pipeline.runs import (
    read_phases,
    read_run,
    refuse_strangers,
    stated_gaps,
)
from allocator.pipeline.sealing import other_files
from allocator.pipeline.task import read_task
from allocator.progress import SILENT
from allocator.provenance import fingerprint, versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from allocator.pipeline.task import Task
    from allocator.plan import Plan
    from allocator.progress import Progress

SAME = 1e-5  # relative: tables hold six decimals of people and minutes


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name
        What.
    count
        How many files, rows or figures.
    findings
        What does not agree; empty: all does.
    done
        Whether it could be looked at.
    """

    name: Text
    count: int
    findings: tuple[Finding, ...]
    done: bool = True

    @property
    def holds(self) -> bool:
        """Whether it was looked at and nothing is wrong."""
        return self.done and not errors_in(self.findings)


@dataclass(frozen=True)
class Verified:
    """What came of it.

    Parameters
    ----------
    run, brief
        What was looked at; the brief is None where it was not found.
    checks
        In order.
    """

    run: Path
    brief: Path | None
    checks: tuple[Check, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(f for check in self.checks for f in check.findings)

    @property
    def exit_code(self) -> int:
        """7 where the run is not what it claims, 3 where its files changed, else 0."""
        wrong = errors_in(self.findings)
        if any(not f.code.startswith("input-") for f in wrong):
            return AuditError.exit_code
        return InputError.exit_code if wrong else 0


def verify_run(
    run: Path,
    brief: Path | None = None,
    *,
    places: Sequence[Path] = (),
    progress: Progress = SILENT,
) -> Verified:
    """Check a run folder against its inputs and against itself.

    Parameters
    ----------
    run
        The run folder.
    brief
        The brief; None: it is looked for around the run and in ``places``.
    places
        Where else the brief is looked for.
    progress
        Told of each step.

    Raises
    ------
    InputError
        When the folder holds no run that can be read.
    """
    certificate = read_certificate(run)
    plan = read_run(run)
    progress.step(Text("核对输入文件", "checking the inputs"))
    brief = brief or find_brief(run, certificate, places)
    states = input_states(certificate, brief, f"{run.name}/{RUN_MARKER}")
    of_inputs = input_findings(states, run.name)
    checks = [
        Check(Text("输入文件", "input files"), len(states), tuple(of_inputs)),
        Check(Text("程序版本", "versions"), len(versions()), _versions(certificate)),
    ]
    parent, of_parent = _parent_of(run, certificate)
    if certificate.get("parent"):
        name = Text("所评审的方案", "run reviewed")
        checks.append(Check(name, 1, of_parent, parent is not None))
    progress.step(Text("核对方案的文件", "checking the files of the run"))
    sealed = other_files(run, certificate)
    count = len(certificate.get("files") or ())
    checks.append(Check(Text("方案的文件", "files of the run"), count, tuple(sealed)))
    claims = _claims(certificate)
    stages = len(certificate["objectives"])
    checks.append(Check(Text("最优性的说法", "claims of proof"), stages, tuple(claims)))
    if of_inputs or brief is None:
        # With other inputs every figure would differ, for a reason that is named.
        return Verified(run, brief, (*checks, _not_done(run)))
    progress.step(Text("重新审核方案", "auditing the plan again"))
    decided = run / DECIDED_FILE
    review = Review(decided if decided.is_file() else None, parent)
    checks += _computed(run, certificate, plan, brief, review)
    return Verified(run, brief, tuple(checks))


def _not_done(run: Path) -> Check:
    text = Text(
        "输入文件不同, 没有重新审核和重算",
        "the inputs differ: not audited again, nothing computed again",
    )
    note = Finding("verify-not-audited", text, Severity.NOTE, run.name)
    return Check(Text("重新审核", "audit again"), 0, (note,), done=False)


def _computed(
    run: Path,
    certificate: Mapping[str, Any],
    plan: Plan,
    brief: Path,
    review: Review,
) -> list[Check]:
    """Audit the plan again and compute its figures."""
    try:
        task = read_task(brief, review=review)
        refuse_strangers(task, plan, run)
    except AllocatorError as error:
        found = tuple(replace(f, code=f"verify-{f.code}") for f in error.findings)
        return [Check(Text("读取任务书", "reading the brief"), 1, found)]
    phases = _phases(run, task, plan)
    facts = phases[-1]
    rows = audit(facts)
    measured = totals(facts)
    stated = _objectives(phases, task, certificate, review.previous)
    earlier = {
        phase.terms.year or 0: audit(one)
        for phase, one in zip(task.phases[:-1], phases[:-1], strict=False)
    }
    gaps = tuple(gap_rows(facts, rows, stated_gaps(run)))
    return [
        Check(
            Text("条款与方案本身", "clauses, and the plan itself"),
            len(rows),
            tuple(_unsound(run, facts, task, rows)),
        ),
        Check(
            Text("合计", "totals"),
            len(measured),
            tuple(_other_totals(run, certificate, measured)),
        ),
        Check(
            Text("目标值", "objectives"),
            len(stated),
            (
                *(_of(run, f) for f in other_values(phases, stated, task.terms)),
                *_not_measured(run, certificate, stated),
            ),
        ),
        *(
            Check(name, count, tuple(findings))
            for name, count, findings in disagreements(
                run, certificate, task, plan, rows=rows, gaps=gaps, earlier=earlier
            )
        ),
    ]


def _phases(run: Path, task: Task, plan: Plan) -> list[Facts]:
    """Return what the plan of every phase comes to; the last alone where it must.

    The assignments of earlier phases are files of their own, which a run of an earlier
    version does not have.
    """
    years = [phase.terms.year or 0 for phase in task.phases]
    try:
        plans = read_phases(run, plan, years)
    except InputError:
        plans = (plan,)
    last = task.phases[-len(plans) :]
    return [
        Facts(phase.area, task.travel, phase.policy, one)
        for phase, one in zip(last, plans, strict=True)
    ]


def _of(run: Path, finding: Finding) -> Finding:
    return replace(finding, table=f"{run.name}/{RUN_MARKER}", column="objectives")


def _unsound(
    run: Path, facts: Facts, task: Task, rows: tuple[AuditRow, ...]
) -> list[Finding]:
    try:
        refuse_unless_sound(facts, task.terms, rows, {}, gaps=stated_gaps(run))
    except AuditError as error:
        return list(error.findings)
    return []


def _objectives(
    phases: list[Facts],
    task: Task,
    certificate: Mapping[str, Any],
    parent: Path | None,
) -> dict[str, float]:
    """Return the stated values that the plan of the folder can be measured by.

    Where the plans of earlier phases are not there, sums over phases cannot be
    measured; changes are counted from the run that was reviewed.
    """
    stated = {str(o["name"]): float(o["value"]) for o in certificate["objectives"]}
    if parent is None:
        stated.pop("changes", None)
    if len(phases) < len(task.phases):
        kept = ("capital_wan", "yearly_wan", "sites")
        stated = {name: value for name, value in stated.items() if name in kept}
    return {
        name: value
        for name, value in stated.items()
        if measure(name, phases, task.terms) is not None
    }


def _not_measured(
    run: Path, certificate: Mapping[str, Any], stated: Mapping[str, float]
) -> list[Finding]:
    left = [o["name"] for o in certificate["objectives"] if o["name"] not in stated]
    if not left:
        return []
    text = Text(
        "这些目标不能由文件夹中的方案重算",
        "these objectives cannot be computed from the folder",
    )
    table = f"{run.name}/{RUN_MARKER}"
    return [
        Finding(
            "verify-not-measured", text, Severity.NOTE, table, tuple(map(str, left))
        )
    ]


def _other_totals(
    run: Path, certificate: Mapping[str, Any], measured: Mapping[str, float]
) -> list[Finding]:
    stated = certificate.get("totals")
    stated = stated if isinstance(stated, dict) else {}
    findings = []
    for name, value in measured.items():
        claimed = stated.get(name)
        if isinstance(claimed, int | float) and same(float(claimed), value):
            continue
        said = "-" if claimed is None else f"{claimed}"
        findings.append(
            Finding(
                "verify-total",
                Text(
                    f"证书写 {said}, 重算为 {value:,.6g}",
                    f"the certificate says {said}, computed {value:,.6g}",
                ),
                Severity.ERROR,
                f"{run.name}/{RUN_MARKER}",
                (name,),
                "totals",
                said,
            )
        )
    return findings


def same(one: float, other: float) -> bool:
    """Whether two figures are the same but for the rounding of tables."""
    return abs(one - other) <= SAME * max(1.0, abs(one), abs(other))


# --- what needs no task ---------------------------------------------------------------


def _versions(certificate: Mapping[str, Any]) -> tuple[Finding, ...]:
    stated, now = certificate.get("versions", {}), versions()
    if not isinstance(stated, dict):
        stated = {}
    other = [
        f"{name} {stated.get(name, '-')} -> {version}"
        for name, version in now.items()
        if stated.get(name) != version
    ]
    if not other:
        return ()
    text = Text(
        "求解时的版本与现在不同, 重新求解可能得到同样好的另一方案",
        "other versions than now: solving again may give another plan as good",
    )
    return (
        Finding("versions-other", text, Severity.WARNING, value=", ".join(other)[:200]),
    )


def _parent_of(
    run: Path, certificate: Mapping[str, Any]
) -> tuple[Path | None, tuple[Finding, ...]]:
    """Return the run that was reviewed, among those beside this one."""
    parent = certificate.get("parent")
    if not isinstance(parent, dict):
        return None, ()
    digest = str(parent.get("run_sha256", ""))
    for marker in sorted(run.resolve().parent.glob(f"*/{RUN_MARKER}")):
        if str(fingerprint(marker)["sha256"]) == digest:
            return marker.parent, ()
    text = Text(
        f"旁边没有所评审的方案 {parent.get('folder', '')}, 变动数不能重算",
        f"the run reviewed, {parent.get('folder', '')}, is not beside it: changes "
        "cannot be counted again",
    )
    table = f"{run.name}/{RUN_MARKER}"
    return None, (
        Finding("parent-missing", text, Severity.WARNING, table, (), "parent", digest),
    )


def _claims(certificate: Mapping[str, Any]) -> list[Finding]:
    """Return a finding where what is said to be proven does not follow from bounds."""
    terms = certificate.get("terms", {})
    asked = terms.get("gap") if isinstance(terms, dict) else None
    most = float(asked) if isinstance(asked, int | float) else 0.0
    findings = []
    for one in certificate["objectives"]:
        value, bound = float(one["value"]), one["bound"]
        gap = None
        if isinstance(bound, int | float) and math.isfinite(bound):
            gap = abs(value - float(bound)) / max(1.0, abs(value))
        proven = gap is not None and gap <= most + 1e-9
        if one.get("status") == "optimal" and not proven:
            findings.append(_unproven(str(one["name"]), gap, most))
    if certificate.get("status") == "optimal" and any(
        one.get("status") != "optimal" for one in certificate["objectives"]
    ):
        findings.append(_unproven("status", None, most))
    return findings


def _unproven(name: str, gap: float | None, most: float) -> Finding:
    shown = "-" if gap is None else f"{gap:.3g}"
    return Finding(
        "verify-not-proven",
        Text(
            f"称为最优, 但值与界相差 {shown}, 要求 {most:.3g}",
            f"said to be optimal, but value and bound are {shown} apart, {most:.3g} "
            "is asked for",
        ),
        Severity.ERROR,
        RUN_MARKER,
        (name,),
        "objectives",
    )

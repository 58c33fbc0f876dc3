"""From a run folder and its review to what a register is to hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allocator.decisions import Decision, Verdict, read_decisions
from allocator.errors import Finding, InputError, Severity, Text, errors_in
from allocator.pipeline.deciding import DECIDED_FILE
from allocator.pipeline.runs import read_columns
from allocator.plan import ALLOCATION_COLUMNS
from allocator.provenance import fingerprint, parse_json
from allocator.register import (
    Amount,
    Applied,
    Order,
    Placement,
    SiteFacts,
    apply_order,
    refuse_output,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

ACCEPTING = (Verdict.ACCEPT, Verdict.LOCK)
CODE_COLUMNS = ("site_id", "class", "zone_id", "county_id")  # of sites.csv
PLACED_COLUMNS = (
    "site_id",
    "name",
    "county",
    "zone",
    "service",
    "action",
    "phase",
    "lon",
    "lat",
    "clauses",
)

type Pair = tuple[str, str]  # (site_id, service)


@dataclass(frozen=True)
class Writing:
    """How the accepted placements of a run are written.

    Parameters
    ----------
    register
        The planner's register; only read.
    target
        The changed copy.
    everything
        Whether placements without a verdict are written too.
    decisions
        The table of decisions; None: ``decisions.csv`` of the run.
    crs, strict, force
        As for `allocator.register.apply_order`.
    """

    register: Path
    target: Path
    everything: bool = False
    decisions: Path | None = None
    crs: str | None = None
    strict: bool = False
    force: bool = False


def apply_run(run: Path, writing: Writing) -> tuple[Order, Applied]:
    """Write the accepted placements of a run into a copy of a register.

    Parameters
    ----------
    run
        The folder that ``allocator plan`` wrote, with its ``decisions.csv`` filled in.
    writing
        The register, and how it is written.

    Returns
    -------
    order, applied
        What was asked for, and what changed.

    Raises
    ------
    InputError
        When the run cannot be read, nothing in it is accepted, verdicts contradict one
        another, or the register cannot be written.
    """
    refuse_output(writing.register, writing.target, force=writing.force)
    order, findings = read_order(
        run, everything=writing.everything, decisions=writing.decisions
    )
    applied = apply_order(
        order,
        writing.register,
        writing.target,
        crs=writing.crs,
        strict=writing.strict,
        force=writing.force,
    )
    return order, Applied(
        applied.edits,
        (*findings, *applied.findings),
        applied.before,
        applied.log,
    )


def read_order(
    run: Path, *, everything: bool, decisions: Path | None = None
) -> tuple[Order, tuple[Finding, ...]]:
    """Return what a run and the decisions on it ask of a register.

    Parameters
    ----------
    run
        The run folder.
    everything
        Whether placements without a verdict are taken too.
    decisions
        The table of decisions; None: ``decisions.csv`` of the run.

    Raises
    ------
    InputError
        As for `apply_run`.
    """
    certificate = _read_certificate(run)
    names = {str(k): str(v) for k, v in dict(certificate.get("services", {})).items()}
    rows = read_columns(run / "placements.csv", PLACED_COLUMNS)
    counts = _counts(run, rows)
    file = decisions or run / "decisions.csv"
    verdicts_read, findings = read_decisions(file, names)
    # A form without rows decides nothing.
    findings = [f for f in findings if f.code != "table-empty"]
    verdicts, problems = _verdicts(verdicts_read, rows, _decided_before(run))
    findings += problems
    if errors_in(findings):
        raise InputError(findings)
    accepted = _accepted(rows, verdicts, everything=everything)
    if not accepted:
        raise InputError([*findings, _nothing(run, everything=everything)])
    placements = tuple(
        Placement(
            site_id=str(row["site_id"]),
            service=str(row["service"]),
            action=str(row["action"]),
            year=str(row["phase"]).removesuffix(".0"),
            clauses=tuple(c for c in str(row["clauses"]).split(";") if c),
            count=count,
            date=date,
        )
        for (at, row), count in zip(rows.iterrows(), counts, strict=True)
        for date in accepted.get(int(str(at)), ())
    )
    amounts, notes = _amounts(run, rows, placements)
    order = Order(
        run=str(fingerprint(run / "run.json")["sha256"]),
        placements=tuple(sorted(placements, key=lambda p: (p.site_id, p.service))),
        amounts=amounts,
        sites=_sites(run, rows),
        remaining=frozenset(rows.loc[rows["action"] != "close", "site_id"]),
        services=names,
        crs=str(certificate.get("crs") or ""),
    )
    return order, (*findings, *notes)


# --- The run --------------------------------------------------------------------------


def _read_certificate(run: Path) -> dict[str, Any]:
    try:
        return dict(parse_json((run / "run.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            [
                Finding(
                    "run-unreadable",
                    Text("不是运行结果目录", "this is no run folder"),
                    table=str(run / "run.json"),
                    remedy=Text(
                        "给出 allocator plan 写出的文件夹",
                        "give a folder that allocator plan wrote",
                    ),
                )
            ]
        ) from error


def _counts(run: Path, rows: pd.DataFrame) -> list[int]:
    """Return how many of a counted service each row holds; 1 in older runs."""
    try:
        text = read_columns(run / "placements.csv", ("count",))["count"]
    except InputError:
        return [1] * len(rows)
    return [int(float(cell)) if cell.strip() else 1 for cell in text]


def _sites(run: Path, rows: pd.DataFrame) -> dict[str, SiteFacts]:
    codes: dict[str, Mapping[str, str]] = {}
    if (run / "sites.csv").is_file():
        table = read_columns(run / "sites.csv", CODE_COLUMNS)
        codes = {
            str(row["site_id"]): {str(k): str(v) for k, v in row.items()}
            for row in table.to_dict("records")
        }
    found = {}
    for row in rows.to_dict("records"):
        site_id = str(row["site_id"])
        known = codes.get(site_id, {})
        found[site_id] = SiteFacts(
            name=str(row["name"]),
            lon=_degrees(row["lon"]),
            lat=_degrees(row["lat"]),
            zone=str(row["zone"]),
            county=str(row["county"]),
            zone_id=str(known.get("zone_id", "")),
            county_id=str(known.get("county_id", "")),
            facility_class=str(known.get("class", "")),
        )
    return found


def _degrees(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan


def _amounts(
    run: Path, rows: pd.DataFrame, placements: Sequence[Placement]
) -> tuple[tuple[Amount, ...], list[Finding]]:
    """Return what is allocated at sites where a placement is accepted, by resource."""
    table = read_columns(run / "allocations.csv", ALLOCATION_COLUMNS)
    accepted = {p.site_id for p in placements if p.action != "close"}
    sums: dict[Pair, float] = {}
    for row in table.to_dict("records"):
        if row["site_id"] in accepted:
            pair = (str(row["site_id"]), str(row["resource"]))
            sums[pair] = sums.get(pair, 0.0) + _degrees(row["amount"])
    wrong = [pair for pair, amount in sums.items() if not math.isfinite(amount)]
    if wrong:
        raise InputError(
            [
                Finding(
                    "run-not-a-number",
                    Text("应为数字", "must be a number"),
                    table=str(run / "allocations.csv"),
                    keys=tuple(" ".join(pair) for pair in wrong),
                    column="amount",
                    remedy=Text("改回数字, 或重新求解", "correct it, or plan again"),
                )
            ]
        )
    taken = {(p.site_id, p.service) for p in placements}
    open_rows = rows[rows["action"].isin(["build", "upgrade", "keep"])]
    partly = sorted(
        {
            site_id
            for site_id, service in zip(
                open_rows["site_id"], open_rows["service"], strict=True
            )
            if (site_id, service) not in taken and any(s == site_id for s, _ in sums)
        }
    )
    notes = []
    if partly:
        notes.append(
            Finding(
                "amount-of-part",
                Text(
                    "这些机构只采纳了部分设置, 新增资源仍全部写入",
                    "only part is accepted at these sites; all of their new resources "
                    "are written",
                ),
                Severity.WARNING,
                "allocations.csv",
                tuple(partly),
                remedy=Text(
                    "核对资源数, 或按评审意见重新求解",
                    "check the figures, or plan again with the decisions",
                ),
            )
        )
    found = tuple(Amount(s, r, amount) for (s, r), amount in sorted(sums.items()))
    return found, notes


# --- The decisions --------------------------------------------------------------------


def _decided_before(run: Path) -> frozenset[Pair]:
    """Return what the run was told to obey: its form repeats these verdicts."""
    if not (run / DECIDED_FILE).is_file():
        return frozenset()
    table = read_columns(run / DECIDED_FILE, ("site_id", "service"))
    return frozenset(zip(table["site_id"], table["service"], strict=True))


def _verdicts(
    decisions: Iterable[Decision], rows: pd.DataFrame, before: Collection[Pair]
) -> tuple[dict[Pair, Decision], list[Finding]]:
    """Return the verdict on each placement; one on a whole site is on all it is given.

    What an earlier round rejected is repeated in the form, and no longer in the plan.
    """
    pairs = list(zip(rows["site_id"], rows["service"], strict=True))
    known = dict.fromkeys((str(s), str(k)) for s, k in pairs)
    of_site: dict[str, list[Pair]] = {}
    for pair in known:
        of_site.setdefault(pair[0], []).append(pair)
    found: dict[Pair, Decision] = {}
    findings = []
    for decision in decisions:
        if decision.verdict is Verdict.ADD:
            continue
        meant = (
            [(decision.site_id, decision.service)]
            if decision.service
            else of_site.get(decision.site_id, [(decision.site_id, "")])
        )
        for pair in meant:
            if pair not in known:
                old = (decision.site_id, decision.service) in before
                if decision.verdict in ACCEPTING or not old:
                    findings.append(_stale(decision))
                continue
            other = found.setdefault(pair, decision)
            if (other.verdict in ACCEPTING) != (decision.verdict in ACCEPTING):
                findings.append(_contradiction(pair, other, decision))
    return found, findings


def _stale(decision: Decision) -> Finding:
    return Finding(
        "decision-stale",
        Text("方案里没有这项设置", "the plan has no such placement"),
        table="decisions.csv",
        keys=(decision.row,),
        column="verdict",
        value=f"{decision.site_id} {decision.service}: {decision.verdict}",
        remedy=Text(
            "改用这一版方案的审核表, 或按意见重新求解",
            "use the form of this run, or plan again with the decisions",
        ),
    )


def _contradiction(pair: Pair, one: Decision, other: Decision) -> Finding:
    return Finding(
        "decision-twice",
        Text("同一项设置有不同意见", "different verdicts on one placement"),
        table="decisions.csv",
        keys=(one.row, other.row),
        column="verdict",
        value=f"{' '.join(pair)}: {one.verdict}, {other.verdict}",
        remedy=Text("协商后只保留一条", "agree, and keep one row"),
    )


def _accepted(
    rows: pd.DataFrame, verdicts: Mapping[Pair, Decision], *, everything: bool
) -> dict[int, tuple[str, ...]]:
    """Return the dates of the decisions on the rows that are accepted."""
    found: dict[int, tuple[str, ...]] = {}
    pairs = zip(rows["site_id"], rows["service"], strict=True)
    for at, pair in zip(rows.index, pairs, strict=True):
        decision = verdicts.get((str(pair[0]), str(pair[1])))
        if decision is None:
            if everything:
                found[int(at)] = ("",)
        elif decision.verdict in ACCEPTING:
            found[int(at)] = (decision.date,)
    return found


def _nothing(run: Path, *, everything: bool) -> Finding:
    return Finding(
        "nothing-accepted",
        Text("没有采纳的设置", "no placement is accepted"),
        table=str(run / "decisions.csv"),
        column="verdict",
        remedy=Text(
            "所有设置都被否决或暂缓", "every placement was rejected or deferred"
        )
        if everything
        else Text(
            "在 verdict 列填 accept 或 lock; 或加 --all, 连同没有意见的设置一并写入",
            "write accept or lock under verdict; or add --all to write placements "
            "without a verdict too",
        ),
    )

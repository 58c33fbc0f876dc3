"""Whether the files of a run say the same: tables, layers, workbook, certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from pyogrio.errors import DataLayerError, DataSourceError

from allocator.decisions import read_decisions, reviewed_rows
from allocator.errors import Finding, InputError, Severity, Text, errors_in
from allocator.export import DEMAND_COLUMNS, RUN_MARKER, audit_records
from allocator.load.base_tables import read_own_layer
from allocator.outcome import audit_table
from allocator.pipeline.deciding import DECIDED_FILE
from allocator.pipeline.runs import read_columns
from allocator.provenance import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from allocator.audit import AuditRow
    from allocator.errors import Language
    from allocator.pipeline.task import Task
    from allocator.plan import Plan

type Found = tuple[Text, int, list[Finding]]

_MOST_NAMED = 20  # rows of one disagreement; more are only counted
_SAME = 1e-5  # relative
_ABOUT = 0.0051  # layers hold two decimals


def disagreements(
    run: Path,
    certificate: Mapping[str, Any],
    task: Task,
    plan: Plan,
    *,
    rows: tuple[AuditRow, ...],
    gaps: tuple[AuditRow, ...],
    earlier: Mapping[int, tuple[AuditRow, ...]],
) -> Iterator[Found]:
    """Yield what was compared, how many rows, and what does not agree.

    Parameters
    ----------
    run, certificate
        The run folder and its certificate.
    task
        As read now.
    plan, rows, gaps
        The plan of the folder, its new audit, and what a plan by best effort breaks.
    earlier
        The new audit of each phase before the last, by year.
    """
    language: Language = "en" if certificate.get("language") == "en" else "zh"
    written = (*gaps, *(row for row in rows if row not in gaps))
    yield _audit_json(run, written, language)
    yield _audit_csv(run, "audit.csv", written, language)
    for year, judged in earlier.items():
        yield _audit_csv(run, f"audit_{year}.csv", judged, language)
    yield _audit_counts(run, certificate, rows)
    yield _placements(run, plan)
    yield _assignments(run, plan)
    yield _demand(run, task)
    if (run / "plan.xlsx").is_file():
        yield _workbook(run, plan)
    if "decisions" in certificate or (run / DECIDED_FILE).is_file():
        yield _decisions(run, certificate, task)


def _other(table: str, code: str, message: Text, keys: Iterable[object]) -> Finding:
    named = tuple(str(key) for key in keys)
    return Finding(code, message, Severity.ERROR, table, named)


def _unreadable(path: Path) -> Finding:
    text = Text("文件缺失或损坏", "the file is missing or damaged")
    return Finding("run-unreadable", text, table=str(path))


# --- the audit ------------------------------------------------------------------------


def _audit_json(run: Path, rows: tuple[AuditRow, ...], language: Language) -> Found:
    name = Text("audit.json 与新审核", "audit.json and the new audit")
    path = run / "audit.json"
    columns = ("rule_id", "unit_id", "verdict", "required", "found", "gap")

    def words(record: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(record[column]) for column in columns)

    now = [words(record) for record in audit_records(rows, language)]
    try:
        then = [words(record) for record in parse_json(path.read_text("utf-8-sig"))]
    except (OSError, ValueError, KeyError, TypeError):
        return name, 0, [_unreadable(path)]
    return name, len(now), _rows_apart(f"{run.name}/audit.json", then, now)


def _audit_csv(
    run: Path, file: str, rows: tuple[AuditRow, ...], language: Language
) -> Found:
    name = Text(f"{file} 与新审核", f"{file} and the new audit")
    fresh = audit_table(rows, language)
    columns = ("rule_id", "unit", "verdict", "required", "found", "gap")
    try:
        table = read_columns(run / file, columns)
    except InputError as error:
        return name, 0, list(error.findings)

    now = list(fresh[list(columns)].astype(str).itertuples(index=False, name=None))
    then = list(table.itertuples(index=False, name=None))
    return name, len(now), _rows_apart(f"{run.name}/{file}", then, now)


def _rows_apart(
    table: str, then: Sequence[tuple[str, ...]], now: Sequence[tuple[str, ...]]
) -> list[Finding]:
    """Return a finding for each row of an audit that is not that of another.

    A row is known by rule and unit, and by its order among several of these.
    """
    old, new = _numbered(then), _numbered(now)
    findings = []
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) == new.get(key):
            continue
        said, found = (" ".join(rows.get(key, ("-",))) for rows in (old, new))
        findings.append(
            Finding(
                "verify-audit",
                Text("与重新审核的结果不同", "not what the new audit finds"),
                Severity.ERROR,
                table,
                (f"{key[0]} {key[1]}".strip(),),
                "verdict",
                f"{said} | {found}"[:200],
            )
        )
    return findings[:_MOST_NAMED]


def _numbered(
    rows: Sequence[tuple[str, ...]],
) -> dict[tuple[str, str, int], tuple[str, ...]]:
    found: dict[tuple[str, str, int], tuple[str, ...]] = {}
    seen: dict[tuple[str, str], int] = {}
    for rule_id, unit, *said in rows:
        number = seen.get((rule_id, unit), 0)
        seen[rule_id, unit] = number + 1
        found[rule_id, unit, number] = tuple(said)
    return found


def _audit_counts(
    run: Path, certificate: Mapping[str, Any], rows: tuple[AuditRow, ...]
) -> Found:
    name = Text("证书中的判定数", "verdicts counted in the certificate")
    stated = certificate.get("audit")
    verdicts = [str(row.verdict) for row in rows]
    now = {v: verdicts.count(v) for v in ("met", "not_met", "undecidable", "tracked")}
    if stated == now:
        return name, len(now), []
    text = Text("判定数与重新审核的不同", "not the numbers of the new audit")
    table = f"{run.name}/{RUN_MARKER}"
    value = f"{stated} | {now}"[:200]
    return (
        name,
        len(now),
        [Finding("verify-audit", text, Severity.ERROR, table, (), "audit", value)],
    )


# --- tables and layers ----------------------------------------------------------------


def _layer(path: Path, layer: str) -> pd.DataFrame | None:
    try:
        return pd.DataFrame(read_own_layer(path, layer=layer, ignore_geometry=True))
    except (OSError, ValueError, DataSourceError, DataLayerError):
        return None


def _placements(run: Path, plan: Plan) -> Found:
    name = Text("placements.csv 与 plan.gpkg", "placements.csv and plan.gpkg")
    key, figures = ["site_id", "service", "action"], ["capital_wan", "yearly_wan"]
    return (
        name,
        len(plan.placements),
        _apart(run, "placements", plan.placements, key, [*figures, "count"]),
    )


def _assignments(run: Path, plan: Plan) -> Found:
    name = Text("assignments.csv 与 plan.gpkg", "assignments.csv and plan.gpkg")
    key, figures = ["demand_id", "site_id", "service"], ["people", "minutes"]
    return (
        name,
        len(plan.assignments),
        _apart(run, "assignments", plan.assignments, key, figures),
    )


def _apart(
    run: Path, name: str, table: pd.DataFrame, key: list[str], figures: list[str]
) -> list[Finding]:
    """Return a finding with the rows in which a layer and a table differ."""
    layer = _layer(run / "plan.gpkg", name)
    place = f"{run.name}/plan.gpkg {name}"
    if layer is None or not {*key, *figures} <= set(layer.columns):
        return [_unreadable(run / "plan.gpkg")]
    sums = [
        frame.assign(**{k: frame[k].astype(str) for k in key})
        .groupby(key)[figures]
        .sum()
        .astype(float)
        for frame in (layer, table)
    ]
    one, other = sums[0].align(sums[1], join="outer")
    allowed = _ABOUT + _SAME * other.abs()
    same = ((one - other).abs() <= allowed).all(axis=1)
    odd = [" ".join(map(str, row)) for row in same.index[~same.to_numpy()]]
    if not odd:
        return []
    text = Text(f"图层与 {name}.csv 不一致", f"the layer and {name}.csv differ")
    return [_other(place, "verify-files-differ", text, odd)]


def _demand(run: Path, task: Task) -> Found:
    name = Text("demand.csv 与输入", "demand.csv and the inputs")
    now = task.area.demand["people"]
    try:
        table = read_columns(run / "demand.csv", DEMAND_COLUMNS)
    except InputError as error:
        return name, 0, list(error.findings)
    people = pd.to_numeric(table["people"], errors="coerce")
    then = pd.Series(people.to_numpy(), index=table["demand_id"].to_numpy())
    if then.index.has_duplicates:
        return name, len(now), [_unreadable(run / "demand.csv")]
    one, other = then.align(now, join="outer")
    same = (one - other).abs() <= _SAME * (1.0 + other.abs())
    odd = list(same.index[~same.to_numpy()])
    if not odd:
        return name, len(now), []
    text = Text("人口与输入文件不符", "people are not those of the inputs")
    table_name = f"{run.name}/demand.csv"
    return name, len(now), [_other(table_name, "verify-files-differ", text, odd)]


def _workbook(run: Path, plan: Plan) -> Found:
    """Compare the placements that the workbook lists; what was filled in may be."""
    name = Text("plan.xlsx 与 placements.csv", "plan.xlsx and placements.csv")
    listed = reviewed_rows(run / "plan.xlsx")
    table = f"{run.name}/plan.xlsx"
    if listed is None:
        return name, 0, [_unreadable(run / "plan.xlsx")]
    rows = plan.placements
    placed = set(zip(rows["site_id"], rows["service"], strict=True))
    odd = sorted(" ".join(pair) for pair in set(listed) ^ placed)
    if not odd:
        return name, len(placed), []
    text = Text("一览表与方案的设置不一致", "the list is not that of the plan")
    return name, len(placed), [_other(table, "verify-files-differ", text, odd)]


def _decisions(run: Path, certificate: Mapping[str, Any], task: Task) -> Found:
    name = Text("decided.csv 与证书", "decided.csv and the certificate")
    path = run / DECIDED_FILE
    services = {s.id: s.name for s in task.policy.services.values()}
    decisions, problems = read_decisions(path, services) if path.is_file() else ((), [])
    findings = list(errors_in(problems))
    counts: dict[str, int] = {}
    for decision in decisions:
        counts[str(decision.verdict)] = counts.get(str(decision.verdict), 0) + 1
    stated = certificate.get("decisions", {})
    if stated != counts and not findings:
        text = Text("意见数与证书不符", "not as many decisions as the certificate says")
        value = f"{stated} | {counts}"[:200]
        table = f"{run.name}/{DECIDED_FILE}"
        findings.append(
            Finding(
                "verify-decisions", text, Severity.ERROR, table, (), "verdict", value
            )
        )
    return name, len(decisions), findings

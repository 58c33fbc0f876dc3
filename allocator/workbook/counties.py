"""The sheet 分县覆盖: people, facilities and reach in every county."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.policy import Coverage
from allocator.workbook.cells import Book, Column, set_widths, write_table

if TYPE_CHECKING:
    import pandas as pd

    from allocator.audit import AuditRow
    from allocator.outcome import Outcome


def write_counties(book: Book) -> None:
    """Write the sheet."""
    sheet = book.sheet("counties")
    columns = [
        *_unit_columns(book),
        *_service_columns(book.outcome),
        *_coverage_columns(book),
    ]
    write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    sheet.set_row(0, 48)
    sheet.freeze_panes(1, 1)


def _unit_columns(book: Book) -> list[Column]:
    area = book.outcome.area
    counties = area.counties
    zones = area.zones.groupby("county_id")["population"].agg(["size", "sum"])
    zones = zones.reindex(counties.index).fillna(0)
    total = book.say(Text("合计", "Total"))
    return [
        Column(Text("县区", "County"), list(counties["name"]), total=total),
        Column(
            Text("乡镇级单元数", "Zones"), zones["size"].tolist(), "whole", total="sum"
        ),
        Column(
            Text("常住人口(人)", "Population"),
            zones["sum"].tolist(),
            "whole",
            total="sum",
        ),
    ]


def _service_columns(outcome: Outcome) -> list[Column]:
    """Return holders today and in the plan, and the people served, by service."""
    area, plan = outcome.area, outcome.plan
    placed = plan.placements.join(area.sites["county_id"], on="site_id")
    served = plan.assignments.join(area.demand["county_id"], on="demand_id")
    columns = []
    for service in outcome.policy.services.values():
        rows = placed[placed["service"] == service.id]
        if not len(rows):
            continue
        name = service.name
        today = _per_county(outcome, rows[rows["action"].isin(["keep", "close"])])
        then = _per_county(outcome, rows[rows["action"] != "close"])
        columns += [
            Column(Text(f"{name} 现状", f"{name}, today"), today, "whole", total="sum"),
            Column(Text(f"{name} 规划", f"{name}, plan"), then, "whole", total="sum"),
        ]
        if service.serves is not None:
            columns += _people_columns(
                outcome, name, served[served["service"] == service.id]
            )
    return columns


def _per_county(outcome: Outcome, rows: pd.DataFrame) -> list[float]:
    counts = rows.groupby("county_id").size()
    return [float(n) for n in counts.reindex(outcome.area.counties.index, fill_value=0)]


def _people_columns(outcome: Outcome, name: str, rows: pd.DataFrame) -> list[Column]:
    minutes = rows["people"] * rows["minutes"]
    sums = rows.assign(minutes=minutes).groupby("county_id")[["people", "minutes"]]
    total = sums.sum().reindex(outcome.area.counties.index)
    mean = (total["minutes"] / total["people"]).tolist()
    people = Text(f"{name} 服务人口", f"{name}, people served")
    time = Text(f"{name} 平均时间(分钟)", f"{name}, mean minutes")
    return [
        Column(people, total["people"].fillna(0).tolist(), "whole", total="sum"),
        Column(time, mean, "tenth"),
    ]


def _coverage_columns(book: Book) -> list[Column]:
    """Return, for each coverage clause of counties, what was found and the verdict."""
    outcome = book.outcome
    counties = outcome.area.counties.index
    columns = []
    for rule in outcome.policy.rules:
        if not isinstance(rule, Coverage):
            continue
        then = _by_unit(outcome.audit, rule.id)
        if not set(then) & set(counties):
            continue
        today = _by_unit(outcome.audit_today, rule.id)
        title = rule.clause or rule.id
        for words, rows in (
            (Text(f"{title} 现状", f"{title}, today"), today),
            (Text(f"{title} 规划", f"{title}, plan"), then),
        ):
            cells = [_found(book, rows.get(str(county))) for county in counties]
            columns.append(Column(words, cells, "centre"))
    return columns


def _by_unit(rows: tuple[AuditRow, ...], rule_id: str) -> dict[str, AuditRow]:
    return {row.unit_id: row for row in rows if row.rule_id == rule_id}


def _found(book: Book, row: AuditRow | None) -> str:
    if row is None:
        return ""
    return f"{book.say(row.found)} ({book.say(row.verdict.text)})"

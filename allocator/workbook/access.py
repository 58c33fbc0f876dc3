"""The sheets 可达性 and 资源配置: access by county, and amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.workbook.cells import Book, Column, set_widths, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from allocator.outcome import Outcome


def write_access(book: Book) -> None:
    """Write how well people reach each service, by county, today and in the plan."""
    if book.outcome.access is None:
        return
    before, after = book.outcome.access
    area = book.outcome.area
    # The row of the whole area has an empty unit id and is shown first.
    today = _with_area(before.by_county, before.by_area)
    then = _with_area(after.by_county, after.by_area)
    names = {"": area.name} | area.counties["name"].to_dict()
    services = {s.id: s.name for s in book.outcome.policy.services.values()}
    keys = list(today.index)
    columns = [
        Column(Text("服务", "Service"), [services[s] for s, _ in keys]),
        Column(Text("县区", "County"), [names[u] for _, u in keys]),
    ]
    for measure in today.columns:
        title = before.titles[measure]
        style = _style(measure)
        for when, frame in (
            (Text("现状", "today"), today),
            (Text("规划", "plan"), then),
        ):
            heading = Text(f"{title.zh} {when.zh}", f"{title.en}, {when.en}")
            columns.append(Column(heading, frame[measure].tolist(), style))
    write_sheet(book, "access", columns, frozen_columns=2)


def _with_area(by_county: pd.DataFrame, by_area: pd.DataFrame) -> pd.DataFrame:
    rows = by_area.reindex(columns=by_county.columns)
    together: pd.DataFrame = rows.combine_first(by_county).sort_index()
    return together[by_county.columns]


def _style(measure: str) -> str:
    if measure.endswith("_share"):
        return "percent"
    if measure.endswith(("_1000", "_gini", "_theil")):
        return "thousandth"
    return "tenth" if measure.startswith("minutes") else "whole"


def write_allocations(book: Book) -> None:
    """Write what is put at which site; no sheet where nothing is."""
    outcome = book.outcome
    rows = outcome.plan.allocations
    if rows.empty:
        return
    resources = outcome.policy.resources
    units = [resources[name].unit for name in rows["resource"]]
    columns = [
        *_sites(outcome, list(rows["site_id"])),
        Column(Text("资源", "Resource"), [resources[n].name for n in rows["resource"]]),
        Column(Text("单位", "Unit"), units),
        Column(Text("新增数量", "Added"), rows["amount"].tolist(), "whole"),
        Column(Text("建设时序", "Year"), _years(rows["phase"]), "year"),
        Column(
            Text("投资估算(万元)", "Capital (万元)"),
            rows["capital_wan"].tolist(),
            "money",
            total="sum",
        ),
        Column(
            Text("年运行费(万元)", "Yearly (万元)"),
            rows["yearly_wan"].tolist(),
            "money",
            total="sum",
        ),
        Column(Text("机构编号", "Site id"), rows["site_id"].tolist(), "id"),
    ]
    write_sheet(book, "allocations", columns, frozen_columns=1)


def _years(phases: pd.Series) -> list[object]:
    return ["" if phase is None or phase != phase else phase for phase in phases]  # noqa: PLR0124 (NaN)


def _sites(outcome: Outcome, site_ids: Sequence[str]) -> list[Column]:
    sites = outcome.area.sites.loc[list(site_ids)]
    counties = outcome.area.counties.loc[sites["county_id"], "name"]
    return [
        Column(Text("机构名称", "Facility"), sites["name"].tolist()),
        Column(Text("所属县区", "County"), counties.tolist()),
    ]


def write_sheet(
    book: Book, name: str, columns: Sequence[Column], *, frozen_columns: int
) -> None:
    """Write a table on a sheet of its own, its first row and columns frozen."""
    sheet = book.sheet(name)
    write_table(book, sheet, columns)
    set_widths(book, sheet, columns)
    sheet.set_row(0, 48)
    sheet.freeze_panes(1, frozen_columns)

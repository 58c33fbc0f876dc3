"""The sheets 指标表, 分县床位 and 乡镇覆盖: indicators, beds, people in reach."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_rowcol_to_cell

from allocator.errors import Text
from allocator.summary import county_table, indicator_words, indicators_of, kind_word
from allocator.workbook.access import write_sheet
from allocator.workbook.cells import Book, Column, Formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_PER = 1000


def write_indicators(book: Book) -> None:
    """Write the clauses of the whole area: today, planned, target, kind, verdict."""
    outcome = book.outcome
    figures = indicators_of(outcome)
    said = [indicator_words(outcome, one) for one in figures]
    papers = {head.id: head.document or head.title for head in outcome.policy.packs}
    basis = [
        f"{papers.get(one.first.pack, one.first.pack)} {one.first.clause} "
        f"[{one.first.rule_id}]"
        for one in figures
    ]
    columns = [
        Column(Text("序号", "No."), range(1, len(figures) + 1), "year"),
        Column(Text("指标", "Indicator"), [one.first.quote for one in figures]),
        Column(Text("现状值", "Today"), [now for now, _, _ in said]),
        Column(Text("规划值", "Planned"), [then for _, then, _ in said]),
        Column(Text("目标值", "Target"), [target for _, _, target in said]),
        Column(
            Text("属性", "Kind"), [book.say(kind_word(f)) for f in figures], "centre"
        ),
        Column(
            Text("判定", "Verdict"),
            [book.say(one.verdict.text) for one in figures],
            "centre",
        ),
        Column(Text("期限", "Due"), [one.first.due or "" for one in figures], "year"),
        Column(Text("依据", "Basis"), basis),
    ]
    write_sheet(book, "indicators", columns, frozen_columns=2)


def write_beds(book: Book) -> None:
    """Write the beds of every county; no sheet where the register has none."""
    if "beds" not in book.outcome.area.sites:
        return
    table = county_table(book.outcome)
    people = table["population"].tolist()
    columns = [
        Column(
            Text("县区", "County"),
            table["name"].tolist(),
            total=book.say(Text("合计", "Total")),
        ),
        Column(Text("常住人口(人)", "Population"), people, "whole", total="sum"),
        Column(
            Text("现有机构数", "Facilities"),
            table["sites"].tolist(),
            "whole",
            total="sum",
        ),
    ]
    for name, words in (
        ("beds", Text("现有床位(张)", "Beds today")),
        ("planned_beds", Text("规划床位(张)", "Beds planned")),
    ):
        at = len(columns)
        beds = table[name].tolist()
        rate = Text("每千人口(张)", "per thousand")
        columns.append(Column(words, beds, "whole", total="sum"))
        columns.append(_ratio(rate, beds, people, (at, 1), "hundredth", times=_PER))
    write_sheet(book, "beds", columns, frozen_columns=1)


def write_reach(book: Book) -> None:
    """Write people in reach of every zone by coverage clause, today and planned."""
    outcome = book.outcome
    if outcome.reach is None or outcome.reach.empty:
        return
    zones = outcome.area.zones
    counties = outcome.area.counties.loc[zones["county_id"], "name"]
    total = book.say(Text("合计", "Total"))
    columns = [
        Column(Text("县区", "County"), counties.tolist(), total=total),
        Column(Text("乡镇(街道)", "Zone"), zones["name"].tolist()),
        Column(
            Text("常住人口(人)", "Population"),
            zones["population"].tolist(),
            "whole",
            total="sum",
        ),
    ]
    names = {s.id: s.name for s in outcome.policy.services.values()}
    for rule, rows in outcome.reach.groupby("rule_id", sort=False):
        own = rows.set_index("zone_id").reindex(zones.index)
        service = str(rows["service"].iloc[0])
        columns += _reach_columns(
            f"{names.get(service, service)} [{rule}]", own, columns
        )
    columns.append(
        Column(Text("乡镇编号", "zone_id"), [str(i) for i in zones.index], "id")
    )
    write_sheet(book, "reach", columns, frozen_columns=2)


def _reach_columns(
    title: str, own: pd.DataFrame, before: Sequence[Column]
) -> list[Column]:
    """Return people addressed, in reach today and planned, each with its share."""
    people = own["people"].tolist()
    at = len(before)
    addressed = Text(f"{title} 适用人口", f"{title}, people")
    columns = [Column(addressed, people, "whole", total="sum")]
    for name, words in (
        ("today", Text("现状覆盖", "in reach today")),
        ("plan", Text("规划覆盖", "in reach planned")),
    ):
        reached = own[name].tolist()
        heading = Text(f"{title} {words.zh}", f"{title}, {words.en}")
        share = Text(f"{title} {words.zh}占比", f"{title}, share {words.en}")
        place = (at + len(columns), at)
        columns.append(Column(heading, reached, "whole", total="sum"))
        columns.append(_ratio(share, reached, people, place, "percent"))
    return columns


def _ratio(
    heading: Text,
    parts: Sequence[float],
    wholes: Sequence[float],
    places: tuple[int, int],
    style: str,
    *,
    times: float = 1.0,
) -> Column:
    """Return a column of formulas that divide one column by another.

    Parameters
    ----------
    heading, style
        Of the column.
    parts, wholes, places
        What is divided by what, and the columns of the sheet where both stand.
    times
        What the quotient is multiplied by.
    """

    def formula(row: int, part: float, whole: float) -> object:
        if not whole > 0 or math.isnan(part):
            return ""
        cells = [xl_rowcol_to_cell(row, at) for at in places]
        more = f"*{times:g}" if times != 1.0 else ""
        return Formula(f"={cells[0]}/{cells[1]}{more}", part / whole * times)

    cells = [
        formula(row, part, whole)
        for row, (part, whole) in enumerate(zip(parts, wholes, strict=True), start=1)
    ]
    known = [(p, w) for p, w in zip(parts, wholes, strict=True) if not math.isnan(p)]
    part, whole = (math.fsum(pair[at] for pair in known) for at in (0, 1))
    return Column(
        heading, cells, style, total_cell=formula(len(parts) + 1, part, whole)
    )

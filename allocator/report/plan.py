"""The chapters on layout, facilities and investment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.report import numbers, words
from allocator.report.model import Paragraph
from allocator.report.present import COUNTY, NUMBER, QUOTE, SERVICE
from allocator.report.values import listed
from allocator.summary import (
    costs_by_county,
    costs_by_year,
    reach_table,
    resource_table,
    service_table,
    site_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from allocator.report.desk import Desk
    from allocator.report.model import Block, Chapter

_CAPITAL = Text("投资(万元)", "Capital (10,000 yuan)")
_ROWS = ["built_rows", "upgraded_rows", "closed_rows"]
_YEARLY = Text("年运行费(万元)", "Yearly (10,000 yuan)")


def layout(desk: Desk) -> Chapter:
    """Return the chapter on what stands where, who is in reach, who goes where."""
    reach = _reach(desk)
    coverage = [*desk.figure("coverage_before"), *desk.figure("coverage_after")]
    catchments = desk.figure("catchments")
    groups = _groups(desk)
    changes = desk.figure("changes")
    return desk.chapter(
        "layout",
        [
            (
                "services",
                [
                    *desk.text("layout.services.text"),
                    *_services(desk),
                    *desk.figure("proposed"),
                    *desk.figure("emergency"),
                ],
            ),
            (
                "reach",
                [*desk.text("layout.reach.text"), *reach, *coverage]
                if reach or coverage
                else [],
            ),
            (
                "catchments",
                [*desk.text("layout.catchments.text"), *catchments]
                if catchments
                else [],
            ),
            (
                "groups",
                [
                    *desk.text("layout.groups.text"),
                    *groups,
                    *desk.figure("networks"),
                ]
                if groups
                else [],
            ),
            (
                "changes",
                [*desk.text("layout.changes.text"), *changes] if changes else [],
            ),
        ],
    )


def _services(desk: Desk) -> list[Block]:
    table = service_table(desk.outcome)
    rows = [
        (
            str(row["name"]),
            *(
                numbers.whole(float(row[name]))
                for name in ("today", "build", "upgrade", "close", "planned", "people")
            ),
            numbers.tenth(float(row["minutes"])),
        )
        for _, row in table.iterrows()
    ]
    columns = [
        desk.column(SERVICE, 2.4),
        desk.number(Text("现有", "Today"), 0.8),
        desk.number(Text("新建", "Built"), 0.8),
        desk.number(Text("改扩建", "Upgraded"), 0.9),
        desk.number(Text("撤并", "Closed"), 0.8),
        desk.number(Text("规划", "Planned"), 0.8),
        desk.number(Text("服务人口(人)", "People served"), 1.4),
        desk.number(Text("平均(分钟)", "Mean minutes"), 1.0),
    ]
    counted = (table["build"] + table["upgrade"]) != (
        table["built_rows"] + table["upgraded_rows"]
    )
    return [
        *desk.table("services", columns, rows),
        *_counted_note(desk, table.loc[counted, "name"].tolist()),
    ]


def _counted_note(desk: Desk, names: list[str]) -> list[Block]:
    """Say which services a site may hold several of: they count as often here."""
    if not names:
        return []
    said = listed(names, desk.outcome.language)
    words = Text(
        f"注: {said}按数量计, 一处可设多个; 正文和投资表中的“项”按处计。",
        f"Note: {said} count as often as a site holds them here; placements in the "
        "text and in the tables of costs count once at a site.",
    )
    return [Paragraph(desk.say(words), note=True)]


def _reach(desk: Desk) -> list[Block]:
    table = reach_table(desk.outcome)
    rules = {rule.id: rule for rule in desk.outcome.policy.rules}
    names = {s.id: s.name for s in desk.outcome.policy.services.values()}
    rows = []
    for rule_id, row in table.iterrows():
        rule, people = rules[str(rule_id)], float(row["people"])
        rows.append(
            (
                names.get(str(row["service"]), str(row["service"])),
                f"{rule.quote} [{rule_id}]",
                numbers.whole(people),
                numbers.whole(float(row["today"])),
                numbers.percent(numbers.share_of(float(row["today"]), people)),
                numbers.whole(float(row["plan"])),
                numbers.percent(numbers.share_of(float(row["plan"]), people)),
            )
        )
    columns = [
        desk.column(SERVICE, 1.5),
        desk.column(QUOTE, 2.4),
        desk.number(Text("适用人口(人)", "People"), 1.2),
        desk.number(Text("现状覆盖(人)", "in reach today"), 1.2),
        desk.number(Text("占比", "share"), 0.8),
        desk.number(Text("规划覆盖(人)", "in reach planned"), 1.2),
        desk.number(Text("占比", "share"), 0.8),
    ]
    return desk.table("reach", columns, rows)


def _groups(desk: Desk) -> list[Block]:
    outcome = desk.outcome
    rows = []
    names, zones = outcome.area.sites["name"], outcome.area.zones
    grouped = outcome.plan.groups.groupby(["network", "lead_id"])["zone_id"]
    for key, held in grouped:
        network, lead = map(str, key)
        own = zones.loc[held]
        rows.append(
            (
                outcome.policy.networks[network].name,
                str(names[lead]),
                numbers.whole(len(own)),
                numbers.whole(float(own["population"].sum())),
                listed([str(name) for name in own["name"]], outcome.language),
            )
        )
    columns = [
        desk.column(Text("网络", "Network"), 1.3),
        desk.column(Text("牵头机构", "Lead"), 1.3),
        desk.number(Text("单元数", "Zones"), 0.6),
        desk.number(Text("人口(人)", "People"), 0.9),
        desk.column(Text("所辖乡镇级单元", "Its zones"), 4.0),
    ]
    return desk.table("groups", columns, rows, wide=True)


# --- Facilities -----------------------------------------------------------------------


def facilities(desk: Desk) -> Chapter:
    """Return the chapter with the list of facilities, on pages on their long side."""
    return desk.chapter("sites", [], [*desk.text("sites.text"), *_sites(desk)])


def _sites(desk: Desk) -> list[Block]:
    table = site_table(desk.outcome)
    rows = [
        _site_cells(desk, number, row)
        for number, (_, row) in enumerate(table.iterrows(), start=1)
    ]
    total = (
        "",
        desk.say(words.TOTAL),
        *[""] * 8,
        numbers.money(float(table["capital_wan"].sum())),
        "",
    )
    columns = [
        desk.column(NUMBER, 0.45, "center"),
        desk.column(Text("机构名称", "Facility"), 1.9),
        desk.column(Text("类别", "Class"), 1.05),
        desk.column(Text("级别", "Level"), 0.6, "center"),
        desk.column(Text("所属县区、乡镇(街道)", "County, zone"), 1.4),
        desk.column(Text("建设性质", "Action"), 0.75, "center"),
        desk.column(Text("新增(撤并)服务", "New (closed) services"), 1.9),
        desk.number(Text("现有/规划床位", "Beds today/planned"), 0.85),
        desk.number(Text("服务人口", "People served"), 0.95),
        desk.column(Text("建设时序", "Year"), 0.7, "center"),
        desk.number(Text("投资(万元)", "Capital (10,000 yuan)"), 0.85),
        desk.column(Text("依据条款", "Clauses"), 1.9),
    ]
    return desk.table("sites", columns, [*rows, total], total=True, wide=True)


def _site_cells(desk: Desk, number: int, row: pd.Series) -> tuple[str, ...]:
    language = desk.outcome.language
    names = {s.id: s.name for s in desk.outcome.policy.services.values()}
    beds = f"{numbers.whole(row['beds'])}/{numbers.whole(row['planned_beds'])}"
    if math.isnan(row["beds"]) and math.isnan(row["planned_beds"]):
        beds = numbers.NONE
    people = " / ".join(numbers.whole(p) for p in row["people"])
    new = [names.get(service, service) for service in row["new"]]
    gone = [names.get(service, service) for service in row["closed"]]
    closed = f"({listed(gone, language)})" if gone else ""
    return (
        str(number),
        str(row["name"]),
        words.class_word(row["class"], language),
        words.level_word(row["level"], language),
        f"{row['county']} {row['zone']}",
        desk.say(words.ACTIONS[row["action"]]),
        (listed(new, language) + closed) or numbers.NONE,
        beds,
        people or numbers.NONE,
        "–".join(str(y) for y in sorted({*row["years"][:1], *row["years"][-1:]}))
        or numbers.NONE,
        numbers.money(row["capital_wan"]) if row["capital_wan"] else numbers.NONE,
        listed(list(row["clauses"]), language) or numbers.NONE,
    )


# --- Investment -----------------------------------------------------------------------


def investment(desk: Desk) -> Chapter:
    """Return the chapter on costs, by service, county, year and resource."""
    by_year = _years(desk)
    resources = _resources(desk)
    return desk.chapter(
        "investment",
        [
            ("services", _costs_of_services(desk)),
            ("counties", _counties(desk)),
            ("years", by_year),
            (
                "resources",
                [*desk.text("investment.resources.text"), *resources]
                if resources
                else [],
            ),
        ],
        desk.text("investment.text"),
    )


def _costs_of_services(desk: Desk) -> list[Block]:
    table = service_table(desk.outcome)
    bought = resource_table(desk.outcome)
    shown = table[
        (table[_ROWS] != 0).any(axis=1)
        | (table[["capital_wan", "yearly_wan"]] != 0).any(axis=1)
    ]
    rows = [
        (
            str(row["name"]),
            *(numbers.whole(float(row[n])) for n in _ROWS),
            numbers.money(float(row["capital_wan"])),
            numbers.money(float(row["yearly_wan"])),
        )
        for _, row in shown.iterrows()
    ]
    sums = shown[_ROWS].sum()
    costs = [
        float(table[name].sum()) + float(bought[name].sum())
        for name in ("capital_wan", "yearly_wan")
    ]
    if len(bought):
        rows.append(
            (
                desk.say(Text("资源配置", "Resources")),
                *[numbers.NONE] * 3,
                numbers.money(float(bought["capital_wan"].sum())),
                numbers.money(float(bought["yearly_wan"].sum())),
            )
        )
    total = (
        desk.say(words.TOTAL),
        *(numbers.whole(float(number)) for number in sums),
        *(numbers.money(cost) for cost in costs),
    )
    columns = [
        desk.column(SERVICE, 2.4),
        desk.number(Text("新建", "Built"), 0.8),
        desk.number(Text("改扩建", "Upgraded"), 0.8),
        desk.number(Text("撤并", "Closed"), 0.8),
        desk.number(_CAPITAL, 1.3),
        desk.number(_YEARLY, 1.3),
    ]
    return desk.table("costs_services", columns, [*rows, total], total=True)


def _counties(desk: Desk) -> list[Block]:
    return _cost_table(desk, "costs_counties", COUNTY, costs_by_county(desk.outcome))


def _years(desk: Desk) -> list[Block]:
    table = costs_by_year(desk.outcome)
    if table.empty:
        return []
    table.insert(0, "name", [str(year) for year in table.index])
    return _cost_table(desk, "costs_years", Text("年度", "Year"), table)


def _cost_table(
    desk: Desk, name: str, heading: Text, table: pd.DataFrame
) -> list[Block]:
    rows = [
        (
            str(row["name"]),
            numbers.whole(float(row["new"])),
            numbers.money(float(row["capital_wan"])),
            numbers.money(float(row["yearly_wan"])),
        )
        for _, row in table.iterrows()
    ]
    total = (
        desk.say(words.TOTAL),
        numbers.whole(float(table["new"].sum())),
        numbers.money(float(table["capital_wan"].sum())),
        numbers.money(float(table["yearly_wan"].sum())),
    )
    columns = [
        desk.column(heading, 1.6),
        desk.number(Text("新增设置(项)", "New placements")),
        desk.number(_CAPITAL),
        desk.number(_YEARLY),
    ]
    return desk.table(name, columns, [*rows, total], total=True)


def _resources(desk: Desk) -> list[Block]:
    rows = [
        (
            str(row["name"]),
            str(row["unit"]) or numbers.NONE,
            numbers.general(float(row["amount"])),
            numbers.money(float(row["capital_wan"])),
            numbers.money(float(row["yearly_wan"])),
        )
        for _, row in resource_table(desk.outcome).iterrows()
    ]
    columns = [
        desk.column(Text("资源", "Resource"), 1.6),
        desk.column(Text("单位", "Unit"), 0.6, "center"),
        desk.number(Text("新增数量", "Added")),
        desk.number(_CAPITAL),
        desk.number(_YEARLY),
    ]
    return desk.table("resources", columns, rows)

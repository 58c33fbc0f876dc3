"""The chapters on the present state and on the aims."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.audit import Verdict
from allocator.errors import Text
from allocator.report import numbers, words
from allocator.report.model import Paragraph
from allocator.summary import (
    class_table,
    clauses_of,
    county_table,
    indicator_words,
    indicators_of,
    kind_word,
)
from allocator.summary.clauses import required

if TYPE_CHECKING:
    from allocator.report.desk import Desk
    from allocator.report.model import Block, Chapter

COUNTY = Text("县区", "County")
SERVICE = Text("服务", "Service")
NUMBER = Text("序号", "No.")
CLAUSE = Text("依据条款", "Clause")
QUOTE = Text("条款原文", "Words of the clause")


def background(desk: Desk) -> Chapter:
    """Return the chapter on people, facilities, access and what is not kept today."""
    return desk.chapter(
        "background",
        [
            ("people", [*desk.text("background.people.text"), *_people(desk)]),
            (
                "facilities",
                [
                    *desk.text("background.facilities.text"),
                    *_classes(desk),
                    *_beds(desk),
                    *desk.figure("present"),
                ],
            ),
            ("access", _access(desk)),
            ("problems", _problems(desk)),
        ],
    )


def _people(desk: Desk) -> list[Block]:
    table = county_table(desk.outcome)
    rows = [
        (
            str(row["name"]),
            numbers.whole(float(row["zones"])),
            numbers.whole(float(row["population"])),
            numbers.people_wan(float(row["population"])),
            numbers.percent(float(row["share"])),
        )
        for _, row in table.iterrows()
    ]
    people = float(table["population"].sum())
    total = (
        desk.say(words.TOTAL),
        numbers.whole(float(table["zones"].sum())),
        numbers.whole(people),
        numbers.people_wan(people),
        numbers.percent(1.0 if people else None),
    )
    columns = [
        desk.column(COUNTY, 1.4),
        desk.number(Text("乡镇级单元数", "Zones")),
        desk.number(Text("常住人口(人)", "People"), 1.4),
        desk.number(Text("常住人口(万人)", "People (10,000)"), 1.4),
        desk.number(Text("占比", "Share")),
    ]
    return desk.table("people", columns, [*rows, total], total=True)


def _classes(desk: Desk) -> list[Block]:
    table = class_table(desk.outcome)
    language = desk.outcome.language
    rows = [
        (
            words.class_word(code, language),
            numbers.whole(float(row["sites"])),
            numbers.whole(float(row["branches"])),
            numbers.whole(float(row["beds"])),
            numbers.whole(float(row["without_beds"])),
        )
        for code, row in table.iterrows()
    ]
    sums = table.sum(min_count=1)
    total = (
        desk.say(words.TOTAL),
        *(
            numbers.whole(float(sums[name]))
            for name in ("sites", "branches", "beds", "without_beds")
        ),
    )
    columns = [
        desk.column(Text("类别", "Class"), 2.0),
        desk.number(Text("机构数", "Facilities")),
        desk.number(Text("其中分支机构", "of them branches")),
        desk.number(Text("实有床位(张)", "Beds")),
        desk.number(Text("床位未填报", "beds not stated")),
    ]
    return desk.table("classes", columns, [*rows, total], total=True)


def _beds(desk: Desk) -> list[Block]:
    if "beds" not in desk.outcome.area.sites:
        return []
    table = county_table(desk.outcome)
    rows = [
        (
            str(row["name"]),
            numbers.whole(float(row["sites"])),
            numbers.whole(float(row["beds"])),
            numbers.hundredth(float(row["beds_per_1000"])),
            numbers.whole(float(row["planned_beds"])),
            numbers.hundredth(float(row["planned_beds_per_1000"])),
        )
        for _, row in table.iterrows()
    ]
    people = float(table["population"].sum()) or math.nan
    beds, planned = float(table["beds"].sum()), float(table["planned_beds"].sum())
    total = (
        desk.say(words.TOTAL),
        numbers.whole(float(table["sites"].sum())),
        numbers.whole(beds),
        numbers.hundredth(beds / people * 1000),
        numbers.whole(planned),
        numbers.hundredth(planned / people * 1000),
    )
    columns = [
        desk.column(COUNTY, 1.4),
        desk.number(Text("现有机构数", "Facilities")),
        desk.number(Text("现有床位(张)", "Beds today")),
        desk.number(Text("每千人口(张)", "per thousand")),
        desk.number(Text("规划床位(张)", "Beds planned")),
        desk.number(Text("每千人口(张)", "per thousand")),
    ]
    return desk.table("beds", columns, [*rows, total], total=True)


_LIMITS = (15, 30)


def _access(desk: Desk) -> list[Block]:
    access = desk.outcome.access
    if access is None:
        return []
    names = {s.id: s.name for s in desk.outcome.policy.services.values()}
    rows = []
    by_area = access[0].by_area
    for service, (_, row) in zip(
        by_area.index.get_level_values("service"), by_area.iterrows(), strict=True
    ):
        shares = [
            row.get(f"within_{limit}_minutes_share", math.nan) for limit in _LIMITS
        ]
        rows.append(
            (
                names[str(service)],
                numbers.whole(float(row["holders"])),
                *(numbers.percent(float(share)) for share in shares),
                numbers.tenth(float(row["minutes_mean"])),
                numbers.tenth(float(row["minutes_p90"])),
            )
        )
    columns = [
        desk.column(SERVICE, 2.0),
        desk.number(Text("现有数", "Holders")),
        *(
            desk.number(Text(f"{m}分钟内人口", f"people within {m} min"), 1.2)
            for m in _LIMITS
        ),
        desk.number(Text("平均(分钟)", "mean minutes")),
        desk.number(Text("九成人口以内(分钟)", "nine in ten within"), 1.2),
    ]
    table = desk.table("access", columns, rows)
    return [*desk.text("background.access.text"), *table] if table else []


def _problems(desk: Desk) -> list[Block]:
    language = desk.outcome.language
    papers = words.documents(desk.outcome)
    missed = [
        figures
        for figures in clauses_of(desk.outcome)
        if figures.counted(Verdict.NOT_MET)[0]
    ]
    rows = []
    for number, figures in enumerate(missed, start=1):
        first = figures.first
        units = figures.counted(Verdict.NOT_MET)[0]
        rows.append(
            (
                str(number),
                first.quote,
                f"{papers.get(first.pack, first.pack)} {first.clause}",
                required(figures, language),
                f"{units}/{len(figures.rows)}",
            )
        )
    columns = [
        desk.column(NUMBER, 0.5, "center"),
        desk.column(QUOTE, 2.4),
        desk.column(CLAUSE, 1.8),
        desk.column(Text("要求", "Required"), 1.6),
        desk.column(Text("未达标单元", "Units not met"), 0.9, "center"),
    ]
    table = desk.table("problems", columns, rows)
    if table or not desk.outcome.audit_today:
        return [*desk.text("background.problems.text"), *table] if table else []
    return desk.text("background.problems.none")


# --- Aims -----------------------------------------------------------------------------


def aims(desk: Desk) -> Chapter:
    """Return the chapter on the basis, the aims and the indicators."""
    notes = [
        Paragraph(f"《{head.title}》: {head.note}", note=True)
        for head in desk.outcome.policy.packs
        if head.note and desk.outcome.language == "zh"
    ]
    return desk.chapter(
        "aims",
        [
            ("goals", [*desk.text("aims.goals.text"), *notes]),
            (
                "indicators",
                [*desk.text("aims.indicators.text"), *_indicators(desk)],
            ),
        ],
    )


def _indicators(desk: Desk) -> list[Block]:
    """Return the table of the clauses of the whole area, and the coverage of all."""
    papers = words.documents(desk.outcome)
    wanted = indicators_of(desk.outcome)
    rows = [
        (
            str(number),
            figures.first.quote,
            *indicator_words(desk.outcome, figures),
            desk.say(kind_word(figures)),
            f"{papers.get(figures.first.pack, figures.first.pack)} "
            f"{figures.first.clause}",
        )
        for number, figures in enumerate(wanted, start=1)
    ]
    columns = [
        desk.column(NUMBER, 0.4, "center"),
        desk.column(Text("指标", "Indicator"), 2.4),
        desk.column(Text("现状值", "Today"), 1.5),
        desk.column(Text("规划值", "Planned"), 1.5),
        desk.column(Text("目标值", "Target"), 1.5),
        desk.column(Text("属性", "Kind"), 0.7, "center"),
        desk.column(Text("依据", "Basis"), 1.6),
    ]
    return desk.table("indicators", columns, rows, wide=True)

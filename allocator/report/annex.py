"""The annex: assumptions, bases, how clauses are read, what was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.errors import Severity, Text
from allocator.policy.terms import objective_words
from allocator.report import numbers, words
from allocator.report.model import Paragraph
from allocator.report.present import CLAUSE, NUMBER, QUOTE, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allocator.report.desk import Desk
    from allocator.report.model import Block, Chapter

_BASES = {
    "population_basis": Text("乡镇级单元人口", "population of zones"),
    "location_basis": Text("位置", "location"),
    "boundary_basis": Text("边界", "border"),
    "basis": Text("机构数据", "data of facilities"),
}
_BASIS_WORDS = {
    "census": Text("普查", "census"),
    "reported": Text("公开报道", "reported"),
    "estimated": Text("估算", "estimated"),
    "geonames": Text("GeoNames 地名库", "GeoNames"),
    "wikipedia": Text("维基百科", "Wikipedia"),
    "county_centre": Text("县区中心", "centre of the county"),
    "schematic": Text("示意", "schematic"),
    "surveyed": Text("实测", "surveyed"),
    "assumed": Text("假设", "assumed"),
    "named": Text("文件指名", "named by the text"),
    "voronoi": Text("泰森多边形(示意)", "Voronoi cells (schematic)"),
}
_FINGERPRINT = 16  # hexadecimal digits shown


def annex(desk: Desk) -> Chapter:
    """Return the annex; it is not counted as a chapter."""
    estimates, readings = _estimates(desk), _readings(desk)
    return desk.chapter(
        "appendix",
        [
            ("assumptions", _assumptions(desk)),
            (
                "estimates",
                [*desk.text("appendix.estimates.text"), *estimates]
                if estimates
                else [],
            ),
            ("costs", _prices(desk)),
            (
                "readings",
                [*desk.text("appendix.readings.text"), *readings] if readings else [],
            ),
            ("findings", _findings(desk)),
            ("method", desk.text("appendix.method.text")),
            (
                "certificate",
                [*desk.text("appendix.certificate.text"), *_certificate(desk)],
            ),
            ("inputs", [*desk.text("appendix.inputs.text"), *_inputs(desk)]),
        ],
        numbered=False,
    )


def _assumptions(desk: Desk) -> list[Block]:
    return [
        Paragraph(f"{number}. {desk.say(note)}")
        for number, note in enumerate(desk.outcome.area.notes, start=1)
    ]


def _findings(desk: Desk) -> list[Block]:
    shown = [f for f in desk.outcome.findings if f.severity is not Severity.NOTE]
    return [
        Paragraph(f"{number}. {finding.say(desk.outcome.language)}")
        for number, finding in enumerate(shown, start=1)
    ]


def _estimates(desk: Desk) -> list[Block]:
    area = desk.outcome.area
    zones, sites = Text("乡镇级单元", "zones"), Text("机构与备选点", "sites")
    rows = []
    for of, table in ((zones, area.zones), (sites, area.sites)):
        for name, title in _BASES.items():
            if name not in table:
                continue
            for basis, count in (
                table[name].fillna("").value_counts().sort_index().items()
            ):
                known = _BASIS_WORDS.get(str(basis))
                said = desk.say(known) if known else str(basis) or numbers.NONE
                rows.append(
                    (desk.say(of), desk.say(title), said, numbers.whole(int(count)))
                )
    columns = [
        desk.column(Text("对象", "Of"), 1.0),
        desk.column(Text("数据", "Data"), 1.2),
        desk.column(Text("依据", "Basis"), 2.0),
        desk.number(Text("数量", "Number"), 0.6),
    ]
    return desk.table("estimates", columns, rows)


def _prices(desk: Desk) -> list[Block]:
    costs = desk.outcome.area.costs
    if costs is None:
        return []
    outcome = desk.outcome
    services = {s.id: s.name for s in outcome.policy.services.values()}
    resources = {r.id: r.name for r in outcome.policy.resources.values()}
    wanted = set(services) | set(resources)
    rows = []
    for record in costs.to_dict("records"):
        thing = _cell(record, "service") or _cell(record, "resource")
        if thing not in wanted:
            continue
        action = words.ACTIONS.get(_cell(record, "action"))
        rows.append(
            (
                services.get(thing) or resources.get(thing, thing),
                desk.say(action) if action else numbers.NONE,
                _applies(desk, record),
                numbers.money(_amount(record, "capital_wan")),
                numbers.money(_amount(record, "yearly_wan")),
                " ".join(filter(None, (_cell(record, "source"), _cell(record, "year"))))
                or numbers.NONE,
            )
        )
    columns = [
        desk.column(SERVICE, 1.5),
        desk.column(Text("建设性质", "Action"), 0.7, "center"),
        desk.column(Text("适用", "For"), 1.2),
        desk.number(Text("投资(万元)", "Capital (10,000 yuan)"), 0.8),
        desk.number(Text("年运行费(万元)", "Yearly (10,000 yuan)"), 0.9),
        desk.column(Text("来源", "Source"), 2.4),
    ]
    return desk.table("prices", columns, rows)


def _applies(desk: Desk, record: dict[Any, Any]) -> str:
    site, code = _cell(record, "site_id"), _cell(record, "class")
    if site:
        names = desk.outcome.area.sites["name"]
        return str(names.get(site, site))
    return words.class_word(code, desk.outcome.language) if code else numbers.NONE


def _cell(record: dict[Any, Any], name: str) -> str:
    value = record.get(name)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _amount(record: dict[Any, Any], name: str) -> float | None:
    value = record.get(name)
    return None if value is None or pd.isna(value) else float(value)


def _readings(desk: Desk) -> list[Block]:
    rows = [
        (rule.id, rule.clause, rule.quote, _reading(rule.note, rule.source))
        for rule in desk.outcome.policy.rules
        if rule.note or rule.source
    ]
    columns = [
        desk.column(Text("编号", "Rule"), 0.7),
        desk.column(CLAUSE, 1.0),
        desk.column(QUOTE, 2.0),
        desk.column(Text("读法与来源", "Reading and source"), 3.0),
    ]
    return desk.table("readings", columns, rows)


def _reading(note: str, source: str) -> str:
    return "; ".join(part for part in (note, source) if part)


def _certificate(desk: Desk) -> list[Block]:
    stages = desk.outcome.certificate.get("objectives", [])
    rows = [
        (
            str(number),
            desk.say(objective_words(str(stage["name"]))),
            numbers.general(stage.get("value")),
            numbers.general(stage.get("bound")),
            _gap(stage.get("gap")),
        )
        for number, stage in enumerate(stages, start=1)
    ]
    columns = [
        desk.column(NUMBER, 0.5, "center"),
        desk.column(Text("目标", "Objective"), 2.2),
        desk.number(Text("结果", "Value"), 1.2),
        desk.number(Text("界", "Bound"), 1.2),
        desk.number(Text("差距", "Gap"), 0.9),
    ]
    return desk.table("certificate", columns, rows)


def _gap(gap: float | None) -> str:
    if gap is None:
        return numbers.NONE
    return f"{gap:.4%}" if gap else "0"


def _inputs(desk: Desk) -> list[Block]:
    rows = [
        (
            str(one["file"]),
            numbers.whole(one.get("bytes")),
            str(one["sha256"])[:_FINGERPRINT],
        )
        for one in _files(desk)
    ]
    columns = [
        desk.column(Text("文件", "File"), 1.6),
        desk.number(Text("字节", "Bytes"), 0.8),
        desk.column(Text("SHA-256 前 16 位", "SHA-256, first 16 digits"), 1.4),
    ]
    return desk.table("inputs", columns, rows)


def _files(desk: Desk) -> Iterator[dict[str, Any]]:
    for one in desk.outcome.certificate.get("inputs", []):
        if isinstance(one, dict):
            yield one

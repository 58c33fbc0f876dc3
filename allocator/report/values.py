"""What the placeholders of the templates stand for, from one outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.errors import Text
from allocator.policy.terms import objective_words
from allocator.report import numbers
from allocator.summary import service_table, verdict_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.errors import Language
    from allocator.outcome import Outcome

# Every placeholder and its meaning; docs/report.md lists them, a test compares.
PLACEHOLDERS = {
    "name": Text("方案名称", "name of the plan"),
    "standing": Text("示意图或审图号", "sketch, or the map approval number"),
    "year": Text("规划年", "last year of the plan"),
    "years": Text("起止年", "first and last year, where there are several"),
    "people": Text("常住人口(人)", "population"),
    "people_wan": Text("常住人口(万人)", "population in units of 10,000"),
    "urban_share": Text("城镇单元人口占比", "share of people in urban zones"),
    "counties": Text("县级单元数", "number of counties"),
    "zones": Text("乡镇级单元数", "number of zones"),
    "demand_points": Text("需求点数", "number of demand points"),
    "sites": Text("现有机构数", "facilities there are"),
    "candidates": Text("备选点数", "candidate sites"),
    "beds": Text("现有床位(张)", "beds there are"),
    "beds_per_1000": Text("每千人口床位", "beds per thousand people"),
    "documents": Text("政策文件", "the policy texts"),
    "rules": Text("条款数", "number of clauses"),
    "objectives": Text("优化目标, 依次", "the objectives in their order"),
    "proof": Text("最优性结论", "what was proven of the plan"),
    "budget_wan": Text("投资限额(万元)", "most that may be spent, 10,000 yuan"),
    "capital_wan": Text("投资(万元)", "capital, 10,000 yuan"),
    "yearly_wan": Text("年运行费(万元)", "yearly cost, 10,000 yuan"),
    "budget_share": Text("投资占限额", "capital as a share of the limit"),
    "placements": Text("设置项数", "placements"),
    "new": Text("新增设置项数", "new placements"),
    "built": Text("新建项数", "placements built"),
    "upgraded": Text("改扩建项数", "placements at facilities there are"),
    "kept": Text("保留项数", "placements kept"),
    "closed": Text("撤并项数; 没有时为空", "placements given up; empty for none"),
    "new_by_service": Text("各服务新增数", "what is new, by service"),
    "covered": Text("覆盖人口(人)", "people in reach and served"),
    "covered_share": Text("覆盖人口占比", "their share of all people"),
    "mean_minutes": Text("平均出行时间(分钟)", "mean journey to what serves, minutes"),
    "met": Text("达标的条款·单元数", "rows met"),
    "not_met": Text("未达标的条款·单元数", "rows not met"),
    "undecidable": Text("无法判定的条款·单元数", "rows undecidable"),
    "tracked": Text("仅监测的条款·单元数", "rows tracked"),
    "today_met": Text("现状达标数", "rows met today"),
    "today_not_met": Text("现状未达标数", "rows not met today"),
    "today_undecidable": Text("现状无法判定数", "rows undecidable today"),
    "gaps": Text("最大努力方案未满足的必须条款数", "binding rows a best effort breaks"),
    "phases": Text("期数; 只有一期时为空", "number of phases; empty for one"),
    "one_phase": Text("只有一期时为规划年", "the year where there is one phase"),
    "groups": Text("编组数; 没有时为空", "number of groups; empty for none"),
    "resources": Text("新增资源; 没有时为空", "resources bought; empty for none"),
    "travel": Text("出行时间的算法", "how travel was computed"),
    "demand": Text("需求点的来源", "where people are taken to be"),
    "solver": Text("求解器", "the solver"),
    "version": Text("程序版本", "version of the program"),
    "size": Text("模型规模", "size of the program solved"),
}

_SOURCES = {
    "zones": Text("乡镇级单元驻地", "the seats of the zones"),
    "points": Text("居民点数据", "a table of settlements"),
    "grid": Text("规则格网", "cells of a regular grid"),
    "raster": Text("人口栅格", "cells of a population raster"),
}


def values_of(outcome: Outcome) -> dict[str, str]:
    """Return the text of every placeholder; empty where there is nothing to say."""
    values = {
        **_place(outcome),
        **_plan(outcome),
        **_judged(outcome),
        **_method(outcome),
    }
    return {name: values.get(name, "") for name in PLACEHOLDERS}


def listed(words: Sequence[str], language: Language) -> str:
    """Return words in a row, with the language's own commas."""
    return ("、" if language == "zh" else ", ").join(words)


def _place(outcome: Outcome) -> dict[str, str]:
    area = outcome.area
    zones = area.zones
    people = float(zones["population"].sum())
    existing = area.sites["status"] == "existing"
    found = {
        "name": area.name,
        "people": numbers.whole(people),
        "people_wan": numbers.people_wan(people),
        "counties": numbers.whole(len(area.counties)),
        "zones": numbers.whole(len(zones)),
        "demand_points": numbers.whole(len(area.demand)),
        "sites": numbers.whole(int(existing.sum())),
        "candidates": _unless_zero(int((~existing).sum())),
    }
    urban = float(zones.loc[zones["urban"].astype(bool), "population"].sum())
    if people and urban:
        found["urban_share"] = numbers.percent(urban / people)
    if "beds" in area.sites:
        beds = float(area.sites.loc[existing, "beds"].sum())
        found["beds"] = numbers.whole(beds)
        if people:
            found["beds_per_1000"] = numbers.hundredth(beds / people * 1000)
    return found


def _unless_zero(number: float) -> str:
    return numbers.whole(number) if number else ""


def _plan(outcome: Outcome) -> dict[str, str]:
    plan, certificate = outcome.plan, outcome.certificate
    totals = certificate["totals"]
    counts = plan.placements["action"].value_counts().to_dict()
    built, upgraded = counts.get("build", 0), counts.get("upgrade", 0)
    people = float(totals.get("people", 0))
    found = {
        "capital_wan": numbers.money(float(totals["capital_wan"])),
        "yearly_wan": numbers.money(float(totals["yearly_wan"])),
        "placements": numbers.whole(float(totals["placements"])),
        "new": numbers.whole(float(totals.get("new_placements", built + upgraded))),
        "built": numbers.whole(built),
        "upgraded": numbers.whole(upgraded),
        "kept": numbers.whole(counts.get("keep", 0)),
        "closed": _unless_zero(counts.get("close", 0)),
        "new_by_service": _new_by_service(outcome),
        "covered": numbers.whole(float(totals["covered_people"])),
        "groups": _unless_zero(_groups(outcome)),
        "resources": _resources(outcome),
    }
    share = numbers.share_of(float(totals["covered_people"]), people)
    found["covered_share"] = "" if share is None else numbers.percent(share)
    rows = plan.assignments
    served = float(rows["people"].sum())
    if served:
        found["mean_minutes"] = numbers.tenth(
            float((rows["people"] * rows["minutes"]).sum()) / served
        )
    return found | _budget(certificate, float(totals["capital_wan"]))


def _budget(certificate: dict[str, Any], capital: float) -> dict[str, str]:
    terms = certificate.get("terms", {})
    limit = terms.get("total_capital_wan") or terms.get("capital_wan")
    found = {}
    if limit:
        found["budget_wan"] = numbers.money(float(limit))
        found["budget_share"] = numbers.percent(capital / float(limit))
    phases = certificate.get("phases", [])
    year = terms.get("year")
    found["year"] = str(year) if year else ""
    if len(phases) > 1:
        found["phases"] = numbers.whole(len(phases))
        found["years"] = f"{phases[0]['year']}–{phases[-1]['year']}"
    else:
        found["one_phase"] = found["year"]
    return found


def _new_by_service(outcome: Outcome) -> str:
    table = service_table(outcome)
    new = table["built_rows"] + table["upgraded_rows"]
    words = [
        Text(f"{name}{count:,}项", f"{name} {count:,}").say(outcome.language)
        for name, count in zip(table["name"], new, strict=True)
        if count
    ]
    return listed(words, outcome.language)


def _groups(outcome: Outcome) -> int:
    return len(outcome.plan.groups[["network", "lead_id"]].drop_duplicates())


def _resources(outcome: Outcome) -> str:
    sums = outcome.plan.allocations.groupby("resource")["amount"].sum()
    words = []
    for name, amount in sums.items():
        known = outcome.policy.resources.get(str(name))
        title, unit = (known.name, known.unit) if known else (str(name), "")
        words.append(f"{title} {numbers.general(float(amount))} {unit}".strip())
    return listed(words, outcome.language)


def _judged(outcome: Outcome) -> dict[str, str]:
    then = verdict_counts(outcome.audit)
    now = verdict_counts(outcome.audit_today)
    found = {name: numbers.whole(count) for name, count in then.items()}
    found |= {f"today_{name}": numbers.whole(count) for name, count in now.items()}
    found["gaps"] = _unless_zero(len(outcome.gaps))
    return found


def _method(outcome: Outcome) -> dict[str, str]:
    certificate, language = outcome.certificate, outcome.language
    heads = outcome.policy.packs
    if language == "zh":
        documents = [
            f"《{head.title}》" + (f"({head.document})" if head.document else "")
            for head in heads
        ]
    else:
        documents = [f"{head.title} ({head.document or head.id})" for head in heads]
    stages = certificate.get("objectives", [])
    found = {
        "documents": listed(documents, language),
        "rules": numbers.whole(len(outcome.policy.rules)),
        "objectives": _objectives(stages, language),
        "proof": proof_words(certificate).say(language),
        "solver": _solver(certificate),
        "version": str(certificate.get("versions", {}).get("allocator", "")),
        "standing": standing_words(outcome),
    }
    note = certificate.get("travel", {}).get("note", {})
    found["travel"] = str(note.get(language, ""))
    source = _SOURCES.get(str(certificate.get("demand", {}).get("source", "")))
    found["demand"] = source.say(language) if source else ""
    model = certificate.get("model", {})
    if "textbook" in model:
        points = numbers.whole(model["demand_points"])
        places = numbers.whole(model["places"])
        found["size"] = Text(
            f"{model['textbook']} 问题({points} 个需求点、{places} 个点位)",
            f"the {model['textbook']} kind ({points} demand points, {places} places)",
        ).say(language)
    if {"rows", "columns", "integers"} <= set(model):
        rows, columns = numbers.whole(model["rows"]), numbers.whole(model["columns"])
        integers = numbers.whole(model["integers"])
        found["size"] = Text(
            f"{rows} 行、{columns} 列(其中 {integers} 个整数变量)",
            f"{rows} rows and {columns} columns, {integers} of them integer",
        ).say(language)
    return found


def standing_words(outcome: Outcome) -> str:
    """Return 示意图, or the approval number of the maps."""
    if outcome.map_approval:
        words = Text("审图号:", "Map approval no. ").say(outcome.language)
        return words + outcome.map_approval
    return Text("示意图", "sketch map").say(outcome.language)


def _objectives(stages: Iterable[dict[str, Any]], language: Language) -> str:
    words = [objective_words(str(stage["name"])).say(language) for stage in stages]
    return " → ".join(words)


def _solver(certificate: dict[str, Any]) -> str:
    solver = certificate.get("solver", "")
    if isinstance(solver, dict):
        return " ".join(str(value) for value in solver.values())
    return str(solver)


def proof_words(certificate: dict[str, Any]) -> Text:
    """Return what was proven: optimal only where every bound is."""
    if certificate.get("status") == "optimal":
        return Text(
            "各优化目标依次求解, 均已证明最优",
            "every objective was solved in turn and proven optimal",
        )
    return Text(
        "本方案是已找到的最好方案, 未证明最优, 与最好可能值的差距见附录",
        "this is the best plan found and not proven optimal; the annex states the gaps",
    )

"""Every figure of a frontier that is shown, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.errors import Text
from allocator.frontier import knee, marginal_values
from allocator.outcome import service_names
from allocator.policy.terms import OBJECTIVES

if TYPE_CHECKING:
    from allocator.errors import Finding, Language
    from allocator.frontier import Answer, Frontier, Point
    from allocator.outcome import Outcome

MONEY = ("capital_wan", "yearly_wan")
_HUNDRED = 100.0  # marginal values of money are per 100 万元
_ROUNDING = 1e-7  # relative: ten times what later objectives may worsen a value
_NEW = ("build", "upgrade", "close")
_TOTALS = (
    "capital_wan",
    "yearly_wan",
    "people",
    "covered_people",
    "person_minutes",
    "new_placements",
)


@dataclass(frozen=True)
class Shown:
    """One limit that was asked for, or one point, in the units that are shown.

    Parameters
    ----------
    number
        From 1, in the order of the first objective; the run is ``points/<number>``.
    answer
        What was found.
    x, y
        Its objectives; None where there is no plan.
    marginal
        What the second objective gains per unit (money: per 100 万元) of the first,
        from the point before.
    is_knee
        Whether it is the knee.
    free
        The second objective without nesting; None where plans do not nest.
    cost_of_nesting
        How much worse the second objective is than without nesting, >= 0.
    """

    number: int
    answer: Answer[Outcome]
    x: float | None = None
    y: float | None = None
    marginal: float | None = None
    is_knee: bool = False
    free: float | None = None
    cost_of_nesting: float | None = None


@dataclass(frozen=True)
class FrontierReport:
    """A frontier with all that is said of it.

    Parameters
    ----------
    name
        Of the brief.
    language
        Of everything shown.
    objectives
        The first and the second, by name.
    signs
        -1 where an objective is maximised: what is shown is the sign times what is
        minimised.
    frontier
        The points, with the outcome of each.
    nested
        Whether each plan keeps what the one before places.
    budgets
        Limits that were asked for; empty: none.
    findings
        Warnings of the task.
    certificate
        Terms, program, solver, inputs and times.
    """

    name: str
    language: Language
    objectives: tuple[str, str]
    signs: tuple[float, float]
    frontier: Frontier[Outcome]
    nested: bool
    budgets: tuple[float, ...]
    findings: tuple[Finding, ...]
    certificate: dict[str, Any]

    @property
    def per(self) -> float:
        """How much of the first objective a marginal value is for."""
        return _HUNDRED if self.objectives[0] in MONEY else 1.0

    @cached_property
    def rows(self) -> tuple[Shown, ...]:
        """All that was asked for, by the first objective as minimised, ascending."""
        answers = self.frontier.answers
        points = [a.point for a in answers if a.point is not None]
        places = [(point.x, point.y) for point in points]
        bend = knee(places)
        gains = iter(zip(range(len(points)), marginal_values(places), strict=True))
        rows = []
        for number, answer in enumerate(answers, start=1):
            point = answer.point
            if point is None:
                rows.append(Shown(number, answer))
                continue
            position, gain = next(gains)
            free = answer.free
            rows.append(
                Shown(
                    number,
                    answer,
                    self.signs[0] * point.x,
                    self.signs[1] * point.y,
                    None if gain is None else gain * self.per,
                    position == bend,
                    None if free is None else self.signs[1] * free,
                    None if free is None else _worse(point.y, free),
                )
            )
        return tuple(rows)

    def label(self, which: int) -> str:
        """Return an objective in words."""
        return OBJECTIVES[self.objectives[which]].say(self.language)


def _worse(value: float, free: float) -> float:
    """Return how much worse a value is, or 0 where that is rounding."""
    worse = value - free
    return worse if worse > _ROUNDING * max(1.0, abs(free)) else 0.0


def plans_of(report: FrontierReport) -> list[tuple[int, Outcome]]:
    """Return the number and the outcome of every point."""
    return [
        (row.number, row.answer.point.plan)
        for row in report.rows
        if row.answer.point is not None
    ]


# --- Tables ---------------------------------------------------------------------------


def points_table(report: FrontierReport) -> pd.DataFrame:
    """Return ``frontier.csv``: one row for every limit asked for, or every point."""
    return pd.DataFrame([_record(report, row) for row in report.rows])


def _record(report: FrontierReport, row: Shown) -> dict[str, object]:
    first, second = report.objectives
    point = row.answer.point
    record: dict[str, object] = {
        "point": f"{row.number:02}",
        "budget_wan" if first in MONEY else "limit": _asked(report, row),
        "status": row.answer.status,
        **_proof(first, None if point is None else point.first),
        **_proof(second, None if point is None else point.second),
    }
    if report.nested:
        record[f"free_{second}"] = row.free
        record["cost_of_nesting"] = row.cost_of_nesting
    per = "marginal_per_100_wan" if first in MONEY else "marginal_per_unit"
    record[per] = row.marginal
    record["knee"] = "yes" if row.is_knee else ""
    return record | _of_plan(report, point)


def _asked(report: FrontierReport, row: Shown) -> float | None:
    asked = row.answer.asked
    return None if asked is None else report.signs[0] * asked


def _proof(name: str, stage: Any) -> dict[str, object]:  # noqa: ANN401 (Stage or None)
    parts = ("value", "bound", "gap")
    values = [None if stage is None else getattr(stage, part) for part in parts]
    return dict(zip((name, f"{name}_bound", f"{name}_gap"), values, strict=True))


def _of_plan(report: FrontierReport, point: Point[Outcome] | None) -> dict[str, object]:
    """Return the totals of a plan, apart from the two objectives."""
    names = [name for name in _TOTALS if name not in report.objectives]
    if point is None:
        blank: dict[str, object] = dict.fromkeys(names)
        return {"plan_status": "", **blank, "met": None, "not_met": None}
    certificate = point.plan.certificate
    return {
        "plan_status": certificate["status"],
        **{name: certificate["totals"][name] for name in names},
        "met": certificate["audit"]["met"],
        "not_met": certificate["audit"]["not_met"],
    }


def sites_table(report: FrontierReport) -> pd.DataFrame:
    """Return ``sites.csv``: which placement stands in which point's plan.

    One row for every (site, service) that any point builds, upgrades or closes, those
    in most points first; ``points`` counts them, ``in_every_point`` says ``yes`` for
    what every good plan does. One column for each point with the action (``build x2``
    where a plan places two), blank where its plan does nothing there.
    """
    plans = plans_of(report)
    columns = [f"p{number:02}" for number, _ in plans]
    marks: dict[tuple[str, str], dict[str, str]] = {}
    for column, (_, outcome) in zip(columns, plans, strict=True):
        rows = outcome.plan.placements
        rows = rows[rows["action"].isin(_NEW)]
        for site, service, action, count in zip(
            rows["site_id"], rows["service"], rows["action"], rows["count"], strict=True
        ):
            words = action if count == 1 else f"{action} x{count:.0f}"
            earlier = marks.setdefault((site, service), {}).get(column)
            marks[site, service][column] = earlier or words
    records = [
        {
            **_place(plans[0][1], site, service),
            "points": len(of_pair),
            "in_every_point": "yes" if len(of_pair) == len(plans) else "",
            **{column: of_pair.get(column, "") for column in columns},
        }
        for (site, service), of_pair in marks.items()
    ]
    heads = ("site_id", "name", "county", "zone", "service", "service_name")
    table = pd.DataFrame(
        records, columns=[*heads, "points", "in_every_point", *columns]
    )
    return table.sort_values(
        ["points", "site_id", "service"], ascending=[False, True, True]
    ).reset_index(drop=True)


def _place(outcome: Outcome, site_id: str, service: str) -> dict[str, str]:
    area = outcome.area
    site = area.sites.loc[site_id]
    return {
        "site_id": site_id,
        "name": str(site["name"]),
        "county": str(area.counties.loc[site["county_id"], "name"]),
        "zone": str(area.zones.loc[site["zone_id"], "name"]),
        "service": service,
        "service_name": service_names(outcome).get(service, service),
    }


# --- Words ----------------------------------------------------------------------------


def summary(report: FrontierReport) -> list[Text]:
    """Return what is proven of the whole frontier, in a few sentences."""
    frontier = report.frontier
    lines = [_completeness(report)]
    least = report.signs[0] * frontier.least
    name = OBJECTIVES[report.objectives[0]]
    if any(a.status == "infeasible" for a in frontier.answers):
        lines.append(
            Text(
                f"{name.zh} 低于 {number(least)} 时没有满足全部条款的方案",
                f"no plan keeps every rule below {name.en} = {number(least)}",
            )
        )
    if frontier.enough is not None:
        most = number(report.signs[0] * frontier.enough)
        lines.append(
            Text(
                f"{name.zh} 达到 {most} 后, 再增加不再改善第二目标",
                f"from {name.en} = {most} on, more of it improves nothing further",
            )
        )
    bend = next((row for row in report.rows if row.is_knee), None)
    if bend is not None:
        lines.append(
            Text(
                f"拐点: 第 {bend.number} 点, {name.zh} {number(bend.x)} "
                "(归一化后离两端连线最远, Das 1999)",
                f"knee: point {bend.number}, {name.en} {number(bend.x)} "
                "(farthest from the chord of the ends when scaled, Das 1999)",
            )
        )
    return lines


def _completeness(report: FrontierReport) -> Text:
    frontier = report.frontier
    if frontier.interrupted:
        return Text(
            f"已中断, 前沿不完整: 保留已求得的 {len(frontier.points)} 点",
            f"interrupted, the frontier is incomplete: {len(frontier.points)} points",
        )
    count = len(frontier.points)
    if frontier.exact:
        gap = report.certificate["terms"]["gap"]
        if report.nested:
            return Text(
                f"不要求嵌套的前沿完整 (误差 {gap:.2g} 以内), 这 {count} 个嵌套方案在"
                "各自限额下最优",
                f"the frontier without nesting is exact (within {gap:.2g}); these "
                f"{count} nested plans are each the best under its limit",
            )
        return Text(
            f"前沿完整: 所有有效方案都在这 {count} 点之中 (误差 {gap:.2g} 以内)",
            f"the frontier is exact: every efficient plan is among these {count} "
            f"points (within {gap:.2g})",
        )
    unproven = sum(not point.proven for point in frontier.points)
    doubt = Text("", "")
    if unproven:
        doubt = Text(
            f", 其中 {unproven} 点未证明最优 (空心)",
            f", {unproven} of them not proven (hollow)",
        )
    intervals = len(frontier.boxes)
    between = Text("", "")
    if intervals:
        between = Text(
            f"; 还有 {intervals} 个区间未穷尽: 其间的有效方案只能落在图中的阴影矩形内",
            f"; {intervals} intervals are still open: efficient plans between the "
            "points can lie in the hatched rectangles only",
        )
    return Text(
        f"{count} 点{doubt.zh}{between.zh}", f"{count} points{doubt.en}{between.en}"
    )


def number(value: float | None) -> str:
    """Return a figure as people read it: thousands whole, small ones exact."""
    if value is None:
        return "–"
    if abs(value) >= 1000:  # noqa: PLR2004 (thousands read better whole)
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def certificate(report: FrontierReport) -> dict[str, Any]:
    """Return the content of ``frontier.json``."""
    frontier = report.frontier
    first, second = report.signs
    every = sites_table(report)
    return {
        "name": report.name,
        "status": "exact"
        if frontier.exact
        else ("interrupted" if frontier.interrupted else "open"),
        "objectives": list(report.objectives),
        "summary": [line.say(report.language) for line in summary(report)],
        "least": first * frontier.least,
        "least_bound": None
        if frontier.least_bound is None
        else first * frontier.least_bound,
        "enough": None if frontier.enough is None else first * frontier.enough,
        "resolution": {
            report.objectives[0]: frontier.steps.x,
            report.objectives[1]: frontier.steps.y,
        },
        "points": points_table(report).to_dict("records"),
        "open_boxes": [
            {
                report.objectives[0]: sorted((first * b.left, first * b.right)),
                report.objectives[1]: sorted((second * b.low, second * b.high)),
                "tried": b.stuck,
            }
            for b in frontier.boxes
        ],
        "in_every_point": [
            [site, service]
            for site, service, always in zip(
                every["site_id"], every["service"], every["in_every_point"], strict=True
            )
            if always
        ],
        "solves": frontier.solves,
        **report.certificate,
    }


def staircase(
    places: list[tuple[float, float]], signs: tuple[float, float]
) -> list[tuple[float, float]]:
    """Return the corners of the best that is known at every first objective, as shown.

    Parameters
    ----------
    places
        Points as minimised; the first objective ascending.
    signs
        As in `FrontierReport`.
    """
    corners: list[tuple[float, float]] = []
    for x, y in places:
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, min(y, corners[-1][1]) if corners else y))
    return [(signs[0] * x, signs[1] * y) for x, y in corners]

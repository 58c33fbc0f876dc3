"""The chart of a frontier for the screen: ``frontier.html``, one file (`onefile`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.charts.figures import MONEY, number, sites_table, staircase, summary
from allocator.charts.words import ACTIONS, STATUS, heading, page_words
from allocator.maps.onefile import write_page

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.charts.figures import FrontierReport, Shown


def write_page_of(report: FrontierReport, path: Path, *, linked: bool) -> None:
    """Write a frontier as one page.

    Parameters
    ----------
    report
        What was found; at least one point.
    path
        The file to write; one that exists is replaced.
    linked
        Whether the run of each point stands in ``points/NN`` beside the page.
    """
    write_page(
        path,
        template="frontier.html",
        styles=["frontier.css"],
        scripts=["frontier.js"],
        data=page_data(report, linked=linked),
        title=heading(report),
        language=report.language,
    )


def page_data(report: FrontierReport, *, linked: bool) -> dict[str, Any]:
    """Return what the script draws."""
    first, second = report.signs
    answers = [(a, a.point) for a in report.frontier.answers if a.point is not None]
    free = [(p.x, p.y if a.free is None else a.free) for a, p in answers]
    return {
        "lang": report.language,
        "title": heading(report),
        "words": page_words(report.language),
        "linked": linked,
        "labels": [report.label(0), report.label(1)],
        "summary": [line.say(report.language) for line in summary(report)],
        "line": staircase([(p.x, p.y) for _, p in answers], report.signs),
        "free": staircase(free, report.signs) if report.nested else [],
        "boxes": [
            [
                *sorted((first * b.left, first * b.right)),
                *sorted((second * b.low, second * b.high)),
            ]
            for b in report.frontier.boxes
        ],
        "points": [_point(report, row, linked=linked) for row in report.rows],
        "sites": _sites(report),
    }


def _point(report: FrontierReport, row: Shown, *, linked: bool) -> dict[str, Any]:
    point = row.answer.point
    return {
        "n": row.number,
        "x": row.x,
        "y": row.y,
        "knee": row.is_knee,
        "proven": point is not None and point.proven,
        "link": f"points/{row.number:02}/map.html" if linked and point else None,
        "figures": _figures(report, row),
    }


def _figures(report: FrontierReport, row: Shown) -> list[list[str]]:
    """Return the lines of a point's box: what, and how much."""
    words = page_words(report.language)
    lines = []
    if row.answer.asked is not None:
        asked = number(report.signs[0] * row.answer.asked)
        lines.append([words["budget"], asked])
    lines.append([words["status"], STATUS[row.answer.status].say(report.language)])
    point = row.answer.point
    if point is None:
        return lines
    for which, stage in enumerate((point.first, point.second)):
        lines.append([report.label(which), number(stage.value)])
        if stage.status != "optimal":
            lines.append([f"  {words['bound']}", number(stage.bound)])
    if row.marginal is not None:
        money = report.objectives[0] in MONEY
        key = "marginal_money" if money else "marginal"
        lines.append([words[key], number(row.marginal)])
    if row.cost_of_nesting is not None:
        lines.append([words["nesting"], number(row.cost_of_nesting)])
    totals = point.plan.certificate["totals"]
    lines.append([words["new"], number(totals["new_placements"])])
    return lines


def _sites(report: FrontierReport) -> dict[str, Any]:
    table = sites_table(report)
    columns = [name for name in table.columns if name[0] == "p" and name[1:].isdigit()]
    return {
        "columns": [int(name[1:]) for name in columns],
        "rows": [
            {
                "site": row["name"],
                "county": row["county"],
                "service": row["service_name"],
                "points": int(row["points"]),
                "every": bool(row["in_every_point"]),
                "marks": [_mark(report, str(row[name])) for name in columns],
            }
            for row in table.to_dict("records")
        ],
    }


def _mark(report: FrontierReport, mark: str) -> str:
    """Return an action in words; a number of placements stays behind it."""
    action, _, count = mark.partition(" ")
    words = ACTIONS[action].say(report.language) if action else ""
    return f"{words} {count}".strip()

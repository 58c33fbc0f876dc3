"""A frontier on paper and on the screen: what is drawn, and that it can do no harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator.charts import FrontierReport, points_table, sites_table, summary
from allocator.charts.figures import staircase
from allocator.charts.page import page_data, write_page_of
from allocator.charts.static import draw_frontier
from allocator.frontier import Answer, Box, Frontier, Point
from allocator.frontier.boxes import Steps
from allocator.solve import Solution, Stage
from tests.maps.test_interactive import HOSTILE, Page, browser, shown
from tests.outcomes import make_outcome

__all__ = ["browser"]  # a fixture

# Scaled, the third lies .3 below the chord, the second .2.
PLACES = ((1000.0, 900.0), (1200.0, 660.0), (1500.0, 360.0), (2000.0, 100.0))


def stage(name, value, status="optimal"):
    bound = value if status == "optimal" else value * 0.9
    return Stage(name, value, bound, abs(value - bound) / value, status, 1.0, "Optimal")


def point(x, y, plan, *, status="optimal"):
    first, second = stage("capital_wan", x), stage("uncovered_people", y, status)
    solution = Solution(status, (second, first), 2.0, "HiGHS")
    return Point(x, y, x, second.bound, first, second, None, solution, plan)


def make_report(*, site_name="新城乡卫生院", language="zh", nested=False, **changes):
    outcome = make_outcome(site_name=site_name)
    totals = outcome.certificate["totals"] | {"new_placements": 3.0}
    audit = {"met": 4, "not_met": 1}
    plan = replace(
        outcome,
        certificate=outcome.certificate | {"totals": totals, "audit": audit},
    )
    rows = plan.plan.placements
    without = rows[rows["site_id"] != "S5"]
    less = replace(plan, plan=replace(plan.plan, placements=without))
    answers = [
        Answer(
            None,
            "feasible" if n == 1 else "optimal",
            point(
                x,
                y,
                less if n == 0 else plan,
                status="feasible" if n == 1 else "optimal",
            ),
            y - 10 * n if nested else None,
        )
        for n, (x, y) in enumerate(PLACES)
    ]
    frontier = Frontier(
        answers=(Answer(500.0, "infeasible", None), *answers),
        boxes=(Box(1500.0, 2000.0, 100.0, 360.0),),
        steps=Steps(1.0, 1.0),
        least=1000.0,
        least_bound=1000.0,
        enough=2000.0,
        whole=True,
        interrupted=False,
        solves=9,
    )
    return FrontierReport(
        name=f"样例{site_name}",
        language=language,
        objectives=("capital_wan", "uncovered_people"),
        signs=(1.0, 1.0),
        frontier=replace(frontier, **changes),
        nested=nested,
        budgets=(),
        findings=(),
        certificate={"terms": {"gap": 1e-4}},
    )


def test_knee_and_marginal_values_are_those_worked_out_by_hand():
    table = points_table(make_report())
    assert table["knee"].tolist() == ["", "", "", "yes", ""]
    # 240 people for 200 万元, 300 for 300, 260 for 500; per 100.
    assert table["marginal_per_100_wan"].tolist()[2:] == [120.0, 100.0, 52.0]
    assert table["status"].tolist() == [
        "infeasible",
        "optimal",
        "feasible",
        *["optimal"] * 2,
    ]
    assert table["uncovered_people_gap"].tolist()[2] == pytest.approx(0.1)


def test_cost_of_nesting_is_the_difference_and_rounding_is_none():
    report = make_report(nested=True)
    table = points_table(report)
    assert table["cost_of_nesting"].tolist()[1:] == [0.0, 10.0, 20.0, 30.0]
    assert table["free_uncovered_people"].tolist()[1:] == [900.0, 650.0, 340.0, 70.0]
    answers = report.frontier.answers
    nearly = replace(answers[1], free=900.0 - 1e-6)
    close = replace(report.frontier, answers=(nearly, *answers[2:]))
    assert replace(report, frontier=close).rows[0].cost_of_nesting == 0.0


def test_sites_of_every_point_are_told_from_those_of_some():
    table = sites_table(make_report())
    every = dict(zip(table["site_id"], table["in_every_point"], strict=True))
    assert every["S5"] == ""
    assert "yes" in every.values()
    row = table[table["site_id"] == "S5"].iloc[0]
    assert row["points"] == 3
    assert row["p02"] == ""
    assert row["p03"] != ""


def test_steps_go_right_before_they_go_down_and_follow_the_sign():
    places = [(1.0, 5.0), (2.0, 3.0)]
    assert staircase(places, (1.0, 1.0)) == [(1, 5), (2, 5), (2, 3)]
    assert staircase(places, (1.0, -1.0)) == [(1, -5), (2, -5), (2, -3)]


def test_the_summary_says_exact_only_where_nothing_is_open():
    exact = make_report(boxes=())
    proven = tuple(
        a for a in exact.frontier.answers if a.status in ("optimal", "infeasible")
    )
    exact = replace(exact, frontier=replace(exact.frontier, answers=proven))
    assert "every efficient plan" in summary(exact)[0].en
    first = summary(make_report())[0].en
    assert "every efficient plan" not in first
    assert "1 of them not proven" in first
    assert "1 intervals are still open" in first
    assert "incomplete" in summary(make_report(interrupted=True))[0].en
    limits = summary(make_report(boxes=(), whole=False))[0].en
    assert "every efficient plan" not in limits


def test_the_chart_is_the_same_every_time_in_both_languages(tmp_path):
    for language in ("zh", "en"):
        for name in ("a", "b"):
            draw_frontier(
                make_report(language=language, nested=True), tmp_path / f"{name}.png"
            )
        for ending in ("png", "pdf"):
            first = (tmp_path / f"a.{ending}").read_bytes()
            assert first == (tmp_path / f"b.{ending}").read_bytes()
            assert len(first) > 10_000


def test_points_link_to_their_plans_unless_none_were_written():
    links = [p["link"] for p in page_data(make_report(), linked=True)["points"]]
    assert links == [None, *(f"points/0{n}/map.html" for n in (2, 3, 4, 5))]
    data = page_data(make_report(), linked=False)
    assert {p["link"] for p in data["points"]} == {None}


def test_the_page_lets_only_its_own_script_run(tmp_path):
    write_page_of(make_report(site_name=HOSTILE), tmp_path / "f.html", linked=True)
    text = (tmp_path / "f.html").read_text("utf-8")
    page = Page(text)
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and "http-equiv" in attributes
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert len(page.scripts) == 2
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
        "http-equiv", ""
    )


@pytest.mark.slow
def test_a_browser_draws_points_boxes_and_sites(browser, tmp_path):
    write_page_of(make_report(site_name=HOSTILE), tmp_path / "f.html", linked=True)
    dom, console = shown(browser, tmp_path / "f.html", tmp_path)
    assert console == ""
    assert 'data-ready="yes"' in dom
    assert dom.count('class="dot') == 4
    assert dom.count('href="points/0') >= 4
    assert "hollow" in dom
    body = dom.split("<noscript>")[0]
    assert '<rect class="open"' in body
    assert "拐点" in body
    assert "<img" not in body

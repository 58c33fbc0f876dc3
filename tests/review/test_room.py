"""A run under review, without a browser: shown, decided, priced, solved again."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pandas as pd
import pytest

from allocator.review.entries import new_entry
from allocator.review.room import House
from allocator.review.rows import (
    audit_rows,
    comparison_rows,
    journal_rows,
    key_of,
    map_marks,
    placement_rows,
    tally,
)
from allocator.review.words import Speech
from tests.review.runs import small_run

CENTRE, AID = "community_health_center", "emergency_station"


@pytest.fixture
def house(tmp_path):
    run, _ = small_run(tmp_path)
    made = House(run, None, None, [])
    yield made
    made.close()


def decided(house, key, verdict, **more):
    entry = new_entry("张", key, verdict, **more)
    assert house.first.decide("张", entry).problems == ()


def priced(house, key, verdict, **more):
    return until_over(house.first.price(new_entry("张", key, verdict, **more)))


def until_over(asked):
    until = time.monotonic() + 60
    while asked is not None and not asked.over and time.monotonic() < until:
        time.sleep(0.05)
    return asked


def test_candidates_and_their_prices_are_shown_beside_placements(house):
    places = house.first.view.places
    assert {i: p.state for i, p in places.items()} == {
        "A1": "new", "A2": "new", "B1": "new", "B2": "candidate",
    }  # fmt: skip
    (option,) = places["B1"].options
    assert (option.action, option.people, option.clauses) == (
        "build", 40000.0, ("R1", "R3"),
    )  # fmt: skip
    (candidate,) = places["B2"].options
    assert (candidate.action, candidate.capital_wan) == ("", 2000.0)
    assert house.first.view.clauses["R1"].quote == "每个街道设置一所社区卫生服务中心"
    assert house.first.view.clauses["R1"].document == "小县办法"


def test_the_map_knows_who_goes_where_and_who_is_out_of_reach(house):
    drawing = json.loads(house.first.view.drawing)
    sites = [site["id"] for site in drawing["sites"]]
    ((point, site, people, minutes),) = drawing["goes"][CENTRE]
    assert (sites[site], people, minutes) == ("B1", 40000, 0.2)
    assert drawing["demand"]["people"][point] == 40000
    assert drawing["demand"]["out"] == {"": [], CENTRE: []}
    zone = next(z for z in drawing["zones"] if z["name"] == "东街道")
    assert zone["reach"][CENTRE] == 1.0


def test_who_has_no_holder_in_reach_is_out_of_reach(tmp_path):
    run, _ = small_run(tmp_path)
    for name, column in (("placements", "service"), ("assignments", "service")):
        path = run / f"{name}.csv"
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
        table[table[column] != CENTRE].to_csv(path, index=False, encoding="utf-8-sig")
    house = House(run, None, None, [])
    drawing = json.loads(house.first.view.drawing)
    (point,) = drawing["demand"]["out"][CENTRE]
    assert drawing["demand"]["people"][point] == 40000
    zone = next(z for z in drawing["zones"] if z["name"] == "东街道")
    assert zone["reach"][CENTRE] == 0.0


def test_without_its_brief_a_run_is_shown_and_decided_but_not_solved(tmp_path):
    run, brief = small_run(tmp_path / "own")  # two folders up is looked at too
    brief.unlink()
    house = House(run, None, "en", [])
    assert house.solve(house.first) is None
    assert "the brief of this run was not found" in house.first.notes[0]
    assert set(house.first.view.places) == {"A1", "A2", "B1"}
    decided(house, ("B1", CENTRE), "reject")
    assert house.first.price(new_entry("张", ("B1", CENTRE), "reject")) is None


def test_a_row_says_what_was_decided(house):
    decided(house, ("B1", CENTRE), "reject", why="地块")
    rows = {row["id"]: row for row in placement_rows(house.first)}
    row = rows[f"B1\t{CENTRE}"]
    assert (row["verdict"], row["reason"], row["reviewer"]) == ("reject", "地块", "张")
    assert key_of(row["id"]) == ("B1", CENTRE)
    assert tally(house.first) == (1, 3)
    marks = map_marks(house.first)
    assert {key: mark["verdict"] for key, mark in marks.items()} == {"B1": "reject"}


def test_the_journal_names_who_undid_what(house):
    decided(house, ("B1", CENTRE), "reject")
    house.first.undo("张")
    (row,) = journal_rows(house.first)
    assert (row["what"], row["undone"]) == ("东街道备选一 社区卫生服务中心", "张")


def test_clauses_that_are_not_met_come_first(house):
    house.first.view.audit[-1]["verdict"] = "not_met"
    rows = audit_rows(house.first)
    assert rows[0]["verdict"] == "未达标"
    assert len(rows) == len(house.first.view.audit)


def test_another_programs_decision_is_seen(house, tmp_path):
    version = house.first.refresh()
    other = House(tmp_path / "r", None, None, [])
    decided(other, ("B1", CENTRE), "lock")
    assert house.first.refresh() != version
    assert house.first.stands["B1", CENTRE].verdict == "lock"


def test_a_row_written_by_hand_is_seen(house, tmp_path):
    house.first.refresh()
    path = tmp_path / "r" / "decisions.csv"
    text = path.read_text("utf-8-sig").replace(
        f"B1,{CENTRE},,,", f"B1,{CENTRE},,同意,王"
    )
    path.write_text(text, "utf-8-sig")
    house.first.refresh()
    assert house.first.stands["B1", CENTRE].who == "王"


# --- What it costs --------------------------------------------------------------------


def test_rejecting_names_the_cost_and_the_substitute(house):
    asked = priced(house, ("B1", CENTRE), "reject")
    assert asked.state == "done"
    assert asked.verdict == "worse"
    assert asked.headline == (
        "不同意 东街道备选一 社区卫生服务中心: 出行人·分钟 变差 115,906 (已证明); "
        "最好的替代 东街道备选二 (1.4 km)"
    )
    assert asked.lines[-1] == "其服务的人改由: 东街道备选二 40,000 人"


def test_forcing_a_candidate_has_its_price(house):
    asked = priced(house, ("B2", CENTRE), "lock")
    assert asked.headline == (
        "锁定 东街道备选二 社区卫生服务中心: 投资 +2,000 万元, 年运行费 +300 万元"
    )
    assert "投资(万元): 变差 2,000 (已证明)" in asked.lines


def test_what_no_plan_can_obey_is_said_to_be_impossible(house):
    assert priced(house, ("A1", AID), "reject").verdict == "impossible"


def test_what_the_plan_does_already_costs_nothing(house):
    assert priced(house, ("B1", CENTRE), "lock").verdict == "as_is"
    assert priced(house, ("B2", CENTRE), "reject").verdict == "as_is"


def test_a_move_is_priced_by_solving_the_changed_task(house):
    asked = priced(house, ("B1", CENTRE), "move", place=(115.905, 28.705))
    assert asked.headline.endswith("出行人·分钟 变差 53,849 (已证明)")


def test_a_site_that_is_added_is_priced_with_all_it_is_to_hold(house):
    place = (115.902, 28.702)
    one = new_entry("张", ("N1", CENTRE), "add", place=place, name="新址")
    asked = house.first.price(one, new_entry("张", ("N1", AID), "add", place=place))
    assert until_over(asked).state == "failed"  # no class holds both
    assert "没有一类机构可以同时设置这些服务" in asked.problems[0]
    asked = until_over(house.first.price(one))
    assert asked.headline == (
        "增加 新址 社区卫生服务中心: 投资 +2,000 万元, 年运行费 +300 万元"
    )


def test_accepting_asks_nothing(house):
    assert house.first.price(new_entry("张", ("B1", CENTRE), "accept")) is None


def test_a_price_can_be_given_up_and_asked_for_again(house):
    room = house.first
    entry = new_entry("张", ("B1", CENTRE), "reject")
    first = room.price(entry)
    room.quotes.cancel(first)
    assert first.state == "cancelled"
    assert priced(house, ("B1", CENTRE), "reject").state == "done"
    assert first.state == "cancelled"


# --- Solving again --------------------------------------------------------------------


@pytest.mark.slow
def test_the_next_round_obeys_and_is_compared(house):
    decided(house, ("B1", CENTRE), "reject", why="地块")
    solving = house.solve(house.first)
    assert house.solve(house.first) is None  # one at a time
    solving.wait(120)
    assert (solving.state, solving.problems) == ("done", ())
    assert solving.target.name == "r-2"
    house.look()
    second = house.room("r-2")
    assert second.view.places["B2"].state == "new"
    assert second.stands["B1", CENTRE].why == "地块"
    assert house.parent("r-2") == "r"
    rows = comparison_rows(house.compare("r", "r-2"), Speech("zh"))
    kinds = [row["kind"] for row in rows["changes"]]
    assert kinds == ["移位"]
    assert rows["lose"][0][0] == "甲区 东街道"
    again = House(house.first.run, None, None, [])
    assert again.names == ["r", "r-2"]
    asked = priced_in(again.room("r-2"), ("B2", CENTRE), "reject")
    assert asked.verdict == "impossible"  # both candidates are rejected then
    again.close()


def priced_in(room, key, verdict):
    asked = room.price(new_entry("张", key, verdict))
    while not asked.over:
        time.sleep(0.05)
    return asked


def test_decisions_that_collide_with_a_clause_are_named(house):
    decided(house, ("A1", AID), "reject")
    solving = house.solve(house.first)
    solving.wait(120)
    assert solving.state == "failed"
    assert solving.infeasible
    said = "\n".join(solving.problems)
    assert "评审决定: 北镇中心卫生院" in said
    assert "在中心乡镇卫生院设立急救站" in said
    house.look()
    assert house.names == ["r"]


def test_a_solve_that_is_cancelled_leaves_nothing(house, tmp_path):
    solving = house.solve(house.first)
    solving.cancel()
    assert solving.state == "cancelled"
    assert [p.name for p in tmp_path.iterdir()] == ["task", "r"] or sorted(
        p.name for p in tmp_path.iterdir()
    ) == ["r", "task"]


def test_only_rounds_of_the_review_are_ever_opened(house, tmp_path):
    small_run(tmp_path / "other")
    with pytest.raises(KeyError):
        house.room("../other/r")
    with pytest.raises(KeyError):
        house.room("task")


def test_nothing_but_the_pages_loads_nicegui():
    code = (
        "import sys, allocator.cli.reviewing, allocator.review.pricing\n"
        "sys.exit('nicegui' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

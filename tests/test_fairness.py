"""What fairness costs: the same task under other orders, and its command."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from allocator.cli.main import run
from allocator.errors import AuditError, SolverError, Text
from allocator.pipeline import price_of_fairness, read_task
from allocator.pipeline.fairness import fairness_table, variant_orders
from allocator.solve import Solution, solve
from tests.cli.small_task import write_task

NAMES = [
    "efficient",
    "county_coverage_leximin",
    "county_minutes_leximin",
    "kolm_pollak",
    "worst_tail_minutes",
]

# One centre for two towns: B1 is at the door of the big one and far from the small
# one, B2 between the two.
TWO_TOWNS = {
    "brief": (
        "capital_wan = 5000\n",
        'capital_wan = 5000\n[objective]\norder = ["person_minutes", "capital_wan"]\n',
    ),
    "sites": (
        "B2,东街道备选二,115.910,28.710,candidate,360901001,B100",
        "B2,两镇之间,115.900,28.745,candidate,360901001,B100",
    ),
    "zones": ("北镇,360901,镇,20000", "北镇,360901,街道,20000"),
    "small": (
        'unit = "zone"\nscope = { zone_kind = ["街道"] }\nlo = 1',
        'unit = "area"\nlo = 1\nhi = 1',
    ),
}


@pytest.fixture
def brief(tmp_path):
    return write_task(tmp_path / "task", **TWO_TOWNS)


def test_an_objective_stands_before_what_adds_up_the_same_quantity():
    orders = variant_orders(("uncovered_people", "person_minutes", "capital_wan"))
    assert orders == {
        "efficient": ("uncovered_people", "person_minutes", "capital_wan"),
        "county_coverage_leximin": (
            "county_coverage_leximin",
            "uncovered_people",
            "person_minutes",
            "capital_wan",
        ),
        **{
            name: ("uncovered_people", name, "person_minutes", "capital_wan")
            for name in NAMES[2:]
        },
    }


def test_an_objective_of_the_brief_keeps_its_place_and_is_left_out_of_the_first():
    orders = variant_orders(("capital_wan", "kolm_pollak", "yearly_wan"))
    assert orders["efficient"] == ("capital_wan", "yearly_wan")
    assert orders["kolm_pollak"] == ("capital_wan", "kolm_pollak", "yearly_wan")
    assert orders["worst_tail_minutes"][0] == "worst_tail_minutes"
    assert list(orders) == NAMES


def test_an_order_with_two_kinds_of_fairness_is_a_variant_of_its_own():
    order = ("kolm_pollak", "worst_tail_minutes")
    orders = variant_orders(order)
    assert orders["brief"] == order
    assert "person_minutes" in orders["efficient"]


def test_fairness_moves_the_centre_and_costs_mean_minutes(brief):
    plans, findings = price_of_fairness(read_task(brief), seconds=30)
    assert findings == ()
    assert [one.variant for one in plans] == NAMES
    built = {
        one.variant: set(one.plan.placements["site_id"]) & {"B1", "B2"} for one in plans
    }
    assert built["efficient"] == {"B1"}
    assert built["worst_tail_minutes"] == {"B2"}
    rows: dict[Any, Any] = fairness_table(plans).set_index("variant").T.to_dict()
    assert {row["status"] for row in rows.values()} == {"optimal"}
    assert rows["efficient"]["mean_minutes_more"] == 0
    assert rows["worst_tail_minutes"]["mean_minutes_more"] > 0.5
    for name, figure in (
        ("worst_tail_minutes", "tail_minutes"),
        ("kolm_pollak", "kolm_pollak_minutes"),
        ("county_minutes_leximin", "worst_county_minutes"),
    ):
        reached = {one.variant: one.figures[figure] for one in plans}
        assert reached[name] == pytest.approx(min(reached.values())), name


def test_figures_are_those_of_the_plan(brief):
    (first, *_), _ = price_of_fairness(read_task(brief), seconds=30)
    task = read_task(brief)
    pairs = task.travel.pairs.set_index(["demand_id", "site_id"])["minutes"]
    near, far = pairs["360901001", "B1"], pairs["360901100", "B1"]
    mean = (40_000 * near + 20_000 * far) / 60_000
    assert first.figures["mean_minutes"] == pytest.approx(mean)
    assert first.figures["p90_minutes"] == pytest.approx(far)
    assert first.figures["unserved_people"] == 0
    assert first.figures["capital_wan"] == 2260


class StopsAfter:
    """A progress that is cancelled once a number of plans have begun."""

    def __init__(self, plans):
        self.left, self.said = plans, []

    def step(self, text):
        self.said.append(text.en)
        self.left -= text.en.startswith("plan ")

    def update(self, text):
        pass

    def cancelled(self):
        return self.left < 0


def test_stopping_keeps_the_plans_solved_so_far(brief):
    progress = StopsAfter(1)
    plans, _ = price_of_fairness(read_task(brief), seconds=30, progress=progress)
    assert [one.variant for one in plans][:1] == ["efficient"]
    assert len(plans) == 2  # the second was under way, and is kept with its gap
    assert "plan 1/5: no fairness" in progress.said


def test_variant_without_a_plan_in_time_is_a_warning_and_the_others_stay(
    brief, monkeypatch
):

    def late(formulation, **settings):
        if any(stage.name == "kolm_pollak" for stage in formulation.stages):
            from allocator.errors import Finding  # noqa: PLC0415 (only here)

            raise SolverError([Finding("solver-no-plan", Text("超时", "too late"))])
        return solve(formulation, **settings)

    monkeypatch.setattr("allocator.pipeline.fairness.solve", late)
    plans, findings = price_of_fairness(read_task(brief), seconds=30)
    assert [one.variant for one in plans] == [n for n in NAMES if n != "kolm_pollak"]
    (finding,) = findings
    assert (finding.code, finding.severity) == ("solver-no-plan", "warning")


def test_plan_that_is_not_what_its_solver_said_is_never_shown(brief, monkeypatch):

    def lying(formulation, **settings):
        found = solve(formulation, **settings)
        stages = tuple(
            type(s)(s.name, s.value + 1.0, *(s.bound, s.gap, s.status, 0.0, ""))
            for s in found.stages
        )
        return Solution(found.status, stages, found.seconds, found.solver)

    monkeypatch.setattr("allocator.pipeline.fairness.solve", lying)
    with pytest.raises(AuditError, match="the solver says"):
        price_of_fairness(read_task(brief), seconds=30)


def test_pack_without_coverage_has_no_variant_about_it(tmp_path):
    path = write_task(
        tmp_path,
        small=(
            'kind = "coverage"\nservice = "community_health_center"\n'
            'scope = { zone_kind = ["街道"] }\nwithin_minutes = 15',
            'kind = "indicator"\ntarget = "15 min"',
        ),
    )
    plans, findings = price_of_fairness(read_task(path), seconds=30)
    assert "county_coverage_leximin" not in [one.variant for one in plans]
    assert [f.code for f in findings] == ["objective-empty"]


def test_command_prints_the_table_and_writes_the_folder(brief, tmp_path, capsys):
    target = tmp_path / "fair"
    arguments = ["fairness", str(brief), "-o", str(target), "--lang", "en"]
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    assert "no fairness" in out
    assert "proven" in out
    assert "the unserved count as 60" in out
    assert "plan 5/5" in err
    assert {p.name for p in target.iterdir()} == {
        "run.json",
        "fairness.csv",
        *(f"placements_{name}.csv" for name in NAMES),
    }
    table = pd.read_csv(target / "fairness.csv", encoding="utf-8-sig")
    assert table["variant"].tolist() == NAMES
    record = json.loads((target / "run.json").read_text("utf-8"))
    assert [p["variant"] for p in record["plans"]] == NAMES
    for one in record["plans"]:
        assert all(s["gap"] <= 1e-4 for s in one["objectives"])
    assert run(arguments) == 3  # an existing folder is kept
    assert run([*arguments, "--force"]) == 0


def test_command_prints_json_for_machines(brief, capsys):
    assert run(["fairness", str(brief), "--json", "-q"]) == 0
    out = capsys.readouterr().out
    record = json.loads(out[out.index("{") :])
    assert record["exit_code"] == 0
    assert record["equity"]["unserved_minutes"] == 60
    first, *others = record["plans"]
    assert first["mean_minutes_more"] == 0
    assert len(others) == 4


def test_command_refuses_an_infeasible_task(tmp_path, capsys):
    path = write_task(tmp_path, brief=("capital_wan = 5000", "capital_wan = 100"))
    assert run(["fairness", str(path), "-q"]) == 5
    assert "budget" in capsys.readouterr().err

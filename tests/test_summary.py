from __future__ import annotations

import math

import pytest

from allocator.audit import Verdict
from allocator.summary import (
    class_table,
    clauses_of,
    costs_by_county,
    costs_by_year,
    county_table,
    indicators_of,
    reach_table,
    resource_table,
    service_table,
    site_table,
)
from tests.outcomes import make_outcome
from tests.report.reports import reported


def test_every_way_of_adding_up_gives_the_totals() -> None:
    outcome = make_outcome()
    totals = outcome.certificate["totals"]
    for name in ("capital_wan", "yearly_wan"):
        services = service_table(outcome)[name].sum()
        bought = resource_table(outcome)[name].sum()
        assert services + bought == pytest.approx(totals[name])
        assert costs_by_county(outcome)[name].sum() == pytest.approx(totals[name])
        assert costs_by_year(outcome)[name].sum() == pytest.approx(totals[name])
        assert site_table(outcome)[name].sum() == pytest.approx(totals[name])
    assert county_table(outcome)["population"].sum() == totals["people"]


def test_counties_have_people_facilities_and_beds() -> None:
    table = county_table(make_outcome())
    assert table["population"].tolist() == [62000, 30000]
    assert table["sites"].tolist() == [2, 2]
    assert table["beds"].tolist() == [50, 104]
    assert table["planned_beds"].tolist() == [50, 114]
    assert table["beds_per_1000"].tolist() == pytest.approx([50 / 62, 104 / 30])


def test_a_register_without_beds_has_none_anywhere() -> None:
    outcome = make_outcome()
    del outcome.area.sites["beds"]
    assert county_table(outcome)["beds"].isna().all()
    assert class_table(outcome)["beds"].isna().all()
    assert site_table(outcome).loc["S3", "planned_beds"] == 10


def test_classes_count_facilities_and_their_branches() -> None:
    table = class_table(make_outcome())
    assert table.index.tolist() == ["B100", "C210", "C220"]
    assert table["sites"].tolist() == [1, 1, 2]
    assert table["branches"].tolist() == [0, 0, 1]
    assert table["beds"].tolist() == [20, 99, 35]


def test_services_say_what_is_there_and_what_comes() -> None:
    table = service_table(make_outcome())
    clinic = table.loc["clinic"]
    assert list(clinic[["today", "build", "planned"]]) == [2, 1, 3]
    assert clinic["people"] == 92000
    assert table.loc["pavilion", "close"] == 1
    assert table.loc["pavilion", "planned"] == 0
    assert math.isnan(table.loc["emergency_station", "people"])  # type: ignore[arg-type]


def test_a_site_stands_once_with_what_changes_most() -> None:
    table = site_table(make_outcome())
    assert table.index.tolist() == ["S1", "S5", "S2", "S3", "S4"]
    assert table["action"].tolist() == ["keep", "build", "upgrade", "upgrade", "close"]
    third = table.loc["S3"]
    assert (third["new"], third["kept"]) == (("emergency_station",), ("clinic",))
    assert (third["beds"], third["planned_beds"]) == (99, 109)
    assert third["years"] == (2026,)
    assert third["capital_wan"] == 130.5


def test_reach_adds_up_the_zones() -> None:
    table = reach_table(reported())
    row = table.loc["T-3"]
    assert list(row[["people", "today", "plan"]]) == [92000, 70000, 80000]
    assert reach_table(make_outcome()).empty


def test_a_clause_has_the_worst_verdict_of_its_units() -> None:
    figures = {one.first.rule_id: one for one in clauses_of(make_outcome())}
    assert list(figures) == ["T-1", "T-2", "T-3", "T-4"]
    assert figures["T-3"].verdict is Verdict.UNDECIDABLE
    assert figures["T-3"].counted(Verdict.MET) == (1, 1)
    assert figures["T-1"].verdict_today is Verdict.NOT_MET
    assert [row.unit for row in figures["T-2"].missed] == ["新城乡"]


def test_indicators_are_the_clauses_of_the_whole_area() -> None:
    ids = [one.first.rule_id for one in indicators_of(make_outcome())]
    assert ids == ["T-1", "T-4"]

from __future__ import annotations

import io
import math
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.accessibility import (
    compare_access,
    floating_catchment,
    gaussian,
    gini,
    measure_access,
    missing_supply,
    people_quantile,
    steps,
    supply_columns,
    theil,
    thirds,
    uniform,
)
from allocator.accessibility.scope import zones_addressed
from allocator.audit import Facts
from allocator.audit.coverage import covered_people, nearest_holder
from allocator.errors import InputError, Text
from allocator.policy import Coverage, Resource, Scope, Service, Unit
from allocator.travel import Travel
from tests.factories import (
    candidate,
    county,
    demand_point,
    facility,
    make_area,
    make_plan,
    make_policy,
    make_travel,
    zone,
)

CLINIC = Service(id="clinic", name="门诊", serves=Scope())
LN = math.log(1.25)

# ---- by hand -------------------------------------------------------------------------
#
# 100 people in z1 and 300 in z2 (county c1), 100 in z3 (c2). s1 has 10 beds, s2 has 20,
# s3 is a candidate in z2. Nobody of z3 can travel to s1 or s2.

AREA = make_area(
    zones=[zone("z1", "c1", 100), zone("z2", "c1", 300), zone("z3", "c2", 100)],
    sites=[
        facility("s1", "z1", beds=10.0),
        facility("s2", "z3", beds=20.0),
        candidate("s3", "z2", beds=np.nan),
    ],
)
TRAVEL = make_travel(
    {
        ("d_z1", "s1"): 4,
        ("d_z1", "s2"): 20,
        ("d_z2", "s1"): 10,
        ("d_z2", "s2"): 30,
        ("d_z2", "s3"): 2,
        ("d_z3", "s3"): 12,
    }
)
POLICY = make_policy(services=[CLINIC])
TODAY = make_plan([("s1", "clinic", "keep"), ("s2", "clinic", "keep")])
PROPOSED = replace(
    make_plan(
        [("s1", "clinic", "keep"), ("s2", "clinic", "close"), ("s3", "clinic", "build")]
    ),
    allocations=pd.DataFrame(
        {
            "site_id": ["s3"],
            "resource": ["beds"],
            "amount": [5.0],
            "capital_wan": [0.0],
            "yearly_wan": [0.0],
        }
    ),
)


def measured(plan=TODAY, *, area=AREA, travel=TRAVEL, policy=POLICY, **given_settings):
    given_settings.setdefault("supply", "beds")
    return measure_access(area, travel, policy, plan, **given_settings)


def test_time_to_the_nearest_is_that_of_people():
    row = measured().by_area.loc[("clinic", "")]
    assert row["people"] == 500
    assert row["holders"] == 2
    assert row["people_unreachable"] == 100
    shares = [row[f"within_{m}_minutes_share"] for m in (5, 10, 15, 30)]
    assert shares == [0.2, 0.8, 0.8, 0.8]
    assert row["minutes_mean"] == 8.5  # of the 400 who can reach one
    assert math.isnan(row["minutes_p90"])  # fewer than 90 % can reach any


def test_counties_and_zones_have_their_own_people():
    report = measured()
    county_rows = report.by_county.loc["clinic"]
    assert county_rows["people"].tolist() == [400, 100]
    assert county_rows["within_5_minutes_share"].tolist() == [0.25, 0]
    assert county_rows["minutes_p90"].tolist()[0] == 10
    assert county_rows["people_unreachable"].tolist() == [0, 100]
    zone_rows = report.by_zone.loc["clinic"]
    assert zone_rows.index.tolist() == ["z1", "z2", "z3"]
    assert zone_rows["minutes_mean"].tolist()[:2] == [4, 10]
    assert math.isnan(zone_rows.loc["z3", "minutes_mean"])
    assert zone_rows.loc["z3", "within_30_minutes_share"] == 0


def test_every_demand_point_names_its_nearest_holder():
    rows = measured().by_demand.loc["clinic"]
    assert rows["nearest_site_id"].tolist() == ["s1", "s1", ""]
    assert rows["minutes_nearest"].tolist()[:2] == [4, 10]
    assert math.isnan(rows.loc["d_z3", "minutes_nearest"])


def test_of_two_holders_as_near_the_first_id_is_named():
    travel = make_travel({("d_z1", "s1"): 5, ("d_z1", "s2"): 5})
    rows = measured(travel=travel).by_demand.loc["clinic"]
    assert rows.loc["d_z1", "nearest_site_id"] == "s1"


def test_two_steps_by_hand():
    rows = measured().by_demand.loc["clinic"]
    # s1: 10 beds for 400 people; s2: 20 beds for the same 400.
    assert rows["beds_2sfca_per_1000"].tolist() == pytest.approx([75, 75, 0])
    # E2SFCA: s2 is weighed 0.68 at 20 minutes and 0.22 at 30.
    per_head = 20 / (0.68 * 100 + 0.22 * 300)
    expected = [1000 * (0.025 + w * per_head) for w in (0.68, 0.22)]
    assert rows["beds_e2sfca_per_1000"].tolist() == pytest.approx([*expected, 0])


def test_gaussian_two_steps_by_hand():
    edge = math.exp(-0.5)

    def dai(minutes):
        return (math.exp(-0.5 * (minutes / 30) ** 2) - edge) / (1 - edge)

    per_head = 10 / (100 * dai(4) + 300 * dai(10))
    # At 30 minutes the weight is 0, so the 20 beds of s2 are for the 100 of z1 alone.
    expected = [1000 * (per_head * dai(4) + 0.2), 1000 * per_head * dai(10), 0]
    found = measured().by_demand["beds_2sfca_gaussian_per_1000"].tolist()
    assert found == pytest.approx(expected)


def test_access_of_a_unit_is_the_mean_over_its_people():
    report = measured()
    assert report.by_area["beds_2sfca_per_1000"].item() == pytest.approx(60)
    assert report.by_county["beds_2sfca_per_1000"].tolist() == pytest.approx([75, 0])
    assert report.by_area["beds_at_holders"].item() == 30


def test_inequality_by_hand():
    # 400 people have 1.25 of the mean, 100 have nothing.
    row = measured().by_area.loc[("clinic", "")]
    assert row["beds_2sfca_per_1000_gini"] == pytest.approx(0.2)
    assert row["beds_2sfca_per_1000_theil"] == pytest.approx(LN)
    assert row["beds_2sfca_per_1000_theil_within_counties"] == 0
    assert row["beds_2sfca_per_1000_theil_between_counties"] == pytest.approx(LN)
    counties = measured().by_county.loc["clinic"]
    assert counties.loc["c1", "beds_2sfca_per_1000_gini"] == pytest.approx(0)
    assert math.isnan(counties.loc["c2", "beds_2sfca_per_1000_gini"])  # all have none


def test_stock_per_thousand_by_hand():
    report = measured()
    assert report.stock_by_county["population"].tolist() == [400, 100]
    assert report.stock_by_county["beds_per_1000"].tolist() == [25, 200]
    assert report.stock_by_zone["beds"].tolist() == [10, 0, 20]
    whole = report.stock_by_area.loc[""]
    assert whole["beds_per_1000"] == 60
    # Lorenz: 400 people have 10 of 30 beds. 1 - (400 * 10 + 100 * 40) / (500 * 30).
    assert whole["beds_per_1000_gini_counties"] == pytest.approx(7 / 15)
    # Zones by rate: 300 have 0, 100 have 10, 100 have 20.
    assert whole["beds_per_1000_gini_zones"] == pytest.approx(1 - 5000 / 15000)
    within = report.stock_by_county["beds_per_1000_gini_zones"].tolist()
    assert within == pytest.approx([0.75, 0])


def test_what_a_plan_adds_counts_and_what_it_closes_does_not():
    report = measured(PROPOSED)
    row = report.by_area.loc[("clinic", "")]
    assert row["people_unreachable"] == 0
    assert row["minutes_p90"] == 12
    assert row["minutes_mean"] == pytest.approx((4 * 100 + 2 * 300 + 12 * 100) / 500)
    assert row["beds_at_holders"] == 15
    assert report.stock_by_county["beds"].tolist() == [15, 20]


def test_comparison_has_both_and_the_change():
    table = compare_access(measured(), measured(PROPOSED))
    columns = ["level", "service", "unit_id", "measure", "before", "after", "change"]
    assert table.columns.tolist() == columns
    rows = {row[:4]: row[4:] for row in table.itertuples(index=False, name=None)}
    assert rows["area", "clinic", "", "people_unreachable"] == (100, 0, -100)
    assert rows["county", "", "c1", "beds_per_1000"] == (25, 37.5, 12.5)
    assert table["level"].drop_duplicates().tolist() == ["area", "county", "zone"]


def test_reports_of_other_settings_are_not_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        compare_access(measured(), measured(catchment_minutes=20))


def test_every_column_has_a_heading():
    report = measured(minutes=(7.5,))
    assert "within_7.5_minutes_share" in report.by_area
    columns = {*report.long()["measure"], *report.by_demand.columns}
    assert columns == set(report.titles)
    assert report.titles["beds_per_1000"] == Text(
        "每千人实有床位", "beds in place per 1000 people"
    )


# ---- what is measured ----------------------------------------------------------------


def test_services_with_people_or_a_coverage_rule_are_measured():
    services = [
        CLINIC,
        Service(id="ambulance", name="急救"),
        Service(id="office", name="办公"),
    ]
    rule = Coverage(id="R", quote="q", service="ambulance", within_minutes=15)
    policy = make_policy(services=services, rules=[rule])
    report = measured(policy=policy)
    assert set(report.by_area.index) == {("ambulance", ""), ("clinic", "")}
    row = report.by_area.loc[("ambulance", "")]  # held nowhere: said, not dropped
    assert row["people_unreachable"] == 500
    assert row["within_30_minutes_share"] == 0


def test_a_policy_without_such_services_leaves_the_stock():
    report = measured(policy=make_policy(services=[Service(id="k", name="k")]))
    assert report.by_area.empty
    assert report.by_demand.empty
    assert report.stock_by_area["beds"].item() == 30
    assert set(report.long()["service"]) == {""}


def test_people_outside_the_scope_of_a_service_do_not_count():
    rural = replace(CLINIC, serves=Scope(county=("c2",)))
    report = measured(PROPOSED, policy=make_policy(services=[rural]))
    assert report.by_area["people"].item() == 100
    assert report.by_demand.index.tolist() == [("clinic", "d_z3")]
    empty = report.by_zone.loc[("clinic", "z1")]
    assert empty["people"] == 0
    assert math.isnan(empty["within_5_minutes_share"])
    # They take no share of the supply either: 5 beds for the 100 of z3.
    assert report.by_area["beds_2sfca_per_1000"].item() == pytest.approx(50)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(county=("c1",)),
        Scope(county=("county c2",)),
        Scope(county_kind=("区",)),
        Scope(zone_kind=("街道", "乡")),
        Scope(urban=True),
        Scope(urban=False, people_below=300),
        Scope(people_from=300),
    ],
)
def test_scopes_are_read_as_the_audit_reads_them(scope):
    area = make_area(
        zones=[
            zone("z1", "c1", 100, urban=True),
            zone("z2", "c1", 300, kind="街道"),
            zone("z3", "c2", 299, kind="乡"),
        ],
        counties=[county("c1", kind="区"), county("c2")],
        sites=[facility("s", "z1")],
    )
    facts = Facts(area, make_travel({}), POLICY, make_plan())
    expected = [facts.zone_in_scope(z, scope) for z in area.zones.index]
    assert zones_addressed(area, [scope]).tolist() == expected


def test_resources_of_the_policy_count_where_the_register_has_them():
    sites = [
        facility("s1", "z1", staff=3.0, beds=1.0, level=2.0, grade="a", open=True),
        facility("s2", "z1", staff=np.nan, beds=1.0, level=2.0, grade="a", open=True),
    ]
    area = make_area(zones=[zone("z1", "c1", 1000)], sites=sites)
    resources = [Resource(id=i, name=i) for i in ("staff", "grade", "open", "vans")]
    policy = make_policy(services=[CLINIC], resources=resources)
    assert supply_columns(area, policy) == ("beds", "staff")
    report = measure_access(area, make_travel({}), policy, make_plan())
    assert report.stock_by_area[["staff", "staff_blank_sites"]].to_numpy().tolist() == [
        [3, 1]
    ]


def test_what_the_register_does_not_tell_is_missing():
    sites = [
        facility("s1", "z1", beds=3.0, gps=np.nan, grade="a"),
        facility("s2", "z1", beds=np.nan, gps=np.nan, grade="b"),
        candidate("s3", "z1", beds=np.nan, gps=2.0, grade="c"),
    ]
    area = make_area(zones=[zone("z1", "c1", 1000)], sites=sites)
    policy = make_policy(
        services=[], resources=[Resource(id=i, name=i) for i in ("grade", "vans")]
    )
    expected = ("gps", "physicians", "nurses", "grade", "vans")
    assert missing_supply(area, policy) == expected


def test_an_amount_that_nobody_gave_is_unknown_and_not_zero():
    sites = [facility("s1", "z1", beds=np.nan), facility("s2", "z2", beds=4.0)]
    area = make_area(zones=[zone("z1", "c1", 10), zone("z2", "c2", 10)], sites=sites)
    plan = make_plan([("s1", "clinic", "keep")])
    report = measured(plan, area=area, travel=make_travel({}))
    assert math.isnan(report.stock_by_county.loc["c1", "beds_per_1000"])
    assert math.isnan(report.stock_by_area["beds_per_1000_gini_counties"].item())
    assert report.by_area["holders_without_beds"].item() == 1


def test_a_supply_that_the_register_lacks_is_refused_with_a_remedy():
    with pytest.raises(InputError) as error:
        measured(supply="bedz")
    (finding,) = error.value.findings
    assert (finding.code, finding.column) == ("supply-unknown", "bedz")
    assert finding.remedy == Text("是否应为 beds?", "did you mean beds?")


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": (10, 5)},
        {"minutes": (-1,)},
        {"minutes": (math.nan,)},
        {"catchment_minutes": 0},
        {"catchment_minutes": math.inf},
        {"sigma_minutes": 0},
    ],
)
def test_limits_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="minutes must"):
        measured(**wrong)


def test_travel_of_another_area_is_refused():
    with pytest.raises(ValueError, match="not in the area"):
        measured(travel=make_travel({("d_z9", "s1"): 1}))


# ---- against peers and the audit -----------------------------------------------------

# Written by access 1.1.10.post3 (pandas 3.1.1): Access(...).two_stage_fca(max_cost=30),
# .enhanced_two_stage_fca(max_cost=30), and the same with
# weight_fn=weights.gaussian(15), printed with float_format="%.17g".
PEER_COSTS = """d0,s0,3.79 d0,s1,39.47 d0,s2,18.5 d0,s3,11.55 d1,s0,3.86 d1,s1,32.49
d1,s3,13.87 d2,s0,19.25 d2,s1,22.49 d2,s2,28.4 d2,s3,19.23 d3,s0,36.82 d3,s1,6.65
d3,s2,11.11 d3,s3,28.09 d4,s0,31.18 d4,s1,30.11 d4,s2,21.9 d4,s3,32.67 d5,s0,17.8
d5,s1,28.2 d5,s2,39.38 d5,s3,18.41 d6,s0,2.56 d6,s1,13.75 d6,s2,3.71"""
PEER_SUPPLY = [12.0, 0.0, 30.0, 7.5]
PEER_ANSWER = """demand_id,people,2sfca,e2sfca,2sfca_gaussian
d0,808,0.022130710777499767,0.02692797965284284,0.02382427415239588
d1,288,0.010556636703425694,0.011798489012361073,0.012299694305479579
d2,272,0.022130710777499767,0.014360395908518654,0.010473588824612167
d3,441,0.015396704043493033,0.016587989712345996,0.018901867581028398
d4,810,0.011574074074074073,0.00489483520721469,0.008008511307940426
d5,153,0.010556636703425694,0.0094655607013039642,0.007263732394939184
d6,261,0.018308080808080808,0.029539651913938418,0.030363561477013551
"""


def test_report_equals_access_of_pysal():
    expected = pd.read_csv(io.StringIO(PEER_ANSWER), index_col="demand_id")
    minutes = {}
    for word in PEER_COSTS.split():
        demand_id, site_id, cost = word.split(",")
        minutes[demand_id, site_id] = float(cost)
    area = make_area(
        zones=[zone("z", "c", 1)],
        sites=[facility(f"s{i}", "z", beds=b) for i, b in enumerate(PEER_SUPPLY)],
        demand=[
            demand_point(str(i), "z", int(p)) for i, p in expected["people"].items()
        ],
    )
    plan = make_plan([(s, "clinic", "keep") for s in area.sites.index])
    report = measured(plan, area=area, travel=make_travel(minutes), sigma_minutes=15)
    for method in ("2sfca", "e2sfca", "2sfca_gaussian"):
        found = report.by_demand.loc["clinic", f"beds_{method}_per_1000"] / 1000
        np.testing.assert_allclose(found, expected[method], rtol=1e-12)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # access on pandas 3
@pytest.mark.parametrize("seed", range(5))
def test_catchments_equal_access_of_pysal_on_random_input(seed):
    access = pytest.importorskip("access", reason="pip install access: a peer")
    weights = pytest.importorskip("access.weights")
    rng = np.random.default_rng(seed)
    people = pd.Series(rng.integers(1, 900, 60), [f"d{i:02}" for i in range(60)])
    supply = pd.Series(rng.uniform(1, 90, 12), [f"s{i:02}" for i in range(12)])
    pairs = pd.DataFrame(
        [(d, s) for d in people.index for s in supply.index if rng.random() < 0.7],
        columns=["demand_id", "site_id"],
    )
    pairs["minutes"] = rng.uniform(0, 60, len(pairs))
    peer = access.Access(
        demand_df=people.rename_axis("geoid").rename("pop").reset_index(),
        demand_index="geoid",
        demand_value="pop",
        supply_df=supply.rename_axis("geoid").rename("beds").reset_index(),
        supply_index="geoid",
        supply_value=["beds"],
        cost_df=pairs,
        cost_origin="demand_id",
        cost_dest="site_id",
        cost_name="minutes",
    )
    enhanced = peer.enhanced_two_stage_fca
    edge = math.exp(-0.5)
    for name, decay, expected in (
        ("a", uniform(20), peer.two_stage_fca(name="a", max_cost=20)),
        ("b", thirds(30), enhanced(name="b")),
        (
            "c",
            steps({5: 1, 25: 0.3}),
            enhanced(name="c", weight_fn=weights.step_fn({5: 1, 25: 0.3})),
        ),
        (
            "d",
            gaussian(math.inf, sigma_minutes=20),
            enhanced(name="d", weight_fn=weights.gaussian(20)),
        ),
        (
            "e",
            gaussian(30, sigma_minutes=20),
            enhanced(name="e", weight_fn=weights.gaussian(20), max_cost=30),
        ),
        (
            "f",
            gaussian(30),
            enhanced(
                name="f",
                max_cost=30,
                weight_fn=lambda t: (
                    (math.exp(-0.5 * (t / 30) ** 2) - edge) / (1 - edge)
                ),
            ),
        ),
    ):
        found = floating_catchment(pairs, people=people, supply=supply, decay=decay)
        # Where nothing is in reach access has no row and we have 0.
        answer = expected[f"{name}_beds"].reindex(people.index).fillna(0.0)
        np.testing.assert_allclose(found, answer, rtol=1e-9, atol=1e-15)


def test_weights_without_meaning_are_refused():
    with pytest.raises(ValueError, match="zones need"):
        steps({})
    with pytest.raises(ValueError, match="zones need"):
        steps({10: -1.0})
    with pytest.raises(ValueError, match="must be finite"):
        gaussian(math.inf)


def test_supply_that_nobody_lives_near_reaches_nobody():
    pairs = pd.DataFrame(
        {"demand_id": ["a", "x"], "site_id": ["s", "s"], "minutes": [1.0, 1.0]}
    )
    people, supply = pd.Series({"a": 0}), pd.Series({"s": 5.0})
    found = floating_catchment(pairs, people=people, supply=supply, decay=uniform(30))
    assert found.tolist() == [0]


# ---- properties ----------------------------------------------------------------------

PEOPLE = st.integers(0, 900)
SOME = settings(max_examples=25, deadline=None)  # areas take a while to make


@st.composite
def tasks(draw, *, connected=False):
    """Draw an area with travel, and a plan: (area, travel, plan)."""
    zones = [f"z{i}" for i in range(draw(st.integers(1, 4)))]
    sites = [f"s{i}" for i in range(draw(st.integers(1, 4)))]
    demand = [f"d{i}" for i in range(draw(st.integers(1, 7)))]
    area = make_area(
        zones=[zone(z, f"c{draw(st.integers(0, 2))}", draw(PEOPLE)) for z in zones],
        sites=[
            facility(
                s,
                draw(st.sampled_from(zones)),
                beds=draw(st.sampled_from([0.0, 1.0, 20.0, 7.5])),
            )
            for s in sites
        ],
        demand=[
            demand_point(d, draw(st.sampled_from(zones)), draw(PEOPLE)) for d in demand
        ],
    )
    minutes = {
        (d, s): float(draw(st.integers(0, 40)))
        for d in demand
        for s in sites
        if connected or draw(st.booleans())
    }
    holders = draw(st.lists(st.sampled_from(sites), min_size=1, unique=True))
    plan = make_plan([(s, "clinic", "keep") for s in sorted(holders)])
    return area, make_travel(minutes), plan


def levels(report):
    return report.by_area, report.by_county, report.by_zone


def columns_like(frame, *endings):
    return [c for c in frame.columns if c.endswith(endings)]


@SOME
@given(tasks(), st.integers(2, 50))
def test_scaling_people_leaves_shares_times_and_inequality_unchanged(task, factor):
    area, travel, plan = task
    more = replace(
        area, demand=area.demand.assign(people=area.demand["people"] * factor)
    )
    pairs = zip(
        levels(measured(plan, area=area, travel=travel)),
        levels(measured(plan, area=more, travel=travel)),
        strict=True,
    )
    for before, after in pairs:
        same = columns_like(before, "_share", "_mean", "_p90", "_gini", "_theil")
        np.testing.assert_allclose(after[same], before[same], rtol=1e-9, atol=1e-12)
        scores = columns_like(before, "fca_per_1000", "gaussian_per_1000")
        np.testing.assert_allclose(
            after[scores] * factor, before[scores], rtol=1e-9, atol=1e-12
        )


@SOME
@given(tasks())
def test_one_more_holder_never_takes_anyone_out_of_reach(task):
    area, travel, plan = task
    everyone = make_plan([(s, "clinic", "keep") for s in area.sites.index])
    pairs = zip(
        levels(measured(plan, area=area, travel=travel)),
        levels(measured(everyone, area=area, travel=travel)),
        strict=True,
    )
    for before, after in pairs:
        assert (after["people_unreachable"] <= before["people_unreachable"]).all()
        for share in columns_like(before, "_share"):
            assert (after[share].fillna(0) >= before[share].fillna(0)).all()
        peopled = before["people"] > 0
        high = before["minutes_p90"][peopled].fillna(math.inf)
        assert (after["minutes_p90"][peopled].fillna(math.inf) <= high).all()


@SOME
@given(tasks(connected=True))
def test_one_more_holder_never_lengthens_the_mean_where_all_can_travel(task):
    area, travel, plan = task
    everyone = make_plan([(s, "clinic", "keep") for s in area.sites.index])
    before = measured(plan, area=area, travel=travel).by_zone["minutes_mean"]
    after = measured(everyone, area=area, travel=travel).by_zone["minutes_mean"]
    assert (after.fillna(0) <= before.fillna(0) + 1e-9).all()


@SOME
@given(tasks(), st.integers(0, 6), st.floats(0, 1))
def test_splitting_a_demand_point_in_two_changes_nothing(task, which, part):
    area, travel, plan = task
    demand = area.demand.copy()
    old = demand.index[which % len(demand)]
    people = int(demand.loc[old, "people"])
    twin = demand.loc[[old]].rename(index={old: f"{old}b"})
    twin["people"] = int(people * part)
    demand.loc[old, "people"] = people - int(people * part)
    rows = travel.pairs[travel.pairs["demand_id"] == old]
    pairs = pd.concat([travel.pairs, rows.assign(demand_id=f"{old}b")])
    split = replace(area, demand=pd.concat([demand, twin]).sort_index())
    other = replace(
        travel,
        pairs=pairs.sort_values(["demand_id", "site_id"], ignore_index=True),
    )
    before = measured(plan, area=area, travel=travel)
    after = measured(plan, area=split, travel=other)
    for one, two in zip(levels(before), levels(after), strict=True):
        pd.testing.assert_frame_equal(one, two, rtol=1e-9, atol=1e-12)


@SOME
@given(tasks())
def test_no_supply_is_made_or_lost(task):
    area, travel, plan = task
    report = measured(plan, area=area, travel=travel)
    points = report.by_demand.loc["clinic"]
    held = area.sites["beds"].where(area.sites.index.isin(plan.placements["site_id"]))
    near = travel.within(minutes=30)
    near = near[near["demand_id"].map(area.demand["people"]) > 0]
    reached = held[held.index.isin(near["site_id"])].sum()
    for method in ("2sfca", "e2sfca"):
        shared = points["people"] * points[f"beds_{method}_per_1000"] / 1000
        assert shared.sum() == pytest.approx(reached)


@SOME
@given(tasks(), st.sampled_from([0, 5, 10, 30]))
def test_shares_equal_those_of_the_audit(task, limit):
    area, travel, plan = task
    rule = Coverage(
        id="R", quote="q", service="clinic", within_minutes=limit, unit=Unit.COUNTY
    )
    policy = make_policy(services=[CLINIC], rules=[rule])
    facts = Facts(area, travel, policy, plan)
    report = measured(plan, area=area, travel=travel, policy=policy, minutes=(limit,))
    nearest = nearest_holder(rule, facts)
    for unit in facts.units(rule):
        people, covered = covered_people(rule, facts, unit.zones, nearest)
        share = report.by_county.loc[
            ("clinic", unit.id), f"within_{limit}_minutes_share"
        ]
        assert math.isnan(share) if people == 0 else share == covered / people


ROWS = st.lists(
    st.tuples(st.floats(0, 1e6, allow_subnormal=False), PEOPLE, st.integers(0, 3)),
    min_size=1,
    max_size=12,
)


@given(ROWS)
def test_gini_equals_the_mean_difference_of_all_pairs(rows):
    x, w, _ = (np.array(c, dtype=float) for c in zip(*rows, strict=True))
    held = (w * x).sum()
    if not held > 1e-6:
        return
    pairs = (np.outer(w, w) * np.abs(x[:, None] - x)).sum()
    assert 0 <= gini(x, w) < 1
    assert gini(x, w) == pytest.approx(pairs / (2 * w.sum() * held), abs=1e-9)


@given(st.floats(1e-3, 1e6), st.lists(st.integers(1, 900), min_size=1))
def test_nobody_is_unequal_where_all_have_the_same(value, people):
    values = [value] * len(people)
    assert gini(values, people) == pytest.approx(0, abs=1e-12)
    assert theil(values, people, [0] * len(people)) == pytest.approx(
        (0, 0, 0), abs=1e-9
    )


@given(ROWS)
def test_theil_is_the_sum_of_its_parts(rows):
    x, w, g = (np.array(c, dtype=float) for c in zip(*rows, strict=True))
    found = theil(x, w, g)
    if not (w * x).sum() > 0:
        assert all(math.isnan(part) for part in found)
        return
    assert found.total == pytest.approx(found.within + found.between, abs=1e-12)
    assert theil(x, w, np.zeros(len(x))).total == pytest.approx(found.total)
    mean = (w * x).sum() / w.sum()
    plain = sum(
        b / w.sum() * a / mean * math.log(a / mean)
        for a, b in zip(x, w, strict=True)
        if a > 0
    )
    assert found.total == pytest.approx(plain, abs=1e-9)


def test_inequality_without_anything_to_share_is_not_defined():
    for values, people in (([], []), ([0, 0], [1, 1]), ([5], [0])):
        assert math.isnan(gini(values, people))
        assert math.isnan(people_quantile(values, people, share=0.9)) is (
            sum(people) == 0
        )


@given(ROWS, st.integers(1, 10))
def test_the_quantile_is_that_of_people_in_a_row(rows, tenths):
    values, people = [r[0] for r in rows], [r[1] for r in rows]
    line = sorted(v for v, p, _ in rows for _ in range(p))
    found = people_quantile(values, people, share=tenths / 10)
    if not line:
        assert math.isnan(found)
        return
    needed = -(-tenths * len(line) // 10)  # rounded up, in whole numbers
    assert found == line[needed - 1]


def test_the_ninetieth_person_of_a_hundred_decides():
    assert people_quantile([1, 2, 3], [50, 40, 10], share=0.9) == 2
    assert people_quantile([1, 2, 3], [50, 39, 11], share=0.9) == 3


# ---- size ----------------------------------------------------------------------------


def test_a_city_is_measured_in_two_seconds():
    rng = np.random.default_rng(1)
    demand, sites, near = 10_000, 200, 63
    area = make_area(
        zones=[zone(f"z{i:03}", f"c{i % 9}", 1000 + i) for i in range(150)],
        sites=[facility(f"s{i:03}", f"z{i % 150:03}", beds=9.0) for i in range(sites)],
        demand=[demand_point(f"d{i:05}", f"z{i % 150:03}", 100) for i in range(demand)],
    )
    starts = rng.integers(0, sites - near, demand)
    site = (starts[:, None] + np.arange(near)).ravel()
    pairs = pd.DataFrame(
        {
            "demand_id": area.demand.index.repeat(near),
            "site_id": area.sites.index.take(site),
            "minutes": rng.uniform(0, 900, demand * near),
            "km": np.nan,
        }
    )
    travel = Travel(pairs, "table", Text("测试", "a test"))
    plan = make_plan([(s, "clinic", "keep") for s in area.sites.index])
    start = time.perf_counter()
    report = measured(plan, area=area, travel=travel)
    assert time.perf_counter() - start < 2
    assert report.by_area["people"].item() == 1_000_000
    shares = [report.by_area[f"within_{m}_minutes_share"].item() for m in (5, 10, 15)]
    assert all(a < b for a, b in pairwise(shares))

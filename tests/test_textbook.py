"""The textbook models on San Francisco, as whole briefs, against exact values.

Distances stand in the column ``minutes`` of the travel table: one minute is one metre
here, so that the models run on network metres as in the literature. The expected
values were found by trying every subset of the 16 stores.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.errors import InfeasibleError
from allocator.pipeline import make_plan, read_task

DATA = Path(__file__).parent / "data" / "san-francisco"
PEOPLE = 955_113

# p: people x metres, longest journey in metres, people within 5000 m
EXACT = {
    2: (4009098972.135, 9130.759, 671938),
    4: (2848268129.715, 7403.064, 875247),
    6: (2347055166.677, 5903.667, 941462),
    8: (2054687610.638, 4644.846, 955113),
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Write the case as a planner's tables, once; briefs are written beside them."""
    folder = tmp_path_factory.mktemp("san-francisco")
    tracts = pd.read_csv(
        DATA / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str}
    )
    stores = pd.read_csv(DATA / "SF_store_site_16_longlat.csv", dtype={"NAME": str})
    metres = pd.read_csv(
        DATA / "SF_network_distance_candidateStore_16_censusTract_205_new.csv",
        dtype={"DestinationName": str},
    )
    pd.DataFrame(
        {
            "zone_id": ["060750000"],
            "name": ["San Francisco"],
            "county_id": ["060750"],
            "kind": ["other"],
            "population": [tracts["POP2000"].sum()],
            "lon": [tracts["long"].mean()],
            "lat": [tracts["lat"].mean()],
        }
    ).to_csv(folder / "zones.csv", index=False)
    pd.DataFrame(
        {
            "demand_id": tracts["NAME"],
            "zone_id": "060750000",
            "people": tracts["POP2000"],
            "lon": tracts["long"],
            "lat": tracts["lat"],
        }
    ).to_csv(folder / "demand.csv", index=False)
    pd.DataFrame(
        {
            "site_id": stores["NAME"],
            "name": stores["NAME"],
            "lon": stores["long"],
            "lat": stores["lat"],
            "status": "candidate",
            "zone_id": "060750000",
        }
    ).to_csv(folder / "sites.csv", index=False)
    metres.rename(
        columns={
            "DestinationName": "demand_id",
            "name": "site_id",
            "distance": "minutes",
        }
    )[["demand_id", "site_id", "minutes"]].to_csv(folder / "travel.csv", index=False)
    return folder


@pytest.fixture(autouse=True, params=["by the program", "alone"])
def way(request, monkeypatch):
    """Solve each by the integer program, and without one."""
    fewest = 0 if request.param == "alone" else 1_000_000
    monkeypatch.setattr("allocator.textbook.journeys.FEWEST_PAIRS", fewest)
    return request.param


def planned(folder, pack, **parameters):
    numbers = "\n".join(f"{name} = {value}" for name, value in parameters.items())
    brief = folder / f"{pack}-{'-'.join(map(str, parameters.values()))}.toml"
    brief.write_text(
        f"""
[brief]
name = "San Francisco"
language = "en"
[area]
zones = "zones.csv"
sites = "sites.csv"
[demand]
source = "points"
file = "demand.csv"
[travel]
method = "table"
file = "travel.csv"
[policy]
packs = ["{pack}"]
[policy.parameters]
{numbers}
""",
        encoding="utf-8",
    )
    return make_plan(read_task(brief))


def value(outcome):
    (objective,) = outcome.certificate["objectives"]
    assert outcome.certificate["status"] == "optimal"
    return objective["value"]


def stores_in(outcome):
    return len(outcome.plan.placements)


def test_the_certificate_says_what_solved_it(tables, way):
    certificate = planned(tables, "p-median", p=4).certificate
    assert certificate["solver"].startswith(
        "allocator.bounds" if way == "alone" else "HiGHS"
    )
    assert certificate["model"].get("textbook") == (
        "p-median" if way == "alone" else None
    )
    assert certificate["model"]["sites"] == 16
    (objective,) = certificate["objectives"]
    assert objective["status"] == "optimal"
    assert 0 <= objective["gap"] <= certificate["terms"]["gap"]
    assert objective["bound"] <= EXACT[4][0] * (1 + 1e-12)


@pytest.mark.parametrize("p", EXACT)
def test_p_median_is_exact(tables, p):
    outcome = planned(tables, "p-median", p=p)
    assert value(outcome) == pytest.approx(EXACT[p][0], rel=1e-9)
    assert stores_in(outcome) == p
    assert outcome.plan.assignments["people"].sum() == PEOPLE


@pytest.mark.parametrize("p", EXACT)
def test_p_center_is_exact(tables, p):
    outcome = planned(tables, "p-center", p=p)
    assert value(outcome) == pytest.approx(EXACT[p][1], abs=1e-3)
    assert outcome.plan.assignments["minutes"].max() == pytest.approx(value(outcome))


@pytest.mark.parametrize("p", EXACT)
def test_mclp_reaches_as_many_people_as_can_be(tables, p):
    outcome = planned(tables, "mclp", p=p, within_minutes=5000)
    assert value(outcome) == PEOPLE - EXACT[p][2]
    assert outcome.certificate["totals"]["covered_people"] == EXACT[p][2]


@pytest.mark.parametrize(
    ("metres", "fewest"), [(5000, 8), (6000, 5), (8000, 3), (10000, 2)]
)
def test_lscp_takes_the_fewest_sites(tables, metres, fewest):
    outcome = planned(tables, "lscp", within_minutes=metres)
    assert value(outcome) == stores_in(outcome) == fewest


def test_lscp_at_4000_m_is_refused_with_the_people_of_five_tracts(tables):
    with pytest.raises(InfeasibleError) as refused:
        planned(tables, "lscp", within_minutes=4000)
    distances = pd.read_csv(tables / "travel.csv", dtype=str)
    distances["minutes"] = distances["minutes"].astype(float)
    nearest = distances.groupby("demand_id")["minutes"].min()
    beyond = nearest.index[nearest > 4000]
    demand = pd.read_csv(tables / "demand.csv", dtype={"demand_id": str})
    people = demand.set_index("demand_id")["people"].loc[beyond].sum()
    assert len(beyond) == 5
    assert refused.value.exit_code == 5
    (finding,) = [f for f in refused.value.findings if f.keys == ("lscp-1",)]
    assert f"{people:,}" in finding.message.zh
    assert f"{people:,}" in finding.message.en

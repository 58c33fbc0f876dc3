"""The textbook models on San Francisco: 205 tracts, 16 stores, network metres."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.bounds.center import solve_center
from allocator.bounds.cover import solve_cover
from allocator.bounds.covering import solve_covering
from allocator.bounds.median import solve_median

DATA = Path(__file__).parents[1] / "data" / "san-francisco"

# By trying every subset. p: people x metres, farthest in metres, people within 5000 m.
EXACT = {
    2: (4009098972.135, 9130.759, 671938),
    4: (2848268129.715, 7403.064, 875247),
    6: (2347055166.677, 5903.667, 941462),
    8: (2054687610.638, 4644.846, 955113),
}


@pytest.fixture(scope="module")
def case():
    tracts = pd.read_csv(
        DATA / "SF_demand_205_centroid_uniform_weight.csv", dtype={"NAME": str}
    )
    metres = pd.read_csv(
        DATA / "SF_network_distance_candidateStore_16_censusTract_205_new.csv",
        dtype={"DestinationName": str},
    ).pivot_table(index="DestinationName", columns="name", values="distance")
    people = tracts.set_index("NAME")["POP2000"].loc[metres.index]
    return metres.to_numpy(), people.to_numpy(float)


@pytest.mark.parametrize("p", EXACT)
def test_each_model_finds_the_exact_value_and_proves_it(case, p):
    metres, people = case
    median = solve_median(metres, p, weights=people)
    center = solve_center(metres, p)
    covering = solve_covering(metres <= 5000, people, p)
    found = (median.cost, center.cost, covering.people)
    assert found == pytest.approx(EXACT[p], rel=1e-9, abs=1e-3)
    assert median.optimal
    assert center.optimal
    assert covering.optimal


@pytest.mark.parametrize(
    ("radius", "fewest"), [(5000, 8), (6000, 5), (8000, 3), (10000, 2)]
)
def test_the_fewest_stores_reach_everyone(case, radius, fewest):
    cover = solve_cover(case[0] <= radius)
    assert cover.cost == cover.bound == len(cover.sites) == fewest


def test_at_4000_m_five_tracts_are_out_of_reach(case):
    with pytest.raises(ValueError, match="5 demand points"):
        solve_cover(case[0] <= 4000)

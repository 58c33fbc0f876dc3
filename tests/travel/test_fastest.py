from __future__ import annotations

import numpy as np
import pytest

from tests.travel.road_cases import ONE_WAY, line, network_of, on, shortest, trips

# A 县道 is 40 km/h: a kilometre takes 1.5 minutes.
KM = 1.5


def test_a_road_takes_its_length_by_its_speed():
    network = network_of(line((0, 0), (10, 0)))
    found = trips(network, [(1, 0)], [(9, 0)])
    assert found[0, 0] == pytest.approx((8 * KM, 8.0), rel=1e-5)


def test_the_way_to_and_from_the_road_is_walked():
    network = network_of(line((0, 0), (10, 0)))
    minutes, km = trips(network, [(1, 0.5)], [(9, -0.25)])[0, 0]
    assert minutes == pytest.approx(8 * KM + 0.75 / 5 * 60, rel=1e-4)
    assert km == pytest.approx(8.75, rel=1e-4)


def test_people_and_a_site_between_the_same_two_ends_meet_there():
    network = network_of(line((0, 0), (10, 0)), line((0, 0), (0, 5)))
    assert trips(network, [(4, 0)], [(4, 0)])[0, 0] == pytest.approx((0, 0), abs=1e-6)


def test_a_one_way_street_is_longer_one_way_than_the_other():
    square = [
        line((0, 0), (4, 0), **ONE_WAY),
        line((4, 0), (4, 4), **ONE_WAY),
        line((4, 4), (0, 4), **ONE_WAY),
        line((0, 4), (0, 0), **ONE_WAY),
    ]
    network = network_of(*square)
    there = trips(network, [(1, 0)], [(3, 0)])[0, 0]
    back = trips(network, [(3, 0)], [(1, 0)])[0, 0]
    assert there == pytest.approx((2 * KM, 2), rel=1e-4)
    assert back == pytest.approx((14 * KM, 14), rel=1e-4)


def test_an_ambulance_drives_from_the_site_to_the_people():
    network = network_of(
        line((0, 0), (4, 0), **ONE_WAY), line((0, 0), (0, 4), (4, 4), (4, 0))
    )
    patient = trips(network, [(1, 0)], [(3, 0)])[0, 0]
    ambulance = trips(network, [(1, 0)], [(3, 0)], to_people=True)[0, 0]
    assert patient[1] == pytest.approx(2, rel=1e-4)
    assert ambulance[1] == pytest.approx(1 + 12 + 1, rel=1e-4)


def test_on_foot_directions_do_not_bind_and_speed_is_walking_speed():
    network = network_of(line((0, 0), (4, 0), **ONE_WAY), mode="walk")
    minutes, km = trips(network, [(3, 0)], [(1, 0)])[0, 0]
    assert (minutes, km) == pytest.approx((2 / 5 * 60, 2), rel=1e-4)


def test_nobody_walks_on_a_motorway():
    lines = [
        line((0, 0), (4, 0), **{"class": "高速"}),
        line((0, 0), (0, 3), (4, 3), (4, 0)),
    ]
    by_foot = network_of(*lines, mode="walk", walk_kmh=6.0)
    by_car = network_of(*lines)
    people, sites = [(0, 0)], [(4, 0)]
    assert trips(by_foot, people, sites, max_minutes=200)[0, 0] == pytest.approx(
        (100, 10), rel=2e-4
    )
    assert trips(by_car, people, sites)[0, 0] == pytest.approx((2.4, 4), rel=1e-4)


def test_lines_that_cross_do_not_meet_unless_they_share_a_vertex():
    people, sites = [(0, 0)], [(2, 2)]
    bridge = network_of(line((0, 0), (4, 0)), line((2, -2), (2, 2)))
    crossing = network_of(line((0, 0), (2, 0), (4, 0)), line((2, -2), (2, 0), (2, 2)))
    assert trips(bridge, people, sites) == {}
    assert trips(crossing, people, sites)[0, 0] == pytest.approx((4 * KM, 4), rel=1e-4)


def test_a_ferry_takes_its_own_speed_and_the_wait():
    lines = [
        line((0, 0), (2, 0)),
        line((2, 0), (5, 0), **{"class": "", "ferry": True}),
        line((5, 0), (7, 0)),
    ]
    network = network_of(*lines, ferry_wait_minutes=8.0)
    expected = 4 * KM + 3 / 15 * 60 + 8
    assert trips(network, [(0, 0)], [(7, 0)])[0, 0] == pytest.approx(
        (expected, 7), rel=1e-4
    )


@pytest.mark.parametrize("mode", ["drive", "walk"])
def test_a_ferry_that_states_its_duration_takes_that(mode):
    boat = line((2, 0), (5, 0), **{"class": "ferry", "duration_minutes": 20.0})
    network = network_of(line((0, 0), (2, 0)), boat, line((5, 0), (7, 0)), mode=mode)
    minutes, _ = trips(network, [(2, 0)], [(5, 0)])[0, 0]
    assert minutes == pytest.approx(20 + 10, rel=1e-4)


def test_places_beside_a_motorway_join_the_next_other_road():
    network = network_of(
        line((0, 0), (4, 0), **{"class": "高速"}), line((0, 0), (0, 3), (4, 3), (4, 0))
    )
    place = on(network, (2, 2.6))
    beside = on(network, (2, 0.1), most_m=5000.0)
    assert place.access_km[0] == pytest.approx(0.4, rel=1e-3)
    assert beside.access_km[0] == pytest.approx(2.0, rel=1e-2)


@pytest.mark.parametrize(("most_m", "found"), [(500.5, True), (499.5, False)])
def test_places_beyond_the_limit_are_not_on_the_network(most_m, found):
    network = network_of(line((0, 0), (10, 0)))
    assert on(network, (5, 0.5), most_m=most_m).found.tolist() == [found]


def test_the_cut_off_is_inclusive_and_counts_the_way_to_the_road():
    network = network_of(line((0, 0), (10, 0), speed_kmh=60.0))
    minutes = trips(network, [(0, 0.2)], [(9, 0)])[0, 0][0]
    assert minutes == pytest.approx(9 + 2.4, rel=1e-4)
    assert (0, 0) in trips(network, [(0, 0.2)], [(9, 0)], max_minutes=minutes)
    assert trips(network, [(0, 0.2)], [(9, 0)], max_minutes=minutes - 1e-6) == {}


def test_two_roads_between_the_same_ends_do_not_add_up():
    network = network_of(
        line((0, 0), (2, 0), (4, 0)),
        line((0, 0), (2, 1), (4, 0)),
        line((0, 0), (-2, 0)),
        line((4, 0), (6, 0)),
    )
    assert trips(network, [(-1, 0)], [(5, 0)])[0, 0] == pytest.approx(
        (6 * KM, 6), rel=1e-4
    )


def test_a_roundabout_is_travelled_as_it_is_drawn():
    ring = line((0, 0), (1, 0), (1, 1), (0, 1), (0, 0), roundabout=True)
    network = network_of(ring, line((0, 0), (-3, 0)), line((1, 0), (4, 0)))
    there = trips(network, [(-3, 0)], [(4, 0)])[0, 0]
    back = trips(network, [(4, 0)], [(-3, 0)])[0, 0]
    assert (there[1], back[1]) == pytest.approx((7, 9), rel=1e-4)


def test_a_carriageway_of_openstreetmaps_motorways_has_one_direction():
    lines = [
        line((0, 0), (3, 0)),
        line((3, 0), (6, 0), **{"class": "motorway"}),
        line((6, 0), (9, 0)),
    ]
    network = network_of(*lines)
    assert set(trips(network, [(0, 0)], [(9, 0)])) == {(0, 0)}
    assert trips(network, [(9, 0)], [(0, 0)]) == {}
    both = network_of(*[line((0, 0), (6, 0), **{"class": "高速"}), lines[2], lines[0]])
    assert (1, 0) in trips(both, [(0, 0), (9, 0)], [(0, 0)])


def test_no_site_on_the_network_is_no_journey():
    network = network_of(line((0, 0), (10, 0)))
    assert trips(network, [(1, 0)], [(1, 9)]) == {}
    assert trips(network, [(1, 9)], [(1, 0)]) == {}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("to_people", [False, True])
@pytest.mark.parametrize("limit", [45.0, 7.0])  # all in reach of all, and few
def test_random_networks_agree_with_dijkstras_book(seed, to_people, limit):
    rng = np.random.default_rng(seed)
    side = 7
    spot = {
        (i, j): (2 * i + rng.uniform(-0.6, 0.6), 2 * j + rng.uniform(-0.6, 0.6))
        for i in range(side)
        for j in range(side)
    }
    lines, edges, km = [], {}, {}
    for a in sorted(spot):
        for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1), (a[0] + 1, a[1] + 1)):
            if b not in spot or rng.random() < 0.25:
                continue
            kmh = float(rng.choice([20, 30, 40, 60]))
            ways = [(True, True), (True, False), (False, True)][rng.integers(3)]
            one = line(
                spot[a], spot[b], speed_kmh=kmh, forward=ways[0], backward=ways[1]
            )
            lines.append(one)
            length = np.hypot(*(np.array(spot[a]) - spot[b]))
            if ways[0]:
                edges[a, b] = length / kmh * 60
            if ways[1]:
                edges[b, a] = length / kmh * 60
            km[a, b] = km[b, a] = length
    network = network_of(*lines)
    used = sorted({node for edge in km for node in edge})
    people, sites = used, used[1::5]
    found = trips(
        network,
        [spot[p] for p in people],
        [spot[s] for s in sites],
        max_minutes=limit,
        to_people=to_people,
    )
    expected = {}
    for i, person in enumerate(people):
        for j, site in enumerate(sites):
            a, b = (site, person) if to_people else (person, site)
            minutes = shortest(edges, a).get(b, np.inf)
            if minutes <= limit * (1 - 1e-3):
                expected[i, j] = minutes
            else:
                assert (i, j) not in found or minutes < limit * (1 + 1e-3)
    assert len(expected) > 5
    for pair, minutes in expected.items():
        assert found[pair][0] == pytest.approx(minutes, rel=2e-3, abs=1e-3)
        # The km are those of some way of that time: no shorter than the straight one.
        ends = spot[people[pair[0]]], spot[sites[pair[1]]]
        assert found[pair][1] >= np.hypot(*(np.array(ends[0]) - ends[1])) * (1 - 2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_km_are_those_of_the_shortest_way_where_speeds_are_equal(seed):
    rng = np.random.default_rng(seed)
    spot = {
        (i, j): (2 * i + rng.uniform(-0.6, 0.6), 2 * j + rng.uniform(-0.6, 0.6))
        for i in range(8)
        for j in range(8)
    }
    lines, edges = [], {}
    for a in sorted(spot):
        for b in ((a[0] + 1, a[1]), (a[0], a[1] + 1)):
            if b in spot:
                lines.append(line(spot[a], spot[b], speed_kmh=60.0))
                length = float(np.hypot(*(np.array(spot[a]) - spot[b])))
                edges[a, b] = edges[b, a] = length
    network = network_of(*lines)
    nodes = sorted(spot)
    found = trips(network, [spot[n] for n in nodes], [spot[0, 0]], max_minutes=100)
    best = shortest(edges, (0, 0))
    assert len(found) == len(nodes)
    for i, node in enumerate(nodes):
        assert found[i, 0] == pytest.approx(
            (best[node], best[node]), rel=2e-3, abs=1e-3
        )

"""From ``[travel]`` of a brief to the table of each service, through files."""

from __future__ import annotations

import pytest

from allocator.audit import Facts, plan_of_today
from allocator.audit.coverage import nearest_holder
from allocator.errors import Severity
from allocator.pipeline.task import check_task, read_task
from allocator.policy import Coverage
from allocator.travel.cache import cache_folder
from tests.load.bad_roads import ROADS
from tests.load.road_files import EAST, geojson, good_roads, road, road_task, write_tif

KM_NORTH = 11.0822  # of 0.1 degrees of a meridian at 28.75 degrees north
KM_EAST = 9.7932  # of 0.1 degrees of the parallel of 28.5 degrees north


def task_of(folder, travel, roads=None, **files):
    if roads is not None:
        files["roads__geojson"] = roads
    return read_task(road_task(folder / "task", travel, **files))


def minutes(travel, demand_id, site_id, column="minutes"):
    pairs = travel.pairs.set_index(["demand_id", "site_id"])
    return float(pairs.loc[(demand_id, site_id), column])


def test_journeys_along_roads_take_their_classes_speed(tmp_path):
    task = task_of(tmp_path, f"{ROADS}\naccess_kmh = 200", good_roads())
    travel = task.travel
    assert travel.method == "network"
    # From 北镇 down the 国道 to 东街道: 11.08 km at 70 km/h, and 98 m to the door.
    assert minutes(travel, "360901100", "B1") == pytest.approx(
        KM_NORTH / 70 * 60 + 0.0977 / 200 * 60, rel=1e-3
    )
    assert minutes(travel, "360901100", "B1", "km") == pytest.approx(
        KM_NORTH + 0.0977, rel=1e-3
    )
    # From 南镇 to 西乡 along the 县道: 40 km/h.
    assert minutes(travel, "360902100", "A3") == pytest.approx(
        0.99 * KM_EAST / 40 * 60, rel=1e-3
    )


def test_km_are_straight_where_the_brief_asks_for_radii(tmp_path):
    roads = geojson(
        road((115.9, 28.5), (115.9, 28.8), **{"class": "国道"}),
        road(*EAST, **{"class": "国道"}),
    )
    along = task_of(tmp_path / "a", ROADS, roads).travel
    straight = task_of(tmp_path / "b", f'{ROADS}\ndistance = "straight"', roads).travel
    # 北镇 to 西乡's hospital: down to the corner and along, or across.
    assert minutes(along, "360901100", "A3", "km") == pytest.approx(43.1, abs=0.1)
    assert minutes(straight, "360901100", "A3", "km") == pytest.approx(34.67, abs=0.1)
    assert minutes(along, "360901100", "A3") == minutes(straight, "360901100", "A3")


def test_speeds_of_the_brief_are_taken(tmp_path):
    slow = task_of(
        tmp_path, f'{ROADS}\naccess_kmh = 200\nspeeds = {{ "国道" = 35 }}', good_roads()
    )
    assert minutes(slow.travel, "360901100", "B1") == pytest.approx(
        KM_NORTH / 35 * 60 + 0.0977 / 200 * 60, rel=1e-3
    )


def test_a_service_on_foot_has_its_own_table_and_the_others_keep_theirs(tmp_path):
    own = '[travel.services.community_health_center]\nmode = "walk"\nmax_minutes = 15'
    plain = task_of(tmp_path / "a", "").travel
    travel = task_of(tmp_path / "b", own).travel
    assert travel.pairs.equals(plain.pairs)
    walked = travel.of("community_health_center")
    assert travel.of("emergency_station") is travel
    assert walked.max_minutes == 15
    assert walked.pairs["minutes"].max() <= 15
    assert minutes(walked, "360901001", "B1") == pytest.approx(
        0.09777 * 1.4 / 5 * 60, rel=1e-3
    )
    assert minutes(plain, "360901001", "B1") == pytest.approx(
        0.09777 * 1.4 / 40 * 60, rel=1e-3
    )


def test_the_old_walk_at_their_own_speed(tmp_path):
    own = (
        "[travel.services.community_health_center]\n"
        'mode = "walk"\nspeed_kmh = 3.5\ndetour = 1.2'
    )
    walked = task_of(tmp_path, own).travel.of("community_health_center")
    assert minutes(walked, "360901001", "B1") == pytest.approx(
        0.09777 * 1.2 / 3.5 * 60, rel=1e-3
    )


def test_an_ambulance_is_dispatched_and_drives_against_no_one_way_road(tmp_path):
    one_way = geojson(
        road(
            (115.9, 28.8),
            (115.9, 28.7),
            (115.9, 28.5),
            **{"class": "国道", "oneway": "是"},
        ),
        road(*EAST, **{"class": "县道"}),
    )
    own = "[travel.services.emergency_station]\ndispatch_minutes = 3\nmax_minutes = 30"
    travel = task_of(tmp_path, f"{ROADS}\naccess_kmh = 200\n{own}", one_way).travel
    sent = travel.of("emergency_station")
    # People of 北镇 drive down to B1; nobody drives up to them, an ambulance neither.
    down = KM_NORTH / 70 * 60 + 0.0977 / 200 * 60
    assert minutes(travel, "360901100", "B1") == pytest.approx(down, rel=1e-3)
    reached = set(sent.pairs.set_index(["demand_id", "site_id"]).index)
    assert ("360901100", "B1") not in reached
    # The station of 北镇 sends an ambulance down to 东街道.
    down += (0.1108 / 70 - 0.0977 / 200) * 60  # A1 is a little farther up: off its end
    assert minutes(sent, "360901001", "A1") == pytest.approx(
        3 + KM_NORTH / 70 * 60, rel=1e-2
    )
    assert sent.pairs["minutes"].between(3, 30).all()


def test_dispatch_counts_within_the_limit(tmp_path):
    own = "[travel.services.emergency_station]\ndispatch_minutes = {}\nmax_minutes = 24"
    far = ("360901100", "B1")  # 23.3 minutes by straight line
    for dispatch, found in ((0.5, True), (1.0, False)):
        travel = task_of(tmp_path / str(dispatch), own.format(dispatch)).travel
        sent = travel.of("emergency_station").pairs
        there = far in set(sent.set_index(["demand_id", "site_id"]).index)
        assert there is found


def test_builder_and_audit_each_take_the_table_of_the_service(tmp_path):
    # 15 minutes by car reach the street's clinic; on foot at 0.3 km/h they do not.
    own = '[travel.services.community_health_center]\nmode = "walk"\nspeed_kmh = 0.3\n'
    task = check_task(road_task(tmp_path / "task", own))
    rule = next(r for r in task.policy.rules if r.id == "R3")
    assert isinstance(rule, Coverage)
    today = plan_of_today(task.area, task.travel, task.policy, task.terms)
    facts = Facts(task.area, task.travel, task.policy, today)
    assert nearest_holder(rule, facts) == {}
    walked = task.travel.of("community_health_center").pairs
    assert walked.loc[walked["demand_id"] == "360901001", "minutes"].min() > 15


def test_places_far_from_roads_are_named_with_their_people(tmp_path):
    task = task_of(tmp_path, f"{ROADS}\nsnap_m = 50", good_roads())
    found = {f.code: f for f in task.findings}
    assert found["site-off-road"].keys == ("A1", "A2", "B1", "B2")
    assert found["site-off-road"].severity is Severity.WARNING
    near = task_of(tmp_path / "near", f"{ROADS}\nsnap_m = 1600", good_roads())
    assert "site-off-road" not in {f.code for f in near.findings}


def test_people_on_a_part_that_is_cut_off_are_counted(tmp_path):
    roads = geojson(
        road((115.9, 28.5), (115.9, 28.7), (115.9, 28.8), **{"class": "国道"}),
        road((115.92, 28.5), *EAST[1:], **{"class": "县道"}),
    )
    (finding,) = [
        f for f in task_of(tmp_path, ROADS, roads).findings if f.code == "road-parts"
    ]
    assert "2 parts" in finding.message.en
    assert finding.keys in (("360902100", "360902200"), ("360901001", "360901100"))


def test_a_friction_surface_gives_minutes_by_its_units(tmp_path):
    section = 'method = "friction"\nfile = "f.tif"\n'
    found = []
    for number, (value, units) in enumerate(
        [
            (0.0015, "minutes_per_metre"),
            (1.5, "minutes_per_km"),
            (40.0, "kmh"),
            (0.09, "seconds_per_metre"),
        ]
    ):
        path = road_task(tmp_path / str(number), f'{section}units = "{units}"')
        write_tif(path.parent / "f.tif", value)
        task = read_task(path)
        assert task.travel.method == "friction"
        found.append(minutes(task.travel, "360901100", "B1"))
    assert found == pytest.approx([found[0]] * 4, rel=1e-5)
    # Ten cells of 1.108 km to the south at 1.5 minutes a kilometre.
    assert found[0] == pytest.approx(KM_NORTH * 1.5, rel=1e-2)


@pytest.mark.parametrize("method", ["network", "friction"])
def test_kept_journeys_are_the_same_and_the_note_says_so(tmp_path, method):
    file = "roads.geojson" if method == "network" else "f.tif"
    path = road_task(tmp_path / "t", f'method = "{method}"\nfile = "{file}"')
    (path.parent / "roads.geojson").write_bytes(good_roads(**{"class": "村路"}))
    write_tif(path.parent / "f.tif")
    first, second = read_task(path), read_task(path)
    assert first.travel.pairs.equals(second.travel.pairs)
    codes = [[f.code for f in task.findings] for task in (first, second)]
    assert "cache-used" not in codes[0]
    assert sorted(codes[1]) == sorted([*codes[0], "cache-used"])
    (entry,) = cache_folder().glob("*.npz")
    entry.write_bytes(b"noise")
    third = read_task(path)
    assert "cache-damaged" in {f.code for f in third.findings}
    assert third.travel.pairs.equals(first.travel.pairs)
    assert "cache-used" in {f.code for f in read_task(path).findings}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("file =", "snap_m = 900\nfile ="),
        ("file =", "max_minutes = 59\nfile ="),
        ("file =", 'mode = "walk"\nfile ='),
        ("file =", 'speeds = { "国道" = 71 }\nfile ='),
    ],
)
def test_a_changed_setting_is_computed_anew(tmp_path, old, new):
    path = road_task(tmp_path / "t", ROADS, roads__geojson=good_roads())
    read_task(path)
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    assert "cache-used" not in {f.code for f in read_task(path).findings}


def test_changed_roads_and_changed_places_are_computed_anew(tmp_path):
    path = road_task(tmp_path / "t", ROADS, roads__geojson=good_roads())
    read_task(path)
    (path.parent / "roads.geojson").write_bytes(good_roads(maxspeed="50"))
    assert "cache-used" not in {f.code for f in read_task(path).findings}
    sites = path.parent / "sites.csv"
    sites.write_text(sites.read_text("utf-8").replace("115.901", "115.902"), "utf-8")
    assert "cache-used" not in {f.code for f in read_task(path).findings}
    assert "cache-used" in {f.code for f in read_task(path).findings}


def test_nothing_is_kept_where_the_brief_says_so_or_lines_are_straight(tmp_path):
    task_of(tmp_path / "a", f"{ROADS}\ncache = false", good_roads())
    task_of(tmp_path / "b", "")
    assert list(cache_folder().iterdir()) == []


def test_the_files_of_travel_are_among_the_inputs_of_the_run(tmp_path):
    from allocator.load import inputs  # noqa: PLC0415

    own = '[travel.services.emergency_station]\nmethod = "friction"\nfile = "f.tif"'
    path = road_task(tmp_path / "t", f"{ROADS}\n{own}", roads__geojson=good_roads())
    write_tif(path.parent / "f.tif")
    task = read_task(path)
    names = {p.name for p in inputs(task.brief)}
    assert {"roads.geojson", "f.tif"} <= names
    assert task.travel.of("emergency_station").method == "friction"

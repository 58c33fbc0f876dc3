"""The bundled sample areas are what their README says they are."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import Point, shape

from allocator.load import read_area, read_brief
from allocator.pipeline import make_plan, read_task
from allocator.resources import packs_folder, sample_names, samples_folder

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

type Features = dict[str, dict[str, Any]]
type Rows = list[dict[str, str]]

NANCHANG = samples_folder() / "nanchang"
XINJIAN = samples_folder() / "xinjian"
JIANGGAN = samples_folder() / "jianggan"
PEOPLE = {"jianggan": 700_000, "nanchang": 6_255_007, "xinjian": 810_614}
MADE = ("zones.geojson", "counties.geojson", "sites.csv", "costs.csv")
TO_METRES = Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)
TEXT_FILES = (".csv", ".geojson", ".md", ".py", ".toml")
ASSUMED = "假设(样例)"
NAMED = "名称据洪府办发〔2024〕19号,位置为示意"


def features(path: Path) -> list[dict[str, Any]]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = content["features"]
    return found


def rows(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def in_metres(feature: dict[str, Any]) -> BaseGeometry:
    def project(degrees: np.ndarray) -> np.ndarray:
        return np.column_stack(TO_METRES.transform(degrees[:, 0], degrees[:, 1]))

    return shapely.transform(shape(feature["geometry"]), project)


@pytest.fixture(scope="module")
def zones() -> Features:
    found = features(NANCHANG / "zones.geojson")
    return {zone["properties"]["zone_id"]: zone for zone in found}


@pytest.fixture(scope="module")
def sites() -> Rows:
    return rows(NANCHANG / "sites.csv")


@pytest.fixture(scope="module")
def source_zones() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in rows(NANCHANG / "source" / "townships.csv")}


def test_samples_are_bundled() -> None:
    assert set(PEOPLE) <= set(sample_names())


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_making_a_sample_again_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    wanted = [NANCHANG] if name != "jianggan" else []  # the district is cut from it
    for folder in {*wanted, samples_folder() / name}:
        shutil.copytree(folder, tmp_path / folder.name)
    for made in MADE:
        (tmp_path / name / made).unlink()
    done = subprocess.run(
        [sys.executable, "-W", "error", str(tmp_path / name / "make.py")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    for made in MADE:
        again = (tmp_path / name / made).read_bytes()
        assert again == (samples_folder() / name / made).read_bytes(), made


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_sample_is_read_and_says_that_it_is_one(name: str) -> None:
    task = read_task(samples_folder() / name / "brief.toml")
    assert [f for f in task.findings if f.severity.value == "error"] == []
    assert task.area.people == PEOPLE[name]
    assert task.area.zones["population"].sum() == PEOPLE[name]
    notes = task.brief.notes
    assert len(notes) >= 5
    assert notes[0].zh.startswith("样例:")
    assert notes[0].en.startswith("Sample:")
    assert "样例" in task.brief.name
    assert all(note.zh != note.en for note in notes)
    services = set(task.policy.services)
    assert task.area.costs is not None
    assert services <= set(task.area.costs["service"])


def test_people_add_up_to_the_census(zones: Features) -> None:
    people: dict[str, int] = {}
    for zone in zones.values():
        county_id = zone["properties"]["county_id"]
        people[county_id] = people.get(county_id, 0) + zone["properties"]["population"]
    census = {
        row["code"]: round(float(row["population_2020_census"]))
        for row in rows(NANCHANG / "source" / "counties.csv")
    }
    assert people == census
    assert sum(people.values()) == 6_255_007
    assert len(zones) == 139


def test_known_seats_keep_their_coordinates(
    zones: Features, source_zones: dict[str, dict[str, str]]
) -> None:
    known = {code: row for code, row in source_zones.items() if row["lon"]}
    assert len(known) == 65
    for code, row in known.items():
        properties = zones[code]["properties"]
        expected = (float(row["lon"]), float(row["lat"]))
        assert (properties["lon"], properties["lat"]) == expected, code


def test_every_zone_says_what_it_rests_on(
    zones: Features, source_zones: dict[str, dict[str, str]]
) -> None:
    for code, zone in zones.items():
        properties = zone["properties"]
        assert properties["population_basis"] == "estimated"
        assert properties["boundary_basis"] == "voronoi"
        schematic = properties["location_basis"] == "schematic"
        assert schematic == (not source_zones[code]["lon"]), code


def test_zones_tile_their_counties(zones: Features) -> None:
    for county in features(NANCHANG / "counties.geojson"):
        county_id = county["properties"]["county_id"]
        outline = in_metres(county)
        cells = [
            in_metres(zone)
            for zone in zones.values()
            if zone["properties"]["county_id"] == county_id
        ]
        together = shapely.union_all(cells)
        off = together.symmetric_difference(outline).area / outline.area
        overlap = sum(cell.area for cell in cells) / together.area - 1
        assert off < 0.001, county_id
        assert overlap < 0.001, county_id


def test_every_zone_is_one_valid_polygon_around_its_seat(zones: Features) -> None:
    for code, zone in zones.items():
        cell = shape(zone["geometry"])
        assert cell.geom_type == "Polygon", code
        assert cell.is_valid, code
        properties = zone["properties"]
        assert cell.contains(Point(properties["lon"], properties["lat"])), code


def test_every_site_lies_in_its_zone(zones: Features, sites: Rows) -> None:
    for site in sites:
        cell = shape(zones[site["zone_id"]]["geometry"])
        assert cell.contains(Point(float(site["lon"]), float(site["lat"]))), site


def test_streets_have_centres_or_candidates(zones: Features, sites: Rows) -> None:
    for code, zone in zones.items():
        if zone["properties"]["kind"] != "街道":
            continue
        here = [s for s in sites if s["zone_id"] == code and s["class"] == "B100"]
        candidates = sum(s["status"] == "candidate" for s in here)
        wanted = 2 if zone["properties"]["population"] > 50_000 else 0
        if candidates == len(here):
            wanted = max(wanted, 1)
        assert candidates >= wanted, code


def test_every_township_has_a_health_centre_or_a_candidate(
    zones: Features, sites: Rows
) -> None:
    without = set()
    for code, zone in zones.items():
        if zone["properties"]["kind"] not in ("镇", "乡"):
            continue
        here = [s for s in sites if s["zone_id"] == code and s["class"][:2] == "C2"]
        assert here, code
        if not any(s["status"] == "existing" and s["branch"] == "false" for s in here):
            without.add(code)
            assert any(s["status"] == "candidate" for s in here), code
    assert len(without) == 6


def test_everything_assumed_is_labelled(sites: Rows) -> None:
    for site in sites:
        if site["basis"] == NAMED:
            assert "样例" not in site["name"]
        else:
            assert site["basis"] == ASSUMED
            assert "(样例)" in site["name"], site
    for cost in rows(NANCHANG / "costs.csv"):
        assert "costs_published.csv" in cost["source"] or ASSUMED in cost["source"]


def test_band_of_the_text_can_be_met_by_the_centres_of_today(
    zones: Features, sites: Rows
) -> None:
    people: dict[str, int] = {}
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    for zone in zones.values():
        properties = zone["properties"]
        if properties["kind"] == "街道":
            county_id = properties["county_id"]
            people[county_id] = people.get(county_id, 0) + properties["population"]
    for site in sites:
        if site["class"] == "B100":
            zone = zones[site["zone_id"]]["properties"]
            county_id = zone["county_id"]
            most[county_id] = most.get(county_id, 0) + 100_000
            if site["status"] == "existing" and zone["population"] >= 30_000:
                least[county_id] = least.get(county_id, 0) + 30_000
    for county_id, count in people.items():
        assert least[county_id] <= count <= most[county_id]


def test_nanchang_is_read_without_errors_or_warnings() -> None:
    brief, findings = read_brief(NANCHANG / "brief.toml")
    assert findings == []
    assert brief is not None
    area, findings = read_area(brief)
    assert [f for f in findings if f.severity.value != "note"] == []
    assert area is not None
    assert area.people == 6_255_007
    assert len(area.notes) == 5


@pytest.mark.parametrize(
    ("folder", "resource", "per", "share"),
    [
        (NANCHANG, "gps", 10_000, 3.2),
        (NANCHANG, "ambulances", 30_000, 1),
        (XINJIAN, "ambulances", 30_000, 1),
    ],
)
def test_staff_and_ambulances_of_today_fall_short_and_are_priced(
    folder: Path, resource: str, per: int, share: float
) -> None:
    sites = rows(folder / "sites.csv")
    today = sum(int(site[resource] or 0) for site in sites)
    assert 0 < today < share * PEOPLE[folder.name] / per
    for site in sites:
        if site["ambulances"]:
            assert "emergency_station" in site["services"].split(";"), site
    prices = [c for c in rows(folder / "costs.csv") if c["resource"] == resource]
    assert [cost["action"] for cost in prices] == ["add"]
    brief, _ = read_brief(folder / "brief.toml")
    assert brief is not None
    # Else staff that costs nothing to build would be hired without end.
    assert "yearly_wan" in (brief.objective.order or ())


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_no_file_holds_a_path_of_the_machine_it_was_made_on(name: str) -> None:
    for path in (samples_folder() / name).rglob("*"):
        if path.is_file() and path.suffix in TEXT_FILES:
            text = path.read_text(encoding="utf-8")
            assert "/home/" not in text, path.name
            assert "/tmp/" not in text, path.name  # noqa: S108 (looked for, not used)
            assert "/work/" not in text, path.name


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_layers_stay_small(name: str) -> None:
    assert (samples_folder() / name / "zones.geojson").stat().st_size < 400_000


NEW = pytest.mark.parametrize(
    ("folder", "document"),
    [(XINJIAN, "名称据新建区2023年"), (JIANGGAN, "名称据江干区城市医共体")],
    ids=["xinjian", "jianggan"],
)


@NEW
def test_sites_of_a_new_sample_are_labelled(folder: Path, document: str) -> None:
    named = 0
    for site in rows(folder / "sites.csv"):
        if site["basis"].startswith(document):
            named += 1
            assert "样例" not in site["name"]
            assert "假设" in site["basis"]
        elif "洪府办发" not in site["basis"]:
            assert site["basis"] == ASSUMED
            assert "(样例)" in site["name"], site
    assert named > 0
    for cost in rows(folder / "costs.csv"):
        assert "costs_published.csv" in cost["source"] or ASSUMED in cost["source"]


@NEW
def test_sites_of_a_new_sample_lie_in_their_zones(folder: Path, document: str) -> None:
    assert document
    cells = {
        zone["properties"]["zone_id"]: shape(zone["geometry"])
        for zone in features(folder / "zones.geojson")
    }
    for site in rows(folder / "sites.csv"):
        place = Point(float(site["lon"]), float(site["lat"]))
        assert cells[site["zone_id"]].contains(place), site


def test_xinjian_is_the_district_of_the_nanchang_sample(zones: Features) -> None:
    found = features(XINJIAN / "zones.geojson")
    assert len(found) == 34
    for zone in found:
        assert zone == zones[zone["properties"]["zone_id"]]


def test_xinjian_has_what_its_text_names() -> None:
    sites = {site["name"]: site for site in rows(XINJIAN / "sites.csv")}
    for name in ("望城镇卫生院", "南昌市第二妇保院", "新建区专科医院(石岗)"):
        assert "位置和其余各项为假设" in sites[name]["basis"]
    assert "tcm_hall" not in sites["望城镇卫生院"]["services"]
    clinics = [site for site in sites.values() if site["class"] == "D600"]
    committees = [
        int(row["n_village_committees"])
        for row in rows(NANCHANG / "source" / "townships.csv")
        if row["county_code"] == "360112" and row["unit_kind"] in ("镇", "乡")
    ]
    assert len(clinics) == sum(committees)
    for site in sites.values():
        if site["class"] == "P" and site["public"] == "false":
            assert site["locked"] == "out", site


def test_clauses_of_the_city_are_quoted_as_its_pack_quotes_them() -> None:
    def clauses(path: Path) -> dict[str, tuple[str, str]]:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return {r["id"]: (r["clause"], r["quote"]) for r in content["rule"]}

    whole = clauses(packs_folder() / "nanchang-2024.toml")
    own = clauses(XINJIAN / "city-clauses.toml")
    assert own.items() <= whole.items()


def test_jianggan_is_a_sketch_and_says_so() -> None:
    (district,) = features(JIANGGAN / "counties.geojson")
    assert "2021年撤销" in district["properties"]["unit_basis"]
    for zone in features(JIANGGAN / "zones.geojson"):
        properties = zone["properties"]
        assert properties["population_basis"] == ASSUMED
        assert properties["population"] % 10_000 == 0
        assert properties["location_basis"] == "schematic"
        assert properties["boundary_basis"] == "schematic voronoi"


def test_jianggan_has_more_public_places_than_health_houses_asked_for() -> None:
    places = [s for s in rows(JIANGGAN / "sites.csv") if s["class"] == "P"]
    assert len(places) == 182
    assert {place["status"] for place in places} == {"candidate"}


@pytest.mark.slow
def test_xinjian_is_solved_to_the_proven_best() -> None:
    outcome = make_plan(read_task(XINJIAN / "brief.toml"))  # refused if unsound
    assert outcome.certificate["status"] == "optimal"
    assert (outcome.plan.placements["service"] == "county_subcenter").sum() in (1, 2)
    added = outcome.plan.allocations.groupby("resource")["amount"].sum()
    assert set(added.index) == {
        "ambulances",
        "nursery_places",
        "tcm_physicians",
        "tcm_village_staff",
    }
    assert added["ambulances"] == 12  # 28 for 810,614 people, 16 stand today
    today = sum(
        int(site["nursery_places"] or 0) for site in rows(XINJIAN / "sites.csv")
    )
    assert today + added["nursery_places"] >= 3.58 * 810.614


@pytest.mark.slow
def test_jianggan_is_solved_to_the_proven_best() -> None:
    outcome = make_plan(read_task(JIANGGAN / "brief.toml"))
    assert outcome.certificate["status"] == "optimal"
    held = outcome.plan.placements["service"]
    assert (held == "future_health_house").sum() == 100
    (circle,) = [row for row in outcome.audit if row.rule_id == "S3-13"]
    assert circle.verdict.value == "tracked"
    assert "%" in circle.found.zh

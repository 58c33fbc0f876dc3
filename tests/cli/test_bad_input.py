"""Bad input is normal: each fault is a finding with a place, a remedy and an exit code.

Every case is the small task with one thing wrong. The finding must name the table or
the key, and nothing may be written.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task

NOBODY = "\nB9,山中站,110.000,20.000,candidate,,B100\n"

# name: (change of a file, exit code, code of the finding, words that must be shown)
CASES: dict[str, tuple[dict[str, tuple[str, str]], int, str, tuple[str, ...]]] = {
    "column missing": (
        {"zones": (",population,", ",pop,")},
        3,
        "column-missing",
        ("zones.csv", "population"),
    ),
    "column misspelt": (
        {"zones": (",population,", ",populaton,")},
        3,
        "column-missing",
        ("populaton",),
    ),
    "class unknown": (
        {"sites": ("360902200,C220", "360902200,C22O")},
        3,
        "class-unknown",
        ("sites.csv", "A3", "C220"),
    ),
    "service of the register unknown": (
        {
            "sites": (
                "zone_id,class\nA1,北镇中心卫生院,115.900,28.801,existing,360901100,C210",
                "zone_id,class,services\n"
                "A1,北镇中心卫生院,115.900,28.801,existing,360901100,C210,"
                "emergency_staton",
            )
        },
        4,
        "service-unknown",
        ("emergency_staton", "emergency_station"),
    ),
    "service of the pack unknown": (
        {"small": ('service = "emergency_station"', 'service = "emergency_stn"')},
        4,
        "service-unknown",
        ("R2", "emergency_station"),
    ),
    "people negative": (
        {"zones": ("镇,20000,", "镇,-20000,")},
        3,
        "",
        ("zones.csv", "360901100", "-20000"),
    ),
    "people missing": (
        {"zones": ("镇,20000,", "镇,,")},
        3,
        "",
        ("zones.csv", "360901100"),
    ),
    "id repeated": (
        {"sites": ("A2,南镇", "A1,南镇")},
        3,
        "",
        ("sites.csv", "A1"),
    ),
    "site in no zone": (
        {"sites": ("\nB1,", NOBODY + "B1,")},
        3,
        "",
        ("B9",),
    ),
    "county unknown": (
        {"zones": ("360902200,西乡,360902", "360902200,西乡,360909")},
        3,
        "county-unknown",
        ("360909",),
    ),
    "coordinate system unknown": (
        {"brief": ('crs = "EPSG:4490"', 'crs = "EPSG:99999"')},
        3,
        "crs-unknown",
        ("99999",),
    ),
    "brief key misspelt": (
        {"brief": ("capital_wan = 5000", "captial_wan = 5000")},
        3,
        "key-unknown",
        ("captial_wan", "capital_wan"),
    ),
    "brief section misspelt": (
        {"brief": ("[budget]", "[buget]")},
        3,
        "key-unknown",
        ("buget", "budget"),
    ),
    "budget zero": (
        {"brief": ("capital_wan = 5000", "capital_wan = 0")},
        3,
        "budget-not-positive",
        ("capital_wan",),
    ),
    "clause without quotation": (
        {"small": ('quote = "在中心乡镇卫生院设立急救站"\n', "")},
        4,
        "pack-key-missing",
        ("R2", "quote"),
    ),
    "share above one": (
        {"small": ("share = 1.0", "share = 1.2")},
        4,
        "pack-key-invalid",
        ("R2", "share"),
    ),
    "pack unknown": (
        {"brief": ('packs = ["small.toml"]', 'packs = ["nanchang-2042"]')},
        4,
        "pack-unknown",
        ("nanchang-2024",),
    ),
    "file missing": (
        {"brief": ('zones = "zones.csv"', 'zones = "zonen.csv"')},
        3,
        "file-missing",
        ("zonen.csv",),
    ),
    "cost missing": (
        {"costs": ("emergency_station,upgrade,130,60\n", "")},
        3,
        "cost-missing",
        ("emergency_station",),
    ),
    "cost missing for a candidate": (
        {
            "costs": (
                "community_health_center,build,2000,300",
                "community_health_center,upgrade,2000,300",
            )
        },
        3,
        "cost-missing",
        ("community_health_center", "build", "B1"),
    ),
    "unit without candidates": (
        {
            "small": (
                'scope = { zone_kind = ["街道"] }\nlo = 1',
                "lo = 1",
            )
        },
        5,
        "infeasible-rule",
        ("R1", "北镇", "缺 1 所"),
    ),
    "budget too small": (
        {"brief": ("capital_wan = 5000", "capital_wan = 100")},
        5,
        "infeasible-budget",
        ("2,160",),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_a_finding_with_an_exit_code(name, tmp_path: Path, capsys):
    changes, code, finding_code, words = CASES[name]
    brief = write_task(tmp_path / "task", **changes)
    assert run(["plan", str(brief), "-o", str(tmp_path / "run"), "--json"]) == code
    out, err = capsys.readouterr()
    findings = json.loads(out)["findings"]
    errors = [f for f in findings if f["severity"] == "error"]
    if finding_code:
        assert finding_code in {f["code"] for f in errors}
    for word in words:
        assert word in err
    assert "Traceback" not in err
    assert not (tmp_path / "run").exists()


def test_a_demand_point_in_no_zone_is_refused(tmp_path: Path, capsys):
    polygon = (
        '{"type":"Feature","properties":{"zone_id":"%s","name":"%s",'
        '"county_id":"360901","kind":"%s","population":1000},'
        '"geometry":{"type":"Polygon","coordinates":[[[%s,28.6],[%s,28.6],'
        "[%s,28.9],[%s,28.9],[%s,28.6]]]}}"
    )
    west = ("115.8", "116.0", "116.0", "115.8", "115.8")
    east = ("116.0", "116.2", "116.2", "116.0", "116.0")
    features = [
        polygon % ("360901001", "东街道", "街道", *west),
        polygon % ("360901100", "北镇", "镇", *east),
    ]
    brief = write_task(
        tmp_path / "task",
        brief=(
            'zones = "zones.csv"\ncounties = "counties.csv"',
            'zones = "zones.geojson"',
        ),
        sites=(
            "A2,南镇中心卫生院,116.101,28.500,existing,360902100,C210\n"
            "A3,西乡卫生院,116.001,28.500,existing,360902200,C220\n",
            "",
        ),
    )
    text = brief.read_text("utf-8").replace(
        'source = "zones"', 'source = "points"\nfile = "points.csv"'
    )
    brief.write_text(text, "utf-8")
    layer = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    (brief.parent / "zones.geojson").write_text(layer, "utf-8")
    (brief.parent / "points.csv").write_text(
        "demand_id,people,lon,lat\nP1,900,115.9,28.7\nP2,700,110.0,20.0\n", "utf-8"
    )
    assert run(["check", str(brief), "--json"]) == 3
    out, err = capsys.readouterr()
    codes = {f["code"] for f in json.loads(out)["findings"]}
    assert "demand-in-no-zone" in codes
    assert "P2" in err


def test_a_site_outside_its_county_is_refused(tmp_path: Path, capsys):
    box = (
        '{"type":"Feature","properties":{"county_id":"%s","name":"%s","kind":"%s"},'
        '"geometry":{"type":"Polygon","coordinates":[[[115.5,%s],[116.5,%s],'
        "[116.5,%s],[115.5,%s],[115.5,%s]]]}}"
    )
    layer = ",".join(
        [
            box % ("360901", "甲区", "区", "28.6", "28.6", "29.0", "29.0", "28.6"),
            box % ("360902", "乙县", "县", "28.2", "28.2", "28.6", "28.6", "28.2"),
        ]
    )
    brief = write_task(
        tmp_path / "task",
        brief=('counties = "counties.csv"', 'counties = "counties.geojson"'),
        sites=("A3,西乡卫生院,116.001,28.500", "A3,西乡卫生院,116.001,28.900"),
    )
    (brief.parent / "counties.geojson").write_text(
        '{"type":"FeatureCollection","features":[' + layer + "]}", "utf-8"
    )
    assert run(["check", str(brief), "--json"]) == 3
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert "site-outside-county" in {f["code"] for f in findings}


def test_every_fault_of_every_file_is_shown_at_once(tmp_path: Path, capsys):
    brief = write_task(
        tmp_path / "task",
        zones=("镇,20000,", "镇,-20000,"),
        sites=("360902200,C220", "360902200,C22O"),
        costs=("build,2000", "build,-2000"),
        small=("share = 1.0", "share = 1.2"),
    )
    assert run(["check", str(brief)]) == 3
    err = capsys.readouterr().err
    for word in ("-20000", "C22O", "-2000", "1.2"):
        assert word in err


@pytest.mark.parametrize("junk", [b"", b"\x00\xff\xfe\x01" * 50, b"PK\x03\x04broken"])
@pytest.mark.parametrize("name", ["zones.csv", "sites.csv", "brief.toml", "small.toml"])
def test_junk_in_any_file_is_no_traceback(tmp_path: Path, capsys, name, junk):
    brief = write_task(tmp_path / "task")
    (brief.parent / name).write_bytes(junk)
    assert run(["check", str(brief)]) in {3, 4}
    assert capsys.readouterr().err

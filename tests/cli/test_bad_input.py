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


# A pack with one thing wrong: (change of small.toml, code, row, column, words of the
# finding in Chinese, its remedy among them).
R1, R2, STATION = "R1", "R2", "emergency_station"
HOSTS = 'hosts = { class = ["C210"] }'
OF = 'of = { class = ["C210"] }'
BAD_PACKS: dict[str, tuple[tuple[str, str], str, str, str, tuple[str, ...]]] = {
    "unknown key": (
        ("share = 1.0", "share = 1.0\nsharee = 1"),
        "pack-key-unknown",
        R2,
        "sharee",
        ("是否应为 share?",),
    ),
    "unknown key of a service": (
        (HOSTS, 'host = { class = ["C210"] }'),
        "pack-key-unknown",
        STATION,
        "host",
        ("是否应为 hosts?",),
    ),
    "unknown key of a class": (
        (OF, 'of = { clas = ["C210"] }'),
        "pack-key-unknown",
        R2,
        "of.clas",
        ("是否应为 class?",),
    ),
    "share above one": (
        ("share = 1.0", "share = 1.2"),
        "pack-key-invalid",
        R2,
        "share",
        ("应不大于 1", "90% 写 0.9"),
    ),
    "share of an early year above one": (
        ("share = 1.0", "share = { 2020 = 1.5, 2025 = 1.0 }"),
        "pack-key-invalid",
        "R2 2020",
        "share",
        ("应不大于 1", "1.5"),
    ),
    "share by year in words": (
        ("share = 1.0", 'share = { 2020 = "half", 2025 = 1.0 }'),
        "pack-key-invalid",
        R2,
        "share",
        ("{2023 = 0.7, 2025 = 0.9}",),
    ),
    "share by something that is no year": (
        ("share = 1.0", "share = { 20 = 0.5, 2025 = 1.0 }"),
        "pack-key-invalid",
        R2,
        "share",
        ("{2023 = 0.7, 2025 = 0.9}",),
    ),
    "lo above hi": (
        ('unit = "zone"', 'unit = "zone"\nhi = 0'),
        "pack-key-invalid",
        R1,
        "",
        ("lo=1 大于 hi=0", "lo 是下限"),
    ),
    "lo above hi in an early year": (
        ('unit = "zone"', 'unit = "zone"\nhi = { 2022 = 0, 2025 = 3 }'),
        "pack-key-invalid",
        "R1 2022",
        "",
        ("lo=1 大于 hi=0",),
    ),
    "class that is no code": (
        (OF, 'of = { class = ["C21O"] }'),
        "pack-key-invalid",
        R2,
        "of.class",
        ("C21O", "是否应为 C210 中心卫生院?"),
    ),
    "requires in a circle": (
        (HOSTS, HOSTS + '\nrequires = ["emergency_station"]'),
        "service-requires-circle",
        STATION,
        "requires",
        ("emergency_station → emergency_station", "去掉它的 requires"),
    ),
    "hosts in a circle": (
        (HOSTS, 'hosts = { class = ["C210"], service = ["emergency_station"] }'),
        "service-hosts-circle",
        STATION,
        "hosts",
        ("emergency_station → emergency_station", "只写机构类别"),
    ),
    "not a kind": (
        ('"share_of_class"', '"not_a_kind"'),
        "rule-kind-unknown",
        R2,
        "kind",
        ("not_a_kind", "count_in_unit"),
    ),
    "rule id twice": (
        ('id = "R2"', 'id = "R1"'),
        "id-repeated",
        R1,
        "id",
        ("编号重复", "各用各的编号"),
    ),
    "service id twice": (
        ('id = "emergency_station"', 'id = "community_health_center"'),
        "id-repeated",
        "community_health_center",
        "id",
        ("编号重复", "各用各的编号"),
    ),
    "due in words": (
        ("due = 2025", 'due = "soon"'),
        "pack-key-invalid",
        R2,
        "due",
        ("应为年份", "如 2025"),
    ),
    "due in two figures": (
        ("due = 2025", "due = 25"),
        "pack-key-invalid",
        R2,
        "due",
        ("应为年份", "如 2025"),
    ),
    "table written as text": (
        (OF, 'of = "C210"'),
        "pack-key-invalid",
        R2,
        "of",
        ("应为表",),
    ),
    "assigned within a site": (
        (HOSTS, HOSTS + '\nassign_within = "site"'),
        "pack-key-invalid",
        STATION,
        "",
        ("zone、county 或 area",),
    ),
    "objective misspelt": (
        ('title = "小县办法"', 'title = "小县办法"\nobjective = ["uncoverd_people"]'),
        "pack-key-invalid",
        "pack",
        "objective",
        ("是否应为 uncovered_people?",),
    ),
    "reading of another unit": (
        (
            "share = 1.0",
            'share = 1.0\nany_of = [{ kind = "count_in_unit", lo = 1, unit = "zone" }]',
        ),
        "reading-differs",
        "R2 any_of",
        "unit",
        ("从读法中删去",),
    ),
    "reading inside a reading": (
        (
            "share = 1.0",
            'share = 1.0\nany_of = [{ kind = "count_in_unit", lo = 1, any_of = [] }]',
        ),
        "reading-nested",
        "R2 any_of",
        "",
        ("全部写在条款的 any_of 下",),
    ),
}


@pytest.mark.parametrize("name", BAD_PACKS)
def test_bad_pack_is_refused_with_file_row_and_remedy(name, tmp_path: Path, capsys):
    change, code, row, column, words = BAD_PACKS[name]
    brief = write_task(tmp_path, small=change)
    assert run(["check", str(brief), "--json"]) == 4
    out, err = capsys.readouterr()
    (finding,) = [f for f in json.loads(out)["findings"] if f["code"] == code]
    assert (finding["table"], finding["severity"]) == ("small.toml", "error")
    assert (finding["keys"], finding["column"]) == ([row], column)
    assert finding["remedy"]
    for word in words:
        assert word in err
    assert "Input should" not in err


TOML_FAULTS = {
    "two equals signs": (("share = 1.0", "share = = 1.0"), 35, "等号后面不是有效的值"),
    "key twice": (("share = 1.0", "share = 1.0\nshare = 0.9"), 36, "同一个键写了两次"),
    "key twice in a table": (
        (OF, 'of = { class = ["C210"], class = ["C220"] }'),
        34,
        "同一个键写了两次",
    ),
    "quote missing": (('quote = "每个街道', "quote = 每个街道"), 21, "等号后面不是"),
    "closing quote missing": (('"小县办法"', '"小县办法'), 4, "没有结束的引号"),
    "bracket missing": (('[[rule]]\nid = "R1"', '[[rule]\nid = "R1"'), 18, "方括号"),
    "list not closed": (("due = 2025", "due = [2025"), 38, "列表 [ 没有结束"),
    "section twice": (("[[service]]", "[pack]\n[[service]]"), 6, "同一个部分写了两次"),
    "equals sign missing": (("share = 1.0", "share 1.0"), 35, "键后面缺等号"),
    "two on a line": (("share = 1.0", "share = 1.0 due = 2"), 35, "值后面有多余的内容"),
    "backslash": (('"小县办法"', '"小县\\办法"'), 4, "反斜杠"),
    "no TOML at all": (('[pack]\nid = "small"', "?"), 2, "不是 TOML"),
}


@pytest.mark.parametrize("name", TOML_FAULTS)
def test_fault_of_toml_is_told_in_chinese_with_its_line(name, tmp_path: Path, capsys):
    change, line, words = TOML_FAULTS[name]
    brief = write_task(tmp_path, small=change)
    assert run(["check", str(brief)]) == 4
    err = capsys.readouterr().err
    assert f"small.toml: 第 {line} 行: " in err
    assert words in err
    english = {"Invalid", "Expected", "Cannot", "Unclosed", "Illegal", "line", "column"}
    assert not {word for word in english if word in err}


def test_fault_of_toml_is_told_in_english_where_asked(tmp_path: Path, capsys):
    brief = write_task(tmp_path, small=("share = 1.0", "share = = 1.0"))
    assert run(["check", str(brief), "--lang", "en"]) == 4
    err = capsys.readouterr().err
    assert "small.toml: line 35: no valid value after the equals sign" in err


def test_class_and_host_that_nobody_is_are_refused_with_a_remedy(tmp_path, capsys):
    """In a pack of the planner's own a clause would vanish by a slip of the pen."""
    brief = write_task(
        tmp_path, small=(f"{OF}\nshare = 1.0", 'of = { class = ["A300"] }\nshare = 1.0')
    )
    small = brief.parent / "small.toml"
    text = small.read_text("utf-8").replace(HOSTS, 'hosts = { class = ["A500"] }')
    small.write_text(text, "utf-8")
    assert run(["check", str(brief), "--json"]) == 4
    findings = json.loads(capsys.readouterr().out)["findings"]
    found = {f["code"]: f for f in findings if f["severity"] == "error"}
    assert set(found) >= {"class-absent", "service-without-host"}
    for code, row in (("class-absent", R2), ("service-without-host", STATION)):
        assert found[code]["table"] == "small.toml"
        assert found[code]["keys"] == [row]
        assert found[code]["remedy"]


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

from __future__ import annotations

import pytest

from allocator.errors import Severity
from allocator.load import inputs, read_brief
from tests.load.small_area import BRIEF, brief_of, brief_with, codes, only


def write(folder, text):
    path = folder / "brief.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_those_of_the_contract(tmp_path):
    brief = brief_of(write(tmp_path, BRIEF))
    assert (brief.name, brief.language, brief.map_approval) == ("试验", "zh", None)
    assert (brief.demand.source, brief.demand.cell_m, brief.demand.split) == (
        "zones",
        1000,
        True,
    )
    assert (brief.travel.method, brief.travel.speed_kmh, brief.travel.detour) == (
        "straight_line",
        40,
        1.4,
    )
    assert brief.travel.max_minutes == 60
    assert (brief.solver.time_limit_s, brief.solver.gap, brief.solver.threads) == (
        300,
        1e-4,
        None,
    )
    assert brief.objective.order is None
    assert brief.policy.closing == ()
    assert (brief.budget.capital_wan, brief.budget.yearly_wan) == (None, None)
    assert brief.phases == ()
    assert brief.resolve(brief.area.zones) == tmp_path / "zones.geojson"


def test_a_table_has_no_cut_off_unless_given(tmp_path):
    text = brief_with('[travel]\nmethod = "table"\nfile = "t.csv"')
    brief = brief_of(write(tmp_path, text))
    assert brief.travel.max_minutes is None
    assert tmp_path / "t.csv" in inputs(brief)


def test_the_phases_keep_their_own_budgets(tmp_path):
    text = brief_with(
        "[budget]\ncapital_wan = 60000\nyearly_wan = 9\n"
        "[[phase]]\nyear = 2023\n[[phase]]\nyear = 2025\ncapital_wan = 30000"
    )
    brief = brief_of(write(tmp_path, text))
    assert (brief.budget.capital_wan, brief.budget.yearly_wan) == (60000, 9)
    assert [(p.year, p.capital_wan) for p in brief.phases] == [
        (2023, None),
        (2025, 30000),
    ]


def test_notes_fall_back_on_chinese(tmp_path):
    text = BRIEF.replace("[area]", 'notes = ["一", "二"]\nnotes_en = ["one"]\n[area]')
    brief = brief_of(write(tmp_path, text))
    assert [(note.zh, note.en) for note in brief.notes] == [("一", "one"), ("二", "二")]


@pytest.mark.parametrize(
    ("text", "column", "offered"),
    [
        (BRIEF.replace("sites =", "site ="), "area.site", "sites"),
        (brief_with("[solver]\ntime_limit = 3"), "solver.time_limit", "time_limit_s"),
        (brief_with("[phases]\nyear = 3"), "phases", "phase"),
        (
            brief_with("[[phase]]\nyear = 2025\ncapitalwan = 1"),
            "phase.capitalwan",
            "wan",
        ),
        (brief_with('[objective]\norder = ["uncovered"]'), "objective.order", "people"),
        (brief_with('[demand]\nsource = "point"'), "demand.source", "points"),
    ],
)
def test_an_unknown_word_offers_the_nearest(tmp_path, text, column, offered):
    brief, findings = read_brief(write(tmp_path, text))
    assert brief is None
    finding = next(f for f in findings if f.column == column)
    assert finding.remedy is not None
    assert offered in finding.remedy.en


def test_missing_area_keys_are_each_named(tmp_path):
    brief, findings = read_brief(write(tmp_path, '[brief]\nname = "x"\n'))
    assert brief is None
    assert {f.column for f in findings} == {"area.zones", "area.sites", "policy.packs"}
    assert codes(findings) == {"key-missing"}


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("[budget]\ncapital_wan = 0", "budget-not-positive", "budget.capital_wan"),
        ("[budget]\nyearly_wan = -5", "budget-not-positive", "budget.yearly_wan"),
        ("[budget]\ncapital_wan = nan", "key-invalid", "budget.capital_wan"),
        ("[budget]\ncapital_wan = inf", "key-invalid", "budget.capital_wan"),
        ('[budget]\ncapital_wan = "6"', "key-invalid", "budget.capital_wan"),
        ("[[phase]]\nyear = 2025\ncapital_wan = 0", "budget-not-positive", "phase"),
        (
            "[[phase]]\nyear = 2030\n[[phase]]\nyear = 2025",
            "phases-out-of-order",
            "phase.year",
        ),
        ('[demand]\nsource = "raster"', "key-missing", "demand.file"),
        ('[demand]\nsource = "points"', "key-missing", "demand.file"),
        ("[demand]\ncell_m = 50", "key-invalid", "demand.cell_m"),
        ("[demand]\ncell_m = 20000", "key-invalid", "demand.cell_m"),
        ('[travel]\nmethod = "network"', "key-missing", "travel.file"),
        ('[travel]\nmethod = "friction"', "key-missing", "travel.file"),
        ('[travel]\nmethod = "table"', "key-missing", "travel.file"),
        ("[travel]\ndetour = 0.9", "key-invalid", "travel.detour"),
        ("[travel]\nspeed_kmh = 0", "key-invalid", "travel.speed_kmh"),
        ("[travel]\nspeed_kmh = true", "key-invalid", "travel.speed_kmh"),
        ("[objective]\norder = []", "objective-empty", "objective.order"),
        ('[objective]\norder = ["sites", "sites"]', "repeated", "objective.order"),
        ("[solver]\ntime_limit_s = 0", "key-invalid", "solver.time_limit_s"),
        ("[solver]\ngap = -1e-4", "key-invalid", "solver.gap"),
        ("[solver]\nthreads = 0", "key-invalid", "solver.threads"),
        ('[policy.parameters]\np = "4"', "key-invalid", "policy.parameters.p"),
        ("phase = 3", "section-invalid", "phase"),
    ],
)
def test_what_cannot_be_planned_with_is_refused(tmp_path, text, code, column):
    head = f"{text}\n" if text.startswith("phase =") else ""
    whole = head + brief_with("" if head else text)
    brief, findings = read_brief(write(tmp_path, whole))
    assert brief is None
    finding = only(findings, code)
    assert finding.severity is Severity.ERROR
    assert finding.column.startswith(column)


@pytest.mark.parametrize(
    "path", ["/vsicurl/http://x/z.shp", "https://x/z.geojson", "z.VRT", "/vsizip/a.zip"]
)
def test_paths_that_gdal_would_fetch_are_refused(tmp_path, path):
    brief, findings = read_brief(write(tmp_path, brief_with(zones=path)))
    assert brief is None
    assert only(findings, "path-refused").value == path


def test_a_brief_that_is_not_there_is_a_finding(tmp_path):
    assert codes(read_brief(tmp_path / "none.toml")[1]) == {"file-missing"}
    assert codes(read_brief(tmp_path)[1]) == {"file-unreadable"}
    assert codes(read_brief(write(tmp_path, "name = "))[1]) == {"toml-invalid"}


def test_windows_separators_lead_to_the_file(tmp_path):
    brief = brief_of(write(tmp_path, brief_with(zones="data\\\\zones.geojson")))
    assert brief.resolve(brief.area.zones) == tmp_path / "data" / "zones.geojson"


def test_shapefile_companions_are_inputs(tmp_path):
    for name in ("zones.shp", "zones.dbf", "zones.prj"):
        (tmp_path / name).touch()
    brief = brief_of(write(tmp_path, brief_with(zones="zones.shp", counties="")))
    assert [path.name for path in inputs(brief)] == [
        "brief.toml",
        "zones.shp",
        "zones.dbf",
        "zones.prj",
        "sites.csv",
    ]

"""csv registers: what changes, what stays to the byte, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import numpy as np
import pyproj
import pytest

from allocator.load.offsets import wgs84_to_gcj02
from tests.register.runs import ALLOCATIONS, DECISIONS, PLACEMENTS, apply, write_run

REGISTER = """江西省某市医疗机构登记表,,,,,,,,
机构编号,机构名称,经度,纬度,状态,乡镇街道代码,机构类别,现有服务,实有床位(张)
A1,北镇中心卫生院,115.900,28.801,现有,360901100,C210,,30
A2,南镇中心卫生院,116.101,28.500,现有,360902100,C210,tcm_pavilion,40
A3,"西乡卫生院, 分部",116.001,28.500,现有,360902200,C220,tcm_pavilion;old_post,
合计,,,,,,,,70
注:床位为年末数,,,,,,,,
"""


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run")


def written(tmp_path, text=REGISTER, encoding="utf-8"):
    path = tmp_path / "register.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rows_of(path, encoding="utf-8"):
    text = path.read_bytes().decode(encoding)
    return list(csv.reader(io.StringIO(text, newline="")))


def test_accepted_placements_are_written_and_nothing_else(tmp_path, run, capsys):
    register = written(tmp_path)
    before = register.read_bytes()
    out = tmp_path / "out.csv"
    assert apply(run, register, out) == 0
    rows = rows_of(out)
    assert rows[0] == ["江西省某市医疗机构登记表", *[""] * 13]
    assert rows[1][9:] == [
        "ambulances",
        "规划服务",
        "规划年份",
        "依据条款",
        "规划来源",
    ]
    by_id = {row[0]: row for row in rows[2:]}
    a1 = by_id["A1"]
    assert a1[7:9] == ["emergency_station", "50"]
    assert a1[9:13] == [
        "2",
        "急救站;ambulances+2;beds+20",
        "2025",
        "R2",
    ]
    assert a1[13].startswith("run-")
    assert by_id["A2"] == [*REGISTER.splitlines()[3].split(","), *[""] * 5]
    assert by_id["A3"][7] == "tcm_pavilion"
    assert by_id["A3"][10] == "撤销:旧站"
    assert by_id["B1"][:9] == [
        "B1",
        "东街道备选一",
        "115.901",
        "28.7",
        "现有",
        "360901001",
        "B100",
        "community_health_center",
        "",
    ]
    # New rows stand below the data and above totals and notes.
    assert [row[0] for row in rows[2:]] == [
        "A1",
        "A2",
        "A3",
        "B1",
        "合计",
        "注:床位为年末数",
    ]
    assert register.read_bytes() == before
    assert "合计行是数字不是公式" in capsys.readouterr().err


@pytest.mark.parametrize(
    "dress",
    [
        ("gb18030", b"", ",", "\r\n"),
        ("utf-8", b"\xef\xbb\xbf", ";", "\n"),
        ("utf-8", b"", "\t", "\r\n"),
        ("utf-16-le", b"\xff\xfe", "\t", "\r\n"),
    ],
    ids=lambda dress: dress[0],
)
def test_encoding_mark_separator_and_line_ends_stay(tmp_path, run, dress):
    encoding, mark, separator, end = dress
    # Only the separator of cells: the one inside quotation marks is text.
    lines = REGISTER.replace("卫生院, 分部", "卫生院").replace('"', "")
    text = lines.replace("tcm_pavilion;old_post", "tcm_pavilion、old_post")
    text = text.replace(",", separator).replace("\n", end)
    register = tmp_path / "register.csv"
    register.write_bytes(mark + text.encode(encoding))
    out = tmp_path / "out.csv"
    assert apply(run, register, out) == 0
    raw = out.read_bytes()
    assert raw.startswith(mark)
    again = raw[len(mark) :].decode(encoding)
    assert again.count(end) == text.count(end) + 1
    assert again.replace(end, "").count("\n") == 0
    old = next(line for line in text.split(end) if line.startswith("A2"))
    kept = next(line for line in again.split(end) if line.startswith("A2"))
    assert kept == old + separator * 5


def test_quotation_marks_stay_where_they_were(tmp_path, run):
    lines = [
        ",".join(f'"{cell}"' for cell in line.split(","))
        for line in REGISTER.replace('"西乡卫生院, 分部"', "西乡卫生院").splitlines()[
            1:5
        ]
    ]
    register = written(tmp_path, "\r\n".join(lines))
    out = tmp_path / "out.csv"
    assert apply(run, register, out) == 0
    text = out.read_text("utf-8")
    assert all(
        cell.startswith('"') and cell.endswith('"')
        for line in text.splitlines()
        for cell in line.split(",")
    )
    # The file ended without a line break and does so still.
    assert not text.endswith("\n")
    assert text.splitlines()[-1].startswith('"B1"')


def test_applying_twice_changes_no_byte(tmp_path, run, capsys):
    register = written(tmp_path)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    assert apply(run, register, one) == 0
    capsys.readouterr()
    assert apply(run, one, two, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["applied_before"] is True
    assert said["changes"] == []
    assert two.read_bytes() == one.read_bytes()
    logs = [tmp_path / f"{name}.csv.changes.csv" for name in ("one", "two")]
    assert logs[0].read_bytes() == logs[1].read_bytes()


def test_what_is_accepted_later_is_added_and_amounts_only_once(tmp_path):
    first = DECISIONS.replace(
        "B1,community_health_center,2026,lock", "B1,community_health_center,2026,"
    )
    run = write_run(tmp_path / "run", decisions=first)
    register = written(tmp_path)
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    assert apply(run, register, one) == 0
    assert "B1" not in {row[0] for row in rows_of(one)}
    write_run(tmp_path / "run")
    assert apply(run, one, two) == 0
    by_id = {row[0]: row for row in rows_of(two)}
    assert by_id["A1"][8] == "50"
    assert by_id["B1"][4] == "现有"


def test_the_log_says_what_where_before_after_when_and_which_run(tmp_path, run):
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path), out) == 0
    rows = rows_of(tmp_path / "out.csv.changes.csv", "utf-8-sig")
    assert rows[0] == [
        "site_id",
        "item",
        "what",
        "column",
        "before",
        "after",
        "date",
        "run",
    ]
    sha = hashlib.sha256((run / "run.json").read_bytes()).hexdigest()
    assert [
        "A1",
        "beds",
        "amount",
        "实有床位(张)",
        "30",
        "50",
        "2026-03-01",
        sha,
    ] in rows
    assert [
        "A3",
        "old_post",
        "close",
        "现有服务",
        "tcm_pavilion;old_post",
        "tcm_pavilion",
        "2026-03-02",
        sha,
    ] in rows


def test_a_candidate_of_the_register_becomes_existing_in_its_own_words(tmp_path, run):
    text = REGISTER.replace(
        "合计,",
        "B1,东街道备选一,115.901,28.700,拟建,360901001,B100,,\n合计,",
    )
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path, text), out) == 0
    rows = [row for row in rows_of(out) if row[0] == "B1"]
    assert len(rows) == 1
    assert rows[0][4] == "现有"
    assert rows[0][7] == "community_health_center"


def test_beds_are_added_in_the_unit_of_the_heading(tmp_path, run):
    text = REGISTER.replace("实有床位(张)", "实有床位(百张)").replace(
        "C210,,30", "C210,,0.3"
    )
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path, text), out) == 0
    by_id = {row[0]: row for row in rows_of(out)}
    assert by_id["A1"][8] == "0.5"


def test_gcj02_registers_get_gcj02_back_told_by_shared_places(tmp_path, run):
    text = REGISTER
    places = {
        "115.900,28.801": (115.9, 28.801),
        "116.101,28.500": (116.101, 28.5),
        "116.001,28.500": (116.001, 28.5),
    }
    for old, (lon, lat) in places.items():
        x, y = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
        text = text.replace(old, f"{x[0]:.6f},{y[0]:.6f}")
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path, text), out) == 0
    row = next(row for row in rows_of(out) if row[0] == "B1")
    x, y = wgs84_to_gcj02(np.array([115.901]), np.array([28.7]))
    assert [float(row[2]), float(row[3])] == [round(x[0], 6), round(y[0], 6)]
    assert abs(float(row[2]) - 115.901) > 0.003


def test_a_stated_system_that_the_places_contradict_is_refused(tmp_path, run, capsys):
    code = apply(
        run, written(tmp_path), tmp_path / "out.csv", "--crs", "GCJ-02", "--json"
    )
    assert code == 3
    said = json.loads(capsys.readouterr().out)
    assert [f["code"] for f in said["findings"] if f["severity"] == "error"] == [
        "crs-differs"
    ]
    assert not (tmp_path / "out.csv").exists()


def test_metres_are_written_in_the_stated_system(tmp_path, run):
    there = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)
    text = REGISTER
    for lon, lat in (
        ("115.900", "28.801"),
        ("116.101", "28.500"),
        ("116.001", "28.500"),
    ):
        x, y = there.transform(float(lon), float(lat))
        text = text.replace(f"{lon},{lat}", f"{x:.2f},{y:.2f}")
    register = written(tmp_path, text)
    assert apply(run, register, tmp_path / "out.csv") == 3
    assert apply(run, register, tmp_path / "out.csv", "--crs", "EPSG:4548") == 0
    row = next(row for row in rows_of(tmp_path / "out.csv") if row[0] == "B1")
    x, y = there.transform(115.901, 28.7)
    assert (float(row[2]), float(row[3])) == (round(x, 2), round(y, 2))


def test_formulas_in_names_are_text(tmp_path):
    bad = '=HYPERLINK("http://x","点我")'
    quoted = '"' + bad.replace('"', '""') + '"'
    run = write_run(
        tmp_path / "run", placements=PLACEMENTS.replace("东街道备选一", quoted)
    )
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path), out) == 0
    row = next(row for row in rows_of(out) if row[0] == "B1")
    assert row[1] == "'" + bad


# --- What is refused ------------------------------------------------------------------


def codes(capsys):
    said = json.loads(capsys.readouterr().out)
    return [f["code"] for f in said["findings"] if f["severity"] == "error"]


def refused(tmp_path, capsys, run, register, *options):
    target = tmp_path / "refused.csv"
    assert apply(run, register, target, *options, "--json") == 3
    assert not target.exists()
    return codes(capsys)


def test_nothing_accepted_names_the_option(tmp_path, capsys):
    blank = "\n".join(
        line.replace(",accept,", ",,").replace(",lock,", ",reject,")
        for line in DECISIONS.splitlines()
    )
    run = write_run(tmp_path / "run", decisions=blank)
    register = written(tmp_path)
    assert apply(run, register, tmp_path / "no.csv") == 3
    assert "--all" in capsys.readouterr().err
    assert apply(run, register, tmp_path / "out.csv", "--all") == 0
    ids = {row[0] for row in rows_of(tmp_path / "out.csv")}
    assert "B1" not in ids  # rejected, and so never written


def test_a_verdict_on_what_the_plan_has_not_is_refused(tmp_path, capsys):
    more = DECISIONS + "A9,emergency_station,2025,accept,,,,,,\n"
    run = write_run(tmp_path / "run", decisions=more)
    assert refused(tmp_path, capsys, run, written(tmp_path)) == ["decision-stale"]


def test_a_rejection_of_an_earlier_round_is_no_problem(tmp_path):
    more = DECISIONS + "A9,emergency_station,2025,reject,,,,,,\n"
    run = write_run(tmp_path / "run", decisions=more)
    (run / "decided.csv").write_text("site_id,service\nA9,emergency_station\n")
    assert apply(run, written(tmp_path), tmp_path / "out.csv") == 0


@pytest.mark.parametrize(
    "line",
    [
        "A1,emergency_station,2025,reject,王五,,,,,\n",
        "A1,,,reject,王五,,,,,\n",
    ],
)
def test_two_verdicts_on_one_placement_are_refused(tmp_path, capsys, line):
    run = write_run(tmp_path / "run", decisions=DECISIONS + line)
    assert refused(tmp_path, capsys, run, written(tmp_path)) == ["decision-twice"]


def test_duplicate_ids_are_refused(tmp_path, capsys, run):
    text = REGISTER.replace("A2,南镇", "A1,南镇")
    assert "id-twice" in refused(tmp_path, capsys, run, written(tmp_path, text))


def test_a_site_that_the_register_lacks_and_nobody_builds_is_refused(
    tmp_path, capsys, run
):
    text = REGISTER.replace("A1,北镇", "X1,北镇")
    found = refused(tmp_path, capsys, run, written(tmp_path, text))
    assert found == ["site-not-in-register"]


def test_the_register_and_existing_files_are_never_overwritten(tmp_path, capsys, run):
    register = written(tmp_path)
    assert apply(run, register, register, "--force", "--json") == 3
    assert codes(capsys) == ["register-is-output"]
    out = tmp_path / "out.csv"
    out.write_text("mine")
    assert apply(run, register, out, "--json") == 3
    assert codes(capsys) == ["output-exists"]
    assert out.read_text() == "mine"
    assert apply(run, register, out, "--force") == 0
    assert apply(run, register, tmp_path / "out.xlsx", "--json") == 3
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("text", ["", "a\n", "\0\0", "机构编号,机构名称\n", '"A1\n'])
def test_odd_registers_are_findings(tmp_path, run, text):
    assert apply(run, written(tmp_path, text), tmp_path / "out.csv") == 3


def test_a_folder_that_is_no_run_is_a_finding(tmp_path, capsys):
    (tmp_path / "no").mkdir()
    code = apply(tmp_path / "no", written(tmp_path), tmp_path / "out.csv", "--json")
    assert code == 3
    assert codes(capsys) == ["run-unreadable"]


def test_a_closure_held_through_the_class_is_said(tmp_path, capsys):
    keeps = PLACEMENTS + (
        "A3,西乡卫生院,乙县,西乡,tcm_pavilion,keep,2025,116.001,28.5,0,0,,,,,1\n"
    )
    run = write_run(tmp_path / "run", placements=keeps)
    text = REGISTER.replace("tcm_pavilion;old_post", "tcm_pavilion")
    assert apply(run, written(tmp_path, text), tmp_path / "out.csv") == 0
    assert "由机构类别认定" in capsys.readouterr().err


def test_a_site_that_gives_up_all_it_held_by_class_is_a_candidate_again(tmp_path, run):
    text = REGISTER.replace("tcm_pavilion;old_post", "")
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path, text), out) == 0
    assert next(row for row in rows_of(out) if row[0] == "A3")[4] == "备选"


def test_registers_without_coordinates_get_places_in_a_column_of_the_plan(
    tmp_path, run, capsys
):
    lines = [
        ",".join(cell for at, cell in enumerate(line) if at not in (2, 3))
        for line in csv.reader(io.StringIO(REGISTER.replace(", 分部", "")))
    ]
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path, "\n".join(lines)), out) == 0
    rows = rows_of(out)
    at = rows[1].index("规划位置")
    assert next(r for r in rows if r[0] == "B1")[at] == "115.901000,28.700000"
    assert "规划位置" in capsys.readouterr().err


def test_older_runs_without_codes_still_apply(tmp_path):
    run = write_run(tmp_path / "run", sites=None, allocations=ALLOCATIONS)
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path), out) == 0
    assert next(r for r in rows_of(out) if r[0] == "B1")[5:7] == ["东街道", ""]


def test_a_form_without_rows_decides_nothing(tmp_path, capsys):
    run = write_run(tmp_path / "run", decisions=DECISIONS.splitlines()[0] + "\n")
    assert refused(tmp_path, capsys, run, written(tmp_path)) == ["nothing-accepted"]
    assert apply(run, written(tmp_path), tmp_path / "out.csv", "--all") == 0


def test_the_system_of_the_runs_brief_is_taken_where_places_tell_nothing(tmp_path):
    text = REGISTER
    for place in ("115.900,28.801", "116.101,28.500", "116.001,28.500"):
        text = text.replace(place, ",")
    run = write_run(tmp_path / "run", crs="GCJ-02")
    out = tmp_path / "out.csv"
    assert apply(run, written(tmp_path, text), out) == 0
    row = next(row for row in rows_of(out) if row[0] == "B1")
    x, y = wgs84_to_gcj02(np.array([115.901]), np.array([28.7]))
    assert [float(row[2]), float(row[3])] == [round(x[0], 6), round(y[0], 6)]


def test_counted_services_are_listed_as_often_as_they_are_held(tmp_path):
    counted = PLACEMENTS.replace(",R2,,1", ",R2,,3")
    run = write_run(tmp_path / "run", placements=counted)
    register, out, again = written(tmp_path), tmp_path / "a.csv", tmp_path / "b.csv"
    assert apply(run, register, out) == 0
    listed = {row[0]: row[7] for row in rows_of(out)[2:]}
    assert listed["A1"] == ";".join(["emergency_station"] * 3)
    assert apply(run, out, again) == 0
    assert again.read_bytes() == out.read_bytes()

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from allocator.decisions import read_decisions
from allocator.review.forms import read_form, written
from allocator.review.journal import Journal

SERVICES = {"clinic": "诊所", "lab": "化验室"}
KEY = ("B1", "clinic")
HEAD = "site_id,service,phase,verdict,reviewer,reason,date,lon,lat,name\n"
FORM = f"{HEAD}A1,clinic,2025,,,,,,,\nB1,clinic,2027,,,,,,,\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "decisions.csv").write_text(FORM, "utf-8-sig")
    return folder


def rows(run: Path) -> dict[tuple[str, str], dict[str, str]]:
    path = run / "decisions.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    found = table.to_dict("records")
    return {(str(r["site_id"]), str(r["service"])): r for r in found}  # type: ignore[misc]


def test_a_decision_is_in_the_journal_and_in_the_form(run):
    written = Journal(run, SERVICES).decide("张", KEY, "reject", why="地块", phase=2027)
    assert written.problems == ()
    (line,) = (run / "review" / "journal.jsonl").read_text("utf-8").splitlines()
    said = json.loads(line)
    assert (said["who"], said["verdict"], said["why"]) == ("张", "reject", "地块")
    row = rows(run)[KEY]
    assert [row[c] for c in ("phase", "verdict", "reviewer", "reason")] == [
        "2027", "reject", "张", "地块",
    ]  # fmt: skip
    assert list(rows(run)) == [("A1", "clinic"), KEY]


def test_the_form_is_what_the_next_plan_reads(run):
    journal = Journal(run, SERVICES)
    journal.decide("张", KEY, "move", place=(115.1234567, 28.5))
    place = (116.0, 28.0)
    journal.decide("李", ("N1", "lab"), "add", place=place, name="新址", site_class="E")
    decisions, findings = read_decisions(run / "decisions.csv", SERVICES)
    assert findings == []
    moved, added = decisions
    assert (moved.verdict, moved.lon, moved.lat) == ("move", 115.123457, 28.5)
    assert (added.site_id, added.verdict, added.name) == ("N1", "add", "新址")


def test_what_is_added_by_two_at_once_gets_two_ids(run):
    def add(who):
        journal = Journal(run, SERVICES, taken=["N1", "A1"])
        journal.decide(who, ("", "lab"), "add", place=(116.0, 28.0))
        return next(e.site_id for e in journal.entries() if e.who == who)

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(add, "甲乙丙丁"))
    assert sorted(ids) == ["N2", "N3", "N4", "N5"]
    assert {key[0] for key in Journal(run, SERVICES).stands()} == set(ids)


def test_the_class_of_an_added_site_stays_when_it_is_moved(run):
    journal = Journal(run, SERVICES)
    first = (116.0, 28.0)
    journal.decide("李", ("N1", "lab"), "add", place=first, name="新", site_class="E")
    journal.decide("李", ("N1", "lab"), "move", place=(116.1, 28.0))
    (added,) = journal.stands().values()
    assert (added.verdict, added.lon, added.name, added.site_class) == (
        "add",
        116.1,
        "新",
        "E",
    )


def test_the_form_is_known_as_it_would_be_read_again(run):
    journal = Journal(run, SERVICES)
    journal.decide("=张", KEY, "move", place=(115.1234567, 28.5), why="+地块 ")
    place = (116.0, 28.0)
    journal.decide("李", ("N1", "lab"), "add", place=place, name="-新", site_class="E")
    journal.decide("王", ("A1", "clinic"), "reject", why="'=1")
    journal.undo("王")
    known = [(written(row), row.phase) for row in journal._rows()]
    again = read_form(run / "decisions.csv", SERVICES)
    assert known == [(written(row), row.phase) for row in again]
    # What others write is read, whenever they do.
    path = run / "decisions.csv"
    path.write_text(path.read_text("utf-8-sig").replace("李", "赵"), "utf-8-sig")
    assert "赵" in {row.who for row in journal._rows()}


def test_undoing_blanks_the_row_again(run):
    journal = Journal(run, SERVICES)
    journal.decide("张", KEY, "reject")
    journal.undo("张")
    assert rows(run)[KEY]["verdict"] == ""
    assert journal.stands() == {}
    assert len(journal.entries()) == 2


def test_an_added_site_that_is_undone_leaves_no_row(run):
    journal = Journal(run, SERVICES)
    journal.decide("张", ("N1", ""), "add", place=(116.0, 28.0))
    assert ("N1", "") in rows(run)
    journal.undo("张")
    assert list(rows(run)) == [("A1", "clinic"), KEY]


def test_undoing_nothing_writes_nothing(run):
    assert Journal(run, SERVICES).undo("张").entry is None
    assert not (run / "review" / "journal.jsonl").exists()
    assert (run / "decisions.csv").read_text("utf-8-sig") == FORM


def test_rows_that_others_wrote_by_hand_are_kept_and_journaled(run):
    by_hand = FORM.replace("A1,clinic,2025,,,", "A1,诊所,2025,同意,王,现场看过")
    (run / "decisions.csv").write_bytes(by_hand.encode("gb18030"))
    journal = Journal(run, SERVICES)
    journal.decide("张", KEY, "reject")
    row = rows(run)["A1", "clinic"]
    assert (row["verdict"], row["reviewer"], row["reason"]) == (
        "accept", "王", "现场看过",
    )  # fmt: skip
    assert journal.stands()["A1", "clinic"].who == "王"


def test_the_date_of_an_earlier_round_stays(run):
    earlier = FORM.replace(
        "A1,clinic,2025,,,,,", "A1,clinic,2025,accept,王,,2024-03-01,"
    )
    (run / "decisions.csv").write_text(earlier, "utf-8-sig")
    Journal(run, SERVICES).decide("张", KEY, "reject")
    assert rows(run)["A1", "clinic"]["date"] == "2024-03-01"


def test_a_form_that_lags_behind_the_journal_is_no_news(run):
    journal = Journal(run, SERVICES)
    journal.decide("张", KEY, "accept")
    before = (run / "decisions.csv").read_bytes()
    journal.decide("李", KEY, "reject")
    # As if the program was killed after the journal and before the form.
    (run / "decisions.csv").write_bytes(before)
    journal.take_in()
    assert rows(run)[KEY]["verdict"] == "reject"
    assert len(journal.entries()) == 2


def test_a_form_that_cannot_be_read_is_left_alone_and_the_decision_kept(run):
    broken = FORM.replace("A1,clinic,2025,,", "A1,clinic,2025,maybe,")
    (run / "decisions.csv").write_text(broken, "utf-8-sig")
    journal = Journal(run, SERVICES)
    written = journal.decide("张", KEY, "reject")
    assert written.entry is not None
    assert [f.table for f in written.problems] == ["decisions.csv"]
    assert (run / "decisions.csv").read_text("utf-8-sig") == broken
    assert journal.stands()[KEY].verdict == "reject"


def test_two_verdicts_of_one_form_are_not_settled_by_their_order(run):
    twice = FORM + "B1,clinic,,accept,王,,,,,\nB1,clinic,,reject,李,,,,,\n"
    (run / "decisions.csv").write_text(twice, "utf-8-sig")
    (problem,) = Journal(run, SERVICES).take_in().problems
    assert problem.code == "decision-twice"
    assert (run / "decisions.csv").read_text("utf-8-sig") == twice


def test_a_text_that_looks_like_a_formula_comes_back_as_itself(run):
    journal = Journal(run, SERVICES)
    journal.decide("张", KEY, "reject", why='=HYPERLINK("http://x")')
    assert rows(run)[KEY]["reason"].startswith("'=")
    journal.take_in()
    assert len(journal.entries()) == 1


def test_a_torn_last_line_is_passed_over_and_the_next_is_whole(run):
    journal = Journal(run, SERVICES)
    journal.decide("张", KEY, "accept")
    with journal.path.open("ab") as file:
        file.write('{"id": "x", "who": "李'.encode()[:-1])
    journal.decide("王", KEY, "lock")
    assert [entry.who for entry in journal.entries()] == ["张", "王"]


def _decide_many(folder: str, who: str, number: int) -> None:
    journal = Journal(Path(folder), SERVICES)
    for n in range(number):
        journal.decide(who, (f"{who}{n}", "clinic"), "lock")


def test_programs_that_write_at_once_lose_nothing(run):
    context = multiprocessing.get_context("spawn")
    people = ["a", "b", "c"]
    workers = [
        context.Process(target=_decide_many, args=(str(run), who, 15)) for who in people
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    stands = Journal(run, SERVICES).stands()
    assert set(stands) == {(f"{w}{n}", "clinic") for w in people for n in range(15)}
    assert {k for k, row in rows(run).items() if row["verdict"]} == set(stands)


_WRITER = """
import sys
from pathlib import Path
from allocator.review.journal import Journal
journal = Journal(Path(sys.argv[1]), {"clinic": "x"})
for n in range(10_000):
    journal.decide("w", (f"s{n}", "clinic"), "accept")
    print(n, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_what_was_confirmed_outlives_a_kill_at_any_moment(run):
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(run)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    confirmed = [writer.stdout.readline() for _ in range(12)]
    writer.send_signal(signal.SIGKILL)
    more = writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    journal = Journal(run, SERVICES)
    journal.take_in()  # the lock of the dead is free
    stands = {site for site, _ in journal.stands()}
    assert {f"s{int(n)}" for n in [*confirmed, *more]} <= stands
    assert {r[0] for r, row in rows(run).items() if row["verdict"]} == stands


def test_a_form_is_read_whoever_saved_it(run):
    read = read_form(run / "decisions.csv", SERVICES)
    assert [(entry.key, entry.verdict, entry.phase) for entry in read] == [
        (("A1", "clinic"), "", 2025),
        (KEY, "", 2027),
    ]

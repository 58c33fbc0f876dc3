from __future__ import annotations

import shutil

import pytest

from tests.review.served import BROWSERS, chromium
from tests.trust import hostile, hostile_files, hostile_review, hostile_words

CASES = {f"{case.group}: {case.name}": case for case in hostile_files.cases()}
LIGHT = [name for name, case in CASES.items() if not case.heavy]
# What CI tries of the light ones besides those that a slow test tries; all have a turn.
EVERY = 8


@pytest.fixture(scope="module")
def held():
    with hostile.container() as container:
        yield container


def test_names_of_cases_differ():
    assert len(CASES) == len(hostile_files.cases())


@pytest.mark.parametrize("name", LIGHT[::EVERY])
def test_a_hostile_file_is_refused_quietly(held, name):
    seen, wrong = hostile.attempt(held, CASES[name])
    assert wrong == [], seen.err[-500:]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for at, name in enumerate(LIGHT) if at % EVERY])
def test_every_other_hostile_file_is_refused_quietly(held, name):
    seen, wrong = hostile.attempt(held, CASES[name])
    assert wrong == [], seen.err[-500:]


def test_the_container_sees_what_is_touched_and_said(held):
    secret = held.outside / "secret.csv"
    seen = held.run(["check", str(secret), "--json"])
    assert seen.code == 3
    assert seen.touched == ("secret.csv",)
    assert [finding["code"] for finding in seen.findings] == ["toml-invalid"]
    assert 50 < seen.peak_mb < hostile.MOST_MB


@pytest.mark.slow
def test_no_cell_that_is_written_runs_in_a_spreadsheet(held):
    home, failed = hostile_words.make_all(held, hostile_words.FORMULAS, whole=False)
    assert failed == []
    tables, found = hostile_words.check_formulas(home)
    assert found == []
    assert tables >= 30


def test_a_formula_in_a_table_is_seen(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n=1+1,-5\n@x,'=1\n", "utf-8")
    assert [*hostile_words.formulas_in(path, set())] == ["=1+1", "@x"]


@pytest.mark.slow
def test_no_name_runs_in_a_page(held):
    if not any(shutil.which(name) for name in BROWSERS):
        pytest.skip("no Chromium on this machine")
    home, failed = hostile_words.make_all(held, hostile_words.MARKUP, whole=False)
    assert failed == []
    with chromium() as browser:
        pages, found = hostile_words.check_pages(home, browser)
        assert found == []
        assert pages >= 3
        (home / "bad.html").write_text("<script>window.pwned=1</script>", "utf-8")
        _, found = hostile_words.check_pages(home, browser)
    assert found == ["bad.html ran: True"]


@pytest.mark.slow
def test_the_review_answers_nobody_else_and_nothing_outside():
    figures = [*hostile_review.figures()]
    assert [figure.wrong for figure in figures] == [0, 0, 0, 0]
    assert [figure.tried > 0 for figure in figures] == [True] * 4


def test_no_module_runs_data(tmp_path):
    (tmp_path / "bad.py").write_text(
        "import pickle\neval('1')\nimport joblib\njoblib.load('x')\n", "utf-8"
    )
    assert hostile_review.code_from_data(tmp_path)[1] == [
        "bad.py:1 pickle",
        "bad.py:2 eval",
        "bad.py:4 joblib.load",
    ]
    modules, found = hostile_review.code_from_data()
    assert found == []
    assert modules > 300

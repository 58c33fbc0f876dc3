"""The brief of a run, found again."""

from __future__ import annotations

import shutil

from allocator.pipeline.bases import read_certificate
from allocator.pipeline.origins import find_brief
from tests.review.runs import small_run


def found_unchanged(run):
    return find_brief(run, read_certificate(run), unchanged=True)


def test_the_brief_is_known_by_its_fingerprint(tmp_path):
    run, brief = small_run(tmp_path / "own")
    certificate = read_certificate(run)
    assert find_brief(run, certificate, []) == brief
    assert found_unchanged(run) == brief
    brief.write_text(brief.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert found_unchanged(run) is None
    assert find_brief(run, certificate, []) == brief


def test_a_brief_beside_other_data_is_another_task(tmp_path):
    run, brief = small_run(tmp_path / "own")
    shutil.copytree(brief.parent, run.parent / "a_copy")
    sites = run.parent / "a_copy" / "sites.csv"
    sites.write_text(sites.read_text("utf-8").replace("备选一", "备选甲"), "utf-8")
    # The copy comes first where folders are looked through, but it is another task.
    assert find_brief(run, read_certificate(run)) == brief
    shutil.rmtree(brief.parent)
    assert found_unchanged(run) is None
    assert find_brief(run, read_certificate(run)) == run.parent / "a_copy/brief.toml"


def test_a_brief_elsewhere_is_found_where_it_is_looked_for(tmp_path):
    run, brief = small_run(tmp_path / "a" / "b")
    (tmp_path / "far").mkdir()
    shutil.move(brief.parent, tmp_path / "far" / "task")
    certificate = read_certificate(run)
    assert found_unchanged(run) is None
    found = find_brief(run, certificate, [tmp_path / "far"])
    assert found == tmp_path / "far" / "task" / "brief.toml"

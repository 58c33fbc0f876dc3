from __future__ import annotations

import json

import pytest

from allocator.errors import InputError
from allocator.provenance import fingerprint
from allocator.review.folders import later_runs, next_folder, open_run


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        open_run(tmp_path)
    assert [f.code for f in refused.value.findings] == ["run-missing"]


@pytest.mark.parametrize(
    ("name", "there", "expected"),
    [
        ("plan", [], "plan-2"),
        ("plan-2", [], "plan-3"),
        ("plan", ["plan-2", "plan-3"], "plan-4"),
        ("plan-2025", [], "plan-2025-2"),
    ],
)
def test_the_next_folder_is_new(tmp_path, name, there, expected):
    for other in there:
        (tmp_path / other).mkdir()
    assert next_folder(tmp_path / name) == tmp_path / expected


def test_later_rounds_are_found_by_what_they_reviewed(tmp_path):
    def made(name, parent):
        folder = tmp_path / name
        folder.mkdir()
        content = {"objectives": [], "inputs": [], "name": name}
        if parent is not None:
            digest = fingerprint(tmp_path / parent / "run.json")["sha256"]
            content["parent"] = {"folder": parent, "run_sha256": digest}
        (folder / "run.json").write_text(json.dumps(content), "utf-8")

    made("r", None)
    made("r-2", "r")
    made("r-3", "r-2")
    made("other", None)
    made("other-2", "other")
    assert later_runs(tmp_path / "r") == [tmp_path / "r-2", tmp_path / "r-3"]
    assert later_runs(tmp_path / "r-3") == []

from __future__ import annotations

import json

import pytest

from allocator.cli.main import run
from tests.cli.small_task import write_task
from tests.load.bad_tables import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_dirty_table_is_told_with_its_findings(case, tmp_path, capsys):
    brief = write_task(tmp_path)
    for name, content in case.files.items():
        data = content if isinstance(content, bytes) else content()
        (tmp_path / name).write_bytes(data)
    brief.write_text(case.brief_text(), encoding="utf-8")
    code = run(["check", str(brief), "--json"])
    out, err = capsys.readouterr()
    answer = json.loads(out)
    said = [
        (f["code"], f["message"], f["keys"], f["value"]) for f in answer["findings"]
    ]
    assert code == answer["exit_code"] == case.exit_code, said
    assert case.codes <= {one[0] for one in said}, said
    assert "Traceback" not in err
    for finding in answer["findings"]:
        if finding["severity"] == "error":
            assert finding["table"], finding
            assert finding["remedy"] or finding["code"] in {"table-empty", "file-empty"}


def test_every_case_has_a_name_of_its_own_and_there_are_enough():
    assert len({case.name for case in CASES}) == len(CASES) >= 60

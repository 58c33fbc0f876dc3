from __future__ import annotations

import pytest

from allocator.errors import InputError
from allocator.pipeline.task import read_task
from tests.load.bad_roads import CASES
from tests.load.road_files import road_task


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_about_travel_is_a_finding_with_its_place(case, tmp_path):
    path = road_task(tmp_path / "task", case.travel)
    for name, content in case.files.items():
        target = path.parent / name
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            content(target)
    if case.refused:
        with pytest.raises(InputError) as caught:
            read_task(path)
        findings = caught.value.findings
    else:
        findings = read_task(path).findings
    found = {finding.code: finding for finding in findings}
    assert case.codes <= found.keys(), found.keys()
    lines = [found[code].say("zh") + found[code].say("en") for code in case.codes]
    assert any(case.shown in line for line in lines), lines
    for code in case.codes:
        assert found[code].table or code == "demand-unreachable"


def test_there_are_enough_mistakes_and_each_has_its_name():
    assert len({case.name for case in CASES}) == len(CASES) >= 20

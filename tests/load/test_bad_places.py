from __future__ import annotations

import pytest

from allocator.errors import Severity
from allocator.load import read_area, read_brief
from tests.load.bad_places import CASES
from tests.load.small_area import brief_with, write_area


def test_there_are_many_cases_of_different_names():
    assert len(CASES) >= 25
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_places_are_findings(tmp_path, case):
    path = write_area(tmp_path, brief__toml=brief_with(case.brief, **case.area))
    for name, content in case.files.items():
        (tmp_path / name).write_bytes(
            content if isinstance(content, bytes) else content()
        )
    brief, findings = read_brief(path)
    if brief is not None:
        area, more = read_area(brief)
        findings = findings + more
        assert area is None
    wrong = [f for f in findings if f.severity is Severity.ERROR]
    assert {f.code for f in wrong} == case.expected, [f.say("en") for f in findings]
    warned = [f for f in findings if f.severity is Severity.WARNING]
    assert case.warned <= {f.code for f in warned}, [f.say("en") for f in findings]
    said = "\n".join(f.say(lang) for f in wrong + warned for lang in ("zh", "en"))
    for word in case.shown:
        assert word in said, said
    assert all(f.remedy is not None for f in wrong + warned), said

from __future__ import annotations

import pytest

from allocator.errors import Severity
from allocator.load import read_area, read_brief
from tests.load.bad_ground import CASES
from tests.load.small_area import brief_with, write_area


def test_there_are_many_cases_of_different_names():
    assert len(CASES) >= 25
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_shapes_and_people_are_findings(tmp_path, case):
    named = dict(line.split(" = ", 1) for line in case.area)
    files = {k: v.strip('"') for k, v in named.items() if v.startswith('"')}
    limits = "\n".join(f"{k} = {v}" for k, v in named.items() if k not in files)
    text = brief_with(case.brief, **files).replace(
        "\n[policy]", f"\n{limits}\n[policy]", 1
    )
    path = write_area(tmp_path, brief__toml=text)
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
    said = "\n".join(f.say(language) for f in wrong for language in ("zh", "en"))
    for word in case.shown:
        assert word in said, said
    assert all(f.table or f.column for f in wrong)

"""A few wrong lines are noticed; a line that means the same is not."""

from __future__ import annotations

import ast

import pytest

from tests.trust.mutants import ROOT, Mutant
from tests.trust.mutation import equivalents, judge

# (module, line as it is, wrong line): each changes a result.
WRONG = [
    (
        "allocator/formulation/coverage.py",
        "bound = needed - cover.certain[unit_id]",
        "bound = needed + cover.certain[unit_id]",
    ),
    (
        "allocator/formulation/coverage.py",
        "town_limit = common if in_town is None else in_town",
        "town_limit = common if in_town is not None else in_town",
    ),
    (
        "allocator/formulation/count_in_unit.py",
        "if rule.hi is not None:",
        "if rule.hi is None:",
    ),
    (
        "allocator/audit/coverage.py",
        "missing = needed - covered",
        "missing = needed + covered",
    ),
    (
        "allocator/audit/count_in_unit.py",
        "excess = max(0, number - rule.hi) if rule.hi is not None else 0",
        "excess = max(0, number - rule.hi) if rule.hi is None else 0",
    ),
    (  # read once, when the module is imported
        "allocator/audit/coverage.py",
        "SHARE_TOLERANCE = 1e-9  # relative to the people asked for: the rounding of a "
        "product",
        "SHARE_TOLERANCE = 1.000000001",
    ),
]
SAME = (
    "allocator/audit/coverage.py",
    "missing = needed - covered",
    "missing = (needed - covered)",
)


def made(path, was, becomes):
    source = (ROOT / path).read_text(encoding="utf-8")
    assert source.count(was) == 1, f"{path} has no longer the one line {was}"
    line = source[: source.index(was)].count("\n") + 1
    return Mutant(path, line, "", was, becomes, "by hand", source.replace(was, becomes))


@pytest.fixture(scope="module")
def verdicts():
    files = ["tests/rules/test_coverage.py", "tests/rules/test_count_in_unit.py"]
    return judge([made(*line) for line in (*WRONG, SAME)], files)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_line_is_noticed(verdicts, number):
    assert verdicts[number]["killed"], WRONG[number]


@pytest.mark.slow
def test_line_that_means_the_same_is_not_noticed(verdicts):
    assert verdicts[-1]["tests"] > 0
    assert not verdicts[-1]["killed"]


@pytest.mark.slow
def test_constant_is_changed_before_modules_are_imported(verdicts):
    assert [verdict["afresh"] for verdict in verdicts] == [
        path == WRONG[-1][0] and was == WRONG[-1][1] for path, was, _ in (*WRONG, SAME)
    ]


def test_every_line_listed_as_equivalent_is_there():
    listed = equivalents()
    for entry in listed:
        source = (ROOT / entry.file).read_text(encoding="utf-8")
        assert entry.was in " ".join(source.split()), entry
        assert entry.becomes != entry.was
        assert entry.why
        names = set(filter(None, entry.within.split(".")))
        assert names <= {
            node.name
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
    keys = [(e.file, e.within, e.was, e.becomes) for e in listed]
    assert len(set(keys)) == len(keys)

from __future__ import annotations

import dataclasses

from allocator.compare import (
    CHANGE_WORDS,
    VERDICT_CHANGE_WORDS,
    plan_standing,
    verdict_words,
)
from tests.comparisons import make_comparison, make_sides


def test_every_kind_of_change_has_words():
    comparison = make_comparison()
    assert set(comparison.changes["change"]) <= set(CHANGE_WORDS)
    assert set(comparison.verdicts["change"]) <= set(VERDICT_CHANGE_WORDS)


def test_a_plan_that_breaks_binding_clauses_is_said_so_first():
    _, after = make_sides()
    broken = dataclasses.replace(
        after, certificate={**after.certificate, "gaps": [{"rule_id": "T-1"}]}
    )
    first, second = plan_standing(broken)
    assert first.zh == "最大努力方案: 1 处必须条款未满足"
    assert (second,) == plan_standing(after)
    assert plan_standing(dataclasses.replace(after, certificate={})) == ()


def test_verdicts_are_said_as_the_audit_says_them():
    assert verdict_words("not_met", "zh") == "未达标"
    assert verdict_words("", "en") == "—"
    assert verdict_words("strange", "en") == "strange"

"""Check of `allocator.policy.Indicator`: none. It is listed as tracked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit.finding import NOTHING, Found, same
from allocator.audit.verdict import Verdict

if TYPE_CHECKING:
    from allocator.audit.facts import Facts
    from allocator.policy import Indicator


def check(rule: Indicator, facts: Facts) -> list[Found]:
    """Return one found: the target as written."""
    return [Found("", facts.area.name, same(rule.target), NOTHING, Verdict.TRACKED)]

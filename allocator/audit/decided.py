"""What a review decided, and how far a plan is from the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Text
from allocator.policy.decided import DECIDED, unit_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from allocator.audit.facts import Facts
    from allocator.policy.terms import Terms


def broken_decisions(
    facts: Facts, terms: Terms, gaps: Collection[tuple[str, str]] = ()
) -> Iterator[Finding]:
    """Yield a finding for each decision that a plan does not carry out.

    ``gaps`` are the (rule id, unit id) that a plan by best effort is known to break.
    """
    for pair, number in sorted(terms.decided.held.items()):
        found = facts.counts.get(pair, 0)
        right = found > 0 if number is None else found == number
        if not right and (DECIDED, unit_of(pair)) not in gaps:
            wanted = number or 1
            text = Text(
                f"评审决定应设置 {wanted}, 方案为 {found}",
                f"decided to hold {wanted}, the plan has {found}",
            )
            yield Finding("plan-decided", text, table="placements", keys=pair)
    for pair in sorted(terms.decided.barred):
        if facts.counts.get(pair, 0) and (DECIDED, unit_of(pair)) not in gaps:
            text = Text("评审决定不设置", "decided not to be here")
            yield Finding("plan-decided", text, table="placements", keys=pair)


def changes(phases: Sequence[Facts], terms: Terms) -> float | None:
    """Return in how many placements a plan differs from the previous one.

    Added up over the phases; None without a previous plan.
    """
    if terms.previous is None:
        return None
    apart = 0
    for facts, before in zip(phases, terms.previous, strict=True):
        now = facts.counts
        apart += sum(
            abs(now.get(pair, 0) - before.get(pair, 0)) for pair in {*now, *before}
        )
    return float(apart)

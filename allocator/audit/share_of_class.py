"""Check of `allocator.policy.ShareOfClass`: count members and those who have it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.audit.facts import known_value
from allocator.audit.finding import Found, judged
from allocator.audit.networks import has_group
from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.audit.facts import Facts
    from allocator.policy import ShareOfClass


def check(rule: ShareOfClass, facts: Facts) -> list[Found]:
    """Return one found per unit that has any member.

    Raises
    ------
    MissingColumnError
        When the register lacks the attribute or what decides membership.
    """
    units = facts.units(rule)
    if not units:
        return []
    everywhere = facts.members(rule.of, frozenset(facts.zones), existing_only=True)
    result = []
    for unit in units:
        members = [s for s in everywhere if facts.in_zones(s, unit.zones)]
        if not members:
            continue
        having = sum(_has(rule, site_id, facts) for site_id in members)
        needed = math.ceil(rule.exact_share * len(members))
        lacking = max(0, needed - having)
        result.append(
            judged(
                unit.id,
                unit.name,
                Text(
                    f"{len(members)} 所的 {rule.share:.0%}, 即 {needed} 所",
                    f"{rule.share:.0%} of {len(members)}, that is {needed}",
                ),
                Text(f"{having} 所", f"{having}"),
                missing=float(lacking),
                gap=Text(f"缺 {lacking} 所", f"{lacking} missing"),
            )
        )
    return result


def _has(rule: ShareOfClass, site_id: str, facts: Facts) -> bool:
    if rule.service is not None:
        return (site_id, rule.service) in facts.held
    if rule.network is not None:
        return has_group(facts, facts.policy.networks[rule.network], site_id)
    return bool(known_value(facts.sites[site_id], str(rule.attribute)))

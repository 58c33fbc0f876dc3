"""What a plan adds elsewhere than where the brief wants it to go first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.audit.facts import Facts
    from allocator.policy.terms import Terms

TILT = "amounts_elsewhere"  # the objective's name


def amounts_elsewhere(facts: Facts, terms: Terms) -> float:
    """Return what is added, each unit counted by 1 less the weight of its site.

    Over all phases; in units of the resources, added up.
    """
    total = 0.0
    for tilt in terms.tilts:
        for (site_id, resource), amount in sorted(facts.added.items()):
            if resource == tilt.resource:
                favour = tilt.weights.get(facts.sites[site_id]["class"], 0.0)
                total += amount - favour * amount
    return total

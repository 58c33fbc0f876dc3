"""Terms of the objective ``amounts_elsewhere``.

In words: every unit of a tilted resource that is added counts by how far its site is
from being favoured: not at all where the weight is 1, in full where it is 0.
Formula: minimise sum (1 - w[r, class of s]) * q[s, r] over the tilted resources r.

What is minimised is what goes elsewhere. To maximise the weighted amount itself would
add resources for their own sake wherever neither a budget nor a rate bounds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.formulation.program import Program, Term


def elsewhere_terms(program: Program) -> list[Term]:
    """Return the weighted amounts that are added elsewhere; units of the resources.

    Amounts of a phase include those of the phases before it.
    """
    weights = {tilt.resource: tilt.weights for tilt in program.terms.tilts}
    classes = program.area.sites["class"]
    terms = []
    for (site_id, resource), amount in program.amounts.items():
        if resource not in weights:
            continue
        elsewhere = 1.0 - weights[resource].get(str(classes[site_id]), 0.0)
        if elsewhere > 0:
            terms.append((amount, elsewhere))
    return terms

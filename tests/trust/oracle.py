"""Every rule, modifier and objective against trying all there is: the part ``oracle``.

The checks are those of tests/property; here they are counted, and there are more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.factories import answer
from tests.oracle import keeps_every_rule
from tests.property.briefs import briefs, phased_briefs
from tests.property.mutants import mutants
from tests.property.test_against_oracle import (
    check_mutant,
    check_optimum,
    check_sequence,
)
from tests.property.test_equity_against_oracle import check_fairest, fair_briefs
from tests.trust.counting import figure_of, tally
from tests.trust.figures import Figure

if TYPE_CHECKING:
    from tests.factories import Case

SIZES = {"tasks": 3000, "phases": 600, "fair": 600, "plans": 1500}
CHANGES = 10  # of every plan


def optimum_of(case: Case) -> str:
    """Hold program, plan and audit against the oracle."""
    return "feasible" if check_optimum(case) else "infeasible"


def sequence_of(task: Any) -> str:
    """Hold the plans of all phases against the oracle."""
    return "feasible" if check_sequence(task) else "infeasible"


@st.composite
def changed_plans(draw: Any) -> tuple[Case, list[Any]]:
    """Return a task and plans of it with one thing changed each."""
    case = draw(briefs())
    found = answer(case)
    if found.plan is None:
        return case, []
    return case, [draw(mutants(case, found.plan)) for _ in range(CHANGES)]


def audit_of(drawn: tuple[Case, list[Any]]) -> str:
    """Hold the audit of changed plans against the oracle's reading of every rule."""
    case, plans = drawn
    for plan in plans:
        check_mutant(case, plan)
    broken = sum(not keeps_every_rule(case, plan) for plan in plans)
    return f"with {broken} of {len(plans)} broken" if plans else "infeasible"


def figures(share: float) -> list[Figure]:
    """Try thousands of tasks."""
    kinds, wrong = tally(briefs(), optimum_of, examples=round(SIZES["tasks"] * share))
    found = [figure_of("random tasks against every subset", kinds, wrong)]
    kinds, wrong = tally(
        phased_briefs(), sequence_of, examples=round(SIZES["phases"] * share)
    )
    found.append(figure_of("tasks of two phases against every sequence", kinds, wrong))
    kinds, wrong = tally(
        fair_briefs(), check_fairest, examples=round(SIZES["fair"] * share)
    )
    found.append(
        figure_of("objectives about fairness against every subset", kinds, wrong)
    )
    kinds, wrong = tally(
        changed_plans(), audit_of, examples=round(SIZES["plans"] * share)
    )
    broken = good = 0
    for kind, count in kinds.items():
        if kind.startswith("with"):
            number = int(kind.split()[1])
            broken += number * count
            good += (CHANGES - number) * count
    note = f"{broken:,} refused, {good:,} passed" + "".join(f"; {w}" for w in wrong[:1])
    what = "plans with one thing changed, audited as the oracle reads every rule"
    found.append(Figure(what, broken + good, len(wrong), note))
    return found

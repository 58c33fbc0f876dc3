"""Random small tasks with answers that the oracle gave once, each a test of its own.

Judging mutants asks the same tasks again and again: what only depends on the task
(drawing it, trying every subset) is done when this file is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from allocator.audit import check_phases, other_values
from allocator.errors import AuditError
from tests.factories import Case, Phased, answer
from tests.oracle import keeps_every_rule, optimum
from tests.oracle_equity import fairest
from tests.property.briefs import briefs, phased_briefs
from tests.property.mutants import mutants
from tests.property.test_equity_against_oracle import fair_briefs

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def drawn(strategy: SearchStrategy[Any], number: int) -> list[Any]:
    """Return what a strategy draws first, the same every time."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found


@st.composite
def changed_plans(draw: Any) -> tuple[Case, Any, bool] | None:
    """Return a task, a plan a little other than the best, and whether it is sound."""
    case = draw(briefs())
    plan = answer(case).plan
    if plan is None:
        return None
    changed = draw(mutants(case, plan))
    return case, changed, keeps_every_rule(case, changed)


@st.composite
def changed_phases(draw: Any) -> tuple[Case, Any, bool] | None:
    task = draw(phased_briefs())
    plans = answer(task).plans
    if not plans:
        return None
    number = draw(st.sampled_from(range(len(task.cases))))
    case = task.read_as(number)
    changed = draw(mutants(case, plans[number]))
    last = number == len(task.cases) - 1
    return case, changed, keeps_every_rule(task.cases[number], changed, last=last)


TASKS = [(case, optimum(case)) for case in drawn(briefs(), 120)]
PHASED = [(task, optimum(*task.cases)) for task in drawn(phased_briefs(), 40)]
FAIR = [(case, fairest(case)) for case in drawn(fair_briefs(), 50)]
CHANGED = [
    plan
    for plan in [*drawn(changed_plans(), 160), *drawn(changed_phases(), 40)]
    if plan is not None
]


@pytest.mark.parametrize("number", range(len(TASKS)))
def test_optimum(number):
    case, best = TASKS[number]
    hold_against(case, best)


@pytest.mark.parametrize("number", range(len(PHASED)))
def test_optimum_over_phases(number):
    task, best = PHASED[number]
    hold_against(task, best)


def hold_against(task: Case | Phased, best: Any) -> None:
    """Hold program, plans and audit against what the oracle found."""
    cases = task.cases if isinstance(task, Phased) else (task,)
    found = answer(task)
    assert found.feasible == (best is not None)
    if best is None:
        return
    stated = found.stated
    assert stated.pop("shortfall", 0.0) == pytest.approx(best.shortfall, abs=1e-4)
    expected = dict(zip(cases[0].terms.objective, best.values, strict=True))
    assert stated == pytest.approx(expected, rel=1e-4, abs=1e-3)
    facts = []
    for number, plan in enumerate(found.plans):
        last = number == len(cases) - 1
        assert keeps_every_rule(cases[number], plan, last=last)
        case = task.read_as(number) if isinstance(task, Phased) else task
        case.refuse_unless_sound(plan)
        facts.append(case.facts(plan))
    assert other_values(facts, found.stated, cases[-1].terms) == []
    years = [case.terms.year for case in cases]
    assert check_phases(list(zip(years, found.plans, strict=True))) == []


@pytest.mark.parametrize("number", range(len(FAIR)))
def test_fairest(number):
    case, best = FAIR[number]
    found = answer(case)
    assert found.feasible == (best is not None)
    if best is None:
        return
    shortfall, expected = best
    stated = found.stated
    assert stated.pop("shortfall", 0.0) == pytest.approx(shortfall, abs=1e-4)
    assert list(stated) == list(expected)
    assert stated == pytest.approx(expected, rel=1e-4, abs=1e-4)
    case.refuse_unless_sound(found.plan, found.stated)


@pytest.mark.parametrize("number", range(len(CHANGED)))
def test_audit_of_a_changed_plan(number):
    case, changed, sound = CHANGED[number]
    if sound:
        case.refuse_unless_sound(changed)
    else:
        with pytest.raises(AuditError):
            case.refuse_unless_sound(changed)

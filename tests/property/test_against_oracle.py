"""The program and the audit against trying every subset, on random small tasks.

``ALLOCATOR_EXAMPLES=5000 pytest tests/property`` looks longer, and elsewhere each time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from allocator.audit import check_phases, other_values
from allocator.diagnose import as_error, explain, refuse_impossible
from allocator.errors import AuditError, InfeasibleError
from allocator.policy.terms import Phase
from allocator.progress import SILENT
from tests.factories import answer
from tests.oracle import keeps_every_rule, optimum
from tests.property.briefs import briefs, phased_briefs
from tests.property.mutants import mutants

EXAMPLES = int(os.environ.get("ALLOCATOR_EXAMPLES", "75"))
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="ALLOCATOR_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


@thorough
@given(case=briefs())
def test_optimum_and_feasibility_equal_trying_every_subset(case):
    event("feasible" if check_optimum(case) else "infeasible")


def check_optimum(case):
    """Hold program, plan and audit against the oracle; say whether there is a plan."""
    best, found = optimum(case), answer(case)
    assert found.feasible == (best is not None)
    if best is None:
        return False
    stated = found.stated
    assert stated.pop("shortfall", 0.0) == pytest.approx(best.shortfall, abs=1e-4)
    expected = dict(zip(case.terms.objective, best.values, strict=True))
    assert stated == pytest.approx(expected, rel=1e-4, abs=1e-3)
    assert keeps_every_rule(case, found.plan)
    case.refuse_unless_sound(found.plan, found.stated)
    return True


@thorough
@given(case=briefs(), data=st.data())
def test_audit_refuses_a_changed_plan_exactly_when_it_breaks_a_rule(case, data):
    found = answer(case)
    if found.plan is None:
        return
    changed = data.draw(mutants(case, found.plan))
    check_mutant(case, changed)


@thorough
@given(task=phased_briefs())
def test_optimum_over_phases_equals_trying_every_sequence(task):
    event("feasible" if check_sequence(task) else "infeasible")


def check_sequence(task):
    """Hold the plans of all phases against the oracle; say whether there are any."""
    best, found = optimum(*task.cases), answer(task)
    assert found.feasible == (best is not None)
    if best is None:
        return False
    stated = found.stated
    assert stated.pop("shortfall", 0.0) == pytest.approx(best.shortfall, abs=1e-4)
    order = task.cases[0].terms.objective
    assert stated == pytest.approx(
        dict(zip(order, best.values, strict=True)), rel=1e-4, abs=1e-3
    )
    facts = []
    for number, plan in enumerate(found.plans):
        last = number == len(task.cases) - 1
        assert keeps_every_rule(task.cases[number], plan, last=last)
        case = task.read_as(number)
        case.refuse_unless_sound(plan)
        facts.append(case.facts(plan))
    assert other_values(facts, found.stated, task.cases[-1].terms) == []
    years = [case.terms.year for case in task.cases]
    assert check_phases(list(zip(years, found.plans, strict=True))) == []
    return True


@thorough
@given(task=phased_briefs(), data=st.data())
def test_audit_refuses_a_changed_phase_exactly_when_it_breaks_a_rule(task, data):
    found = answer(task)
    if found.plan is None:
        return
    number = data.draw(st.sampled_from(range(len(task.cases))))
    case = task.read_as(number)
    changed = data.draw(mutants(case, found.plans[number]))
    last = number == len(task.cases) - 1
    check_mutant(case, changed, task.cases[number], last=last)


def check_mutant(case, changed, as_written=None, *, last=True):
    sound = keeps_every_rule(as_written or case, changed, last=last)
    event("sound" if sound else "broken")
    if sound:
        case.refuse_unless_sound(changed)
    else:
        with pytest.raises(AuditError):
            case.refuse_unless_sound(changed)


@thorough
@given(case=briefs())
def test_infeasible_task_is_explained_with_a_rule_and_a_number(case):
    if answer(case).feasible:
        return
    error = explanation(case)
    named = [f for f in error.findings if f.code.startswith("infeasible-")]
    event(named[0].code if named else "nothing named")
    assert error.exit_code == 5
    assert named
    for finding in named:
        assert finding.keys
        assert finding.code == "infeasible-conflict" or any(
            figure.isdigit() for figure in finding.message.en
        )


def explanation(case):
    try:
        refuse_impossible(case.build(), case.area, case.policy)
    except InfeasibleError as error:
        return error
    phase = Phase(case.area, case.policy, case.terms)
    found = explain([phase], case.travel, seconds=20, ways_out=False, progress=SILENT)
    return as_error(found, case.area, case.policy)

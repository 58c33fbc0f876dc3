"""What a fixed plan is worth under a scenario, measured by the audit.

Placements and amounts stay; people are assigned anew; then the independent audit reads
people, journeys and clauses with the figures of the scenario. No figure of the solver
is taken over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.audit import (
    AuditRow,
    Facts,
    Verdict,
    audit,
    measure,
    refuse_unless_sound,
)
from allocator.errors import AuditError, Finding, Text
from allocator.formulation import OF_MONEY, OF_PLACEMENTS
from allocator.policy import Priority, ShareOfClass
from allocator.scenarios.figures import (
    pairs_out,
    placed_under,
    plan_in_year,
    without,
)
from allocator.scenarios.reassign import reassigned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.plan import Plan
    from allocator.policy.terms import Phase, Terms
    from allocator.scenarios.figures import Pair, World

_MONEY_TOLERANCE = 1e-6  # relative, as the audit allows over a budget


@dataclass(frozen=True)
class Breach:
    """A must clause that a plan does not keep under a scenario, in one unit."""

    rule_id: str
    unit_id: str
    unit: str
    gap: Text


@dataclass(frozen=True)
class Evaluation:
    """A plan under a scenario.

    Parameters
    ----------
    scenario
        Its name.
    objectives
        Every objective of the brief that the audit measures, by name.
    uncovered_people
        People out of reach over all coverage rules, plus people served nowhere.
    person_minutes, minutes_mean
        Of all journeys; the mean is NaN where nobody travels.
    capital_wan, yearly_wan
        What the plan costs, 万元.
    over_capital_wan, over_yearly_wan
        How much of it is above the budget, 万元; 0 within it.
    broken
        Must clauses that are not kept.
    out
        The facility out of service, a site id, where the scenario takes out any one.
    """

    scenario: str
    objectives: Mapping[str, float]
    uncovered_people: float
    person_minutes: float
    minutes_mean: float
    capital_wan: float
    yearly_wan: float
    over_capital_wan: float
    over_yearly_wan: float
    broken: tuple[Breach, ...]
    out: str = ""

    @property
    def keeps_everything(self) -> bool:
        """Whether every must clause and the budget are kept."""
        over = self.over_capital_wan > 0 or self.over_yearly_wan > 0
        return not self.broken and not over


def evaluate(
    world: World, plan: Plan, *, out: frozenset[Pair] | None = None, site: str = ""
) -> Evaluation:
    """Hold a plan against a scenario.

    Parameters
    ----------
    world
        The task under the scenario.
    plan
        Placements of all phases, at the prices of the task; anybody's assignments.
    out
        The (site_id, service) pairs out of service; None: those of the scenario.
    site
        The facility out of service, to be shown.

    Raises
    ------
    AuditError
        When the people assigned or the prices are not as the figures say: a fault of
        the program.
    SolverError
        When people could not be shared out.
    """
    services = list(world.phases[-1].policy.services)
    gone = pairs_out(world.scenario, services) if out is None else out
    audited = []
    for phase in world.phases:
        last = phase is world.phases[-1]
        placed = placed_under(world.scenario, plan_in_year(plan, phase, last=last))
        there = reassigned(phase, world.travel, without(placed, gone))
        facts = Facts(phase.area, world.travel, phase.policy, there)
        rows = audit(facts)
        if not gone:
            _refuse_unsound(facts, phase.terms, rows)
        audited.append((phase, facts, rows, placed))
    return _summed_up(world, audited, site)


type _Audited = tuple[Phase, Facts, tuple[AuditRow, ...], Plan]


def _summed_up(world: World, audited: Sequence[_Audited], site: str) -> Evaluation:
    facts = [of_phase for _, of_phase, _, _ in audited]
    terms = world.phases[-1].terms
    people = sum(float(f.plan.assignments["people"].sum()) for f in facts)
    minutes = _measured("person_minutes", facts, terms)
    whole = audited[-1][3]
    return Evaluation(
        scenario=world.scenario.name,
        objectives=_values(world, audited),
        uncovered_people=_measured("uncovered_people", facts, terms),
        person_minutes=minutes,
        minutes_mean=minutes / people if people > 0 else float("nan"),
        capital_wan=_spent(whole, "capital_wan"),
        yearly_wan=_spent(whole, "yearly_wan"),
        over_capital_wan=max(_over_capital(p.terms, plan) for p, _, _, plan in audited),
        over_yearly_wan=max(
            _over(_spent(plan, "yearly_wan"), p.terms.yearly_wan)
            for p, _, _, plan in audited
        ),
        broken=_broken(audited),
        out=site,
    )


def _values(world: World, audited: Sequence[_Audited]) -> dict[str, float]:
    """Return what the audit measures of the brief's objectives, and the scores.

    What is out of service is paid for and stands all the same.
    """
    terms = world.phases[-1].terms
    serving = [facts for _, facts, _, _ in audited]
    standing = [
        Facts(phase.area, world.travel, phase.policy, placed)
        for phase, _, _, placed in audited
    ]
    found = {}
    for name in terms.objective:
        of_places = name in OF_PLACEMENTS or name in OF_MONEY
        value = measure(name, standing if of_places else serving, terms)
        if value is not None:
            found[name] = value
        elif name == "scores":
            new = standing[-1].held - standing[-1].today
            found[name] = sum(terms.scores.get(pair, 0.0) for pair in sorted(new))
    return found


def _measured(name: str, facts: Sequence[Facts], terms: Terms) -> float:
    value = measure(name, facts, terms)
    return 0.0 if value is None else value


def _spent(plan: Plan, column: str, year: int | None = None) -> float:
    total = 0.0
    for frame in (plan.placements, plan.allocations):
        rows = frame if year is None else frame[frame["phase"] == year]
        total += float(rows[column].sum())
    return total


def _over(spent: float, limit: float | None) -> float:
    if limit is None or spent <= limit + _MONEY_TOLERANCE * max(1.0, limit):
        return 0.0
    return spent - limit


def _over_capital(terms: Terms, plan: Plan) -> float:
    return max(
        _over(_spent(plan, "capital_wan", terms.year), terms.capital_wan),
        _over(_spent(plan, "capital_wan"), terms.total_capital_wan),
    )


def _broken(audited: Sequence[_Audited]) -> tuple[Breach, ...]:
    """Return the must clauses that are not kept in some phase, and who is unserved."""
    found: dict[tuple[str, str], Breach] = {}
    for phase, facts, rows, _ in audited:
        for row in _not_kept(facts, rows):
            key = (row.rule_id, row.unit_id)
            found.setdefault(key, Breach(row.rule_id, row.unit_id, row.unit, row.gap))
        for breach in _unserved(facts, phase.terms):
            found.setdefault((breach.rule_id, breach.unit_id), breach)
    return tuple(found.values())


def _not_kept(facts: Facts, rows: Sequence[AuditRow]) -> list[AuditRow]:
    """Return the must rows that are not met, but for what no placement decides."""
    beyond = {
        rule.id
        for rule in facts.policy.rules
        if any(isinstance(r, ShareOfClass) and r.service is None for r in rule.readings)
    }
    return [
        row
        for row in rows
        if row.verdict is Verdict.NOT_MET
        and row.priority == Priority.MUST
        and row.rule_id not in beyond
    ]


def _unserved(facts: Facts, terms: Terms) -> list[Breach]:
    """Return the services that leave people out, where the task has to serve all."""
    if "uncovered_people" in terms.objective:
        return []
    breaches = []
    demand = facts.area.demand
    for name in sorted(facts.policy.services):
        zones = facts.addressed(name)
        people = demand.loc[demand["zone_id"].isin(zones), "people"].astype(float)
        rows = facts.plan.assignments
        served = float(rows.loc[rows["service"] == name, "people"].sum())
        left = float(people.sum()) - served
        if left > 1e-6 * max(1.0, float(people.sum())):
            words = Text(f"{left:,.0f} 人未被服务", f"{left:,.0f} people unserved")
            breaches.append(Breach(f"serves:{name}", "", facts.area.name, words))
    return breaches


def _refuse_unsound(facts: Facts, terms: Terms, rows: Sequence[AuditRow]) -> None:
    """Stop when assignments or prices are not true under the figures.

    What the scenario breaks is no fault: clauses, budgets, people not served.
    """
    gaps = {(row.rule_id, row.unit_id) for row in _not_kept(facts, rows)}
    gaps |= {(f"serves:{name}", "") for name in facts.policy.services}
    gaps |= {("locked", str(site_id)) for site_id in facts.sites}
    refuse_unless_sound(facts, _without_budget(terms), rows, {}, gaps=gaps)


def _without_budget(terms: Terms) -> Terms:
    return replace(terms, capital_wan=None, yearly_wan=None, total_capital_wan=None)


def refuse_broken_promise(found: Evaluation, plan: str) -> None:
    """Stop when a robust plan breaks what must hold under a scenario.

    Raises
    ------
    AuditError
        When a must clause or a budget is not kept.
    """
    if found.keeps_everything:
        return
    names = ", ".join(f"{b.rule_id} {b.unit}" for b in found.broken)
    over = found.over_capital_wan + found.over_yearly_wan
    message = Text(
        f"稳健方案在情景“{found.scenario}”下未通过审核: {names} "
        f"超出预算 {over:,.2f} 万元",
        f"the robust plan fails its audit in {found.scenario}: {names}; "
        f"{over:,.2f} 万元 over budget",
    )
    raise AuditError([Finding("plan-breaks-scenario", message, keys=(plan,))])

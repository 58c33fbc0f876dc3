"""Everything that the scenarios showed, as one frozen result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allocator.errors import Finding, Language, Text
from allocator.scenarios.definitions import NOMINAL, NOMINAL_WORDS, Scenario
from allocator.scenarios.robust import REGRET, WORST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.area import PlanningArea
    from allocator.outcome import Outcome
    from allocator.plan import Plan
    from allocator.policy import Policy
    from allocator.scenarios.evaluate import Evaluation
    from allocator.scenarios.outage import Backup, Critical
    from allocator.scenarios.robust import Best, Choice

GIVEN = "given"
PLAN_WORDS = {
    GIVEN: Text("所给方案", "the plan given"),
    NOMINAL.name: Text("原方案", "nominal plan"),
    WORST: Text("稳健方案(最坏情形)", "robust plan (worst case)"),
    REGRET: Text("稳健方案(后悔值)", "robust plan (regret)"),
}
STATE_WORDS = {
    "optimal": Text("已证明最优", "proven optimal"),
    "feasible": Text("未证明最优", "not proven optimal"),
    "infeasible": Text(
        "没有方案能在要求成立的情景下守住全部必须条款和预算",
        "no plan keeps must clauses and budgets under the scenarios that require it",
    ),
    "not_found": Text("限时内或中断前没有找到", "not found in time, or stopped before"),
}
_SAME = 1e-5  # relative: what the audit allows between its measures and the solver's


@dataclass(frozen=True)
class Held:
    """One plan held against all scenarios.

    Parameters
    ----------
    kind
        ``given``, ``nominal``, ``worst_case`` or ``regret``.
    plan
        What it places.
    outcome
        All that its run folder holds; None for a plan that was given.
    evaluations
        By scenario name; without those that were not reached.
    critical
        By the name of a scenario that takes out any one facility: all of them, the
        most critical first.
    backups
        By the same name: how many people have a second holder.
    """

    kind: str
    plan: Plan
    outcome: Outcome | None
    evaluations: Mapping[str, Evaluation]
    critical: Mapping[str, tuple[Critical, ...]] = field(default_factory=dict)
    backups: Mapping[str, tuple[Backup, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """What is proven of one objective of a robust plan.

    Parameters
    ----------
    name
        The objective.
    value
        Its largest value, or regret, over the scenarios, as the audit measures it; in
        its own sense.
    bound
        The best that any plan can reach; None where nothing was proven.
    gap
        abs(value - bound) / max(1, abs(value)).
    proven
        Whether no plan is better, given the objectives before it.
    """

    name: str
    value: float
    bound: float | None
    gap: float | None
    proven: bool


@dataclass(frozen=True)
class ScenarioReport:
    """What the scenarios showed.

    Parameters
    ----------
    name, language
        Of the plan, and of everything written.
    area, policy
        The task.
    scenarios
        In the order of the brief, the figures as given first.
    signs
        By objective, in the brief's order: -1 where more is better.
    plans
        The plans that were held, in the order in which they are shown.
    best
        The best for each scenario alone, by name; empty where it was not solved.
    choices
        The robust plans that were looked for.
    findings
        Warnings and notes.
    gap
        The relative gap at which something counts as proven.
    interrupted
        Whether the work was stopped: what is here was finished before.
    certificate
        Solver, versions, inputs and times.
    """

    name: str
    language: Language
    area: PlanningArea
    policy: Policy
    scenarios: tuple[Scenario, ...]
    signs: Mapping[str, float]
    plans: tuple[Held, ...]
    best: Mapping[str, Best]
    choices: tuple[Choice[Outcome], ...]
    findings: tuple[Finding, ...]
    gap: float
    interrupted: bool
    certificate: Mapping[str, Any]

    @property
    def weighed(self) -> tuple[Scenario, ...]:
        """The scenarios that robust plans are chosen for."""
        return tuple(s for s in self.scenarios if not s.any_out)

    def held(self, kind: str) -> Held | None:
        """Return a plan by its kind; None where there is none."""
        return next((held for held in self.plans if held.kind == kind), None)

    def say(self, scenario: Scenario) -> str:
        """Return the shown name of a scenario."""
        if scenario.name == NOMINAL.name:
            return NOMINAL_WORDS.say(self.language)
        return scenario.name

    def minimised(self, held: Held, scenario: Scenario, name: str) -> float | None:
        """Return the value of an objective as it is minimised; None if not measured."""
        found = held.evaluations.get(scenario.name)
        if found is None or name not in found.objectives:
            return None
        return self.signs[name] * found.objectives[name]

    def regret(self, held: Held, scenario: Scenario, name: str) -> float | None:
        """Return how much worse a plan is than the best for a scenario alone."""
        best = self.best.get(scenario.name)
        value = self.minimised(held, scenario, name)
        if best is None or value is None or name not in best.objectives:
            return None
        return value - best.objectives[name]

    def largest(self, held: Held, kind: str, name: str) -> float | None:
        """Return the worst value, or the largest regret, of a plan in its own sense.

        Only scenarios that robust plans are chosen for count.
        """
        of = self.regret if kind == REGRET else self.minimised
        found = [of(held, scenario, name) for scenario in self.weighed]
        known = [value for value in found if value is not None]
        if not known or len(known) < len(found):
            return None
        return max(known) if kind == REGRET else self.signs[name] * max(known)

    def proofs(self, choice: Choice[Outcome]) -> tuple[Proof, ...]:
        """Return what is proven of a robust plan, by what the audit measures.

        A bound of a later objective holds while those before it are as good as can be.
        """
        held = self.held(choice.kind)
        if held is None:
            return ()
        result = []
        so_far = choice.kind != REGRET or all(b.proven for b in self.best.values())
        for name, stage in zip(self.signs, choice.stages, strict=True):
            value = self.largest(held, choice.kind, name)
            if value is None:
                continue
            bound = stage.bound if so_far else None
            gap = None if bound is None else abs(value - bound) / max(1.0, abs(value))
            same = abs(value - stage.value) <= _SAME * max(1.0, abs(value))
            proven = (
                so_far
                and same
                and stage.status == "optimal"
                and gap is not None
                and gap <= self.gap + _SAME
            )
            result.append(Proof(name, value, bound, gap, proven))
            so_far = proven
        return tuple(result)

"""The errors that say why no plan exists, in the planner's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.diagnose.explain import contradiction
from allocator.diagnose.names import Names
from allocator.diagnose.words import (
    Lack,
    clause_in_words,
    findings_of,
    of_impossible,
    proof_in_words,
)
from allocator.errors import AllocatorError, Finding, InfeasibleError, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.area import PlanningArea
    from allocator.diagnose.explain import Collision, Explanation
    from allocator.formulation import Formulation
    from allocator.policy import Policy


def refuse_impossible(
    formulation: Formulation, area: PlanningArea, policy: Policy
) -> None:
    """Stop when bounds alone show that some rule cannot hold.

    Raises
    ------
    InfeasibleError
        One finding per rule and unit.
    """
    if not formulation.impossible:
        return
    dated = len(formulation.programs) > 1
    lacks = [of_impossible(item, dated=dated) for item in formulation.impossible]
    raise InfeasibleError(_impossible(lacks, area, policy))


def _impossible(
    lacks: Sequence[Lack], area: PlanningArea, policy: Policy
) -> list[Finding]:
    head = Text("这些条款无论如何都无法满足", "these rules cannot be met in any way")
    names = Names.of_task(area, policy)
    return [Finding("infeasible", head), *findings_of(lacks, names)]


def as_error(
    explanation: Explanation, area: PlanningArea, policy: Policy
) -> AllocatorError:
    """Return what to raise for a task that a solver called infeasible.

    Returns
    -------
    error
        An `InfeasibleError`: first what the two solvers say, then the clauses that
        collide, then what a plan with the least shortfall leaves missing. A
        `SolverError` when nothing collides after all.
    """
    if explanation.feasible or not (explanation.collisions or explanation.least):
        return contradiction()
    names = Names.of_task(area, policy)
    head = Text(
        "没有满足全部条款的方案; 缺口最小的一种出路如下",
        "no plan keeps every rule; the way out with the least shortfall is below",
    )
    findings = [Finding("infeasible", head)]
    findings += findings_of(explanation.least, names)
    for number, collision in enumerate(explanation.collisions, 1):
        findings += _collision(number, collision, names)
    return InfeasibleError(findings)


def _collision(number: int, collision: Collision, names: Names) -> list[Finding]:
    proof = proof_in_words(collision)
    findings = []
    for clause in collision.clauses:
        units = [e.unit_id for e in collision.elements if e.clause == clause]
        words = clause_in_words(clause, units, names)
        rule = names.rules.get(clause.rule_id)
        findings.append(
            Finding(
                "infeasible-conflict",
                Text(
                    f"冲突 {number} ({proof.zh}): {words.zh}",
                    f"conflict {number} ({proof.en}): {words.en}",
                ),
                table=rule.file if rule else "",
                keys=(clause.rule_id,),
            )
        )
    return findings

"""``allocator explain``: when no plan exists, why, and what would make one possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.diagnose.names import Names
from allocator.diagnose.words import (
    clause_in_words,
    in_words,
    proof_in_words,
    units_in_words,
    way_in_words,
)
from allocator.errors import Text
from allocator.pipeline import explain_task, read_task

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.cli.console import Console, TerminalProgress
    from allocator.diagnose import Collision, Explanation, WayOut
    from allocator.diagnose.relaxation import Clause
    from allocator.diagnose.words import Lack
    from allocator.pipeline import Task


def explain(brief: Path, console: Console, progress: TerminalProgress) -> None:
    """Say which clauses collide and the least that must give way, or that none do.

    Raises
    ------
    AllocatorError
        When the brief cannot be read, or the two solvers contradict each other.
    """
    task = read_task(brief, progress=progress)
    explanation = explain_task(task, progress=progress)
    if console.as_json:
        console.data(_as_data(task, explanation, console))
        return
    console.findings(task.findings)
    for line in _lines(task, explanation):
        console.result(line.say(console.language))


def _lines(task: Task, explanation: Explanation) -> list[Text]:
    if explanation.feasible:
        return [
            Text(
                "所有必须条款可以同时满足: 存在可行方案",
                "every clause that must hold can be kept: a plan exists",
            )
        ]
    lines = [
        Text(
            "没有满足全部必须条款的方案",
            "no plan keeps every clause that must hold",
        )
    ]
    for number, collision in enumerate(explanation.collisions, 1):
        lines += _collision_lines(task, number, collision)
    if explanation.ways:
        lines.append(
            Text(
                "出路 (每一条单独即可, 其余条款全部保持):",
                "ways out (any one is enough, all other clauses kept):",
            )
            if len(explanation.collisions) == 1
            else Text(
                "出路 (每个冲突各选一条):",
                "ways out (one is needed for each conflict):",
            )
        )
        lines += [
            _way_line(task, number, way)
            for number, way in enumerate(explanation.ways, 1)
        ]
    lines += [_stuck_line(clause) for clause in explanation.stuck]
    if explanation.least:
        lines.append(
            Text(
                "总缺口最小的一种组合:",
                "the combination with the least total shortfall:",
            )
        )
        for lack in explanation.least:
            words = in_words(lack, _names(task))
            lines.append(
                Text(f"  {lack.rule_id}  {words.zh}", f"  {lack.rule_id}  {words.en}")
            )
    if not explanation.complete:
        lines.append(
            Text(
                "限时已到, 以上并非全部; 可加大 [solver] time_limit_s",
                "time ran out and this is not all; raise [solver] time_limit_s",
            )
        )
    return lines


def _names(task: Task) -> Names:
    return Names.of_task(task.area, task.policy)


def _collision_lines(task: Task, number: int, collision: Collision) -> list[Text]:
    proof = proof_in_words(collision)
    lines = [
        Text(
            f"冲突 {number}: 以下条款不能同时成立 ({proof.zh})",
            f"conflict {number}: these clauses cannot hold together ({proof.en})",
        )
    ]
    names = _names(task)
    for clause in collision.clauses:
        units = [e.unit_id for e in collision.elements if e.clause == clause]
        words = clause_in_words(clause, units, names)
        lines.append(
            Text(f"  {clause.rule_id}  {words.zh}", f"  {clause.rule_id}  {words.en}")
        )
    return lines


def _way_line(task: Task, number: int, way: WayOut) -> Text:
    words = way_in_words(way.lacks, _names(task))
    unproven = (
        Text("", "")
        if way.proven
        else Text(" (未证明是最小的)", " (not proven to be the least)")
    )
    rule_id = way.clause.rule_id
    return Text(
        f"  {number}. {rule_id}: {words.zh}{unproven.zh}",
        f"  {number}. {rule_id}: {words.en}{unproven.en}",
    )


def _stuck_line(clause: Clause) -> Text:
    return Text(
        f"  仅放宽 {clause.rule_id} 不够: 其余条款仍有冲突",
        f"  giving up {clause.rule_id} alone is not enough: others still collide",
    )


def _as_data(task: Task, explanation: Explanation, console: Console) -> dict[str, Any]:
    names = _names(task)

    def clause_data(clause: Clause, units: list[str]) -> dict[str, Any]:
        rule = names.rules.get(clause.rule_id)
        return {
            "rule_id": clause.rule_id,
            "budget": clause.what,
            "year": clause.year,
            "quote": rule.quote if rule else "",
            "pack": rule.pack if rule else "",
            "unit_ids": units,
            "units": [
                units_in_words([unit], names).say(console.language) for unit in units
            ],
        }

    return {
        "exit_code": 0,
        "feasible": explanation.feasible,
        "complete": explanation.complete,
        "conflicts": [
            {
                "proof": collision.proof,
                "unit_proof": collision.unit_proof,
                "seen_without_solving": collision.by_bounds,
                "second_solver": collision.confirmed,
                "clauses": [
                    clause_data(
                        clause,
                        [e.unit_id for e in collision.elements if e.clause == clause],
                    )
                    for clause in collision.clauses
                ],
            }
            for collision in explanation.collisions
        ],
        "ways_out": [
            {
                "rule_id": way.clause.rule_id,
                "budget": way.clause.what,
                "year": way.clause.year,
                "total": way.total,
                "bound": way.bound,
                "proven": way.proven,
                "words": way_in_words(way.lacks, names).say(console.language),
                "parts": [_lack_data(lack) for lack in way.lacks],
            }
            for way in explanation.ways
        ],
        "not_alone": [clause.rule_id for clause in explanation.stuck],
        "least_shortfall": [_lack_data(lack) for lack in explanation.least],
    }


def _lack_data(lack: Lack) -> dict[str, Any]:
    return {
        "rule_id": lack.rule_id,
        "unit_id": lack.unit_id,
        "what": lack.what,
        "year": lack.year,
        "needed": lack.needed,
        "missing": lack.missing,
    }

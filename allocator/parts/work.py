"""Answering the questions to one part, wherever this runs.

A part's program is built once in each process and kept for the next questions, the
least recently used forgotten first.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulp

from allocator.errors import AllocatorError
from allocator.formulation import (
    Formulation,
    Objective,
    add_certain_service,
    build_phases,
    clause_added,
    money_added,
    read_plans,
)
from allocator.parts.closing import close
from allocator.parts.known import (
    Known,
    Option,
    OwnStage,
    Proof,
    Size,
    Weights,
    unit,
)
from allocator.parts.packing import pack_plans
from allocator.parts.part import Answer, Part, Question
from allocator.solve import Row, Session, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Programs that one process keeps: each 10,000 columns take some 20 MB.
_MOST_KEPT, _MOST_COLUMNS = 128, 400_000
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Desk:
    """A part with its program, ready to be solved."""

    part: Part
    formulation: Formulation
    session: Session
    measures: tuple[pulp.LpAffineExpression, ...]
    rows: dict[int, Row]
    needed: dict[str, float]


_desks: OrderedDict[str, Desk] = OrderedDict()


def work(part: Part, questions: Sequence[Question]) -> Answer:
    """Answer questions to a part; what cannot be said is said in the answer.

    Parameters
    ----------
    part
        What is planned.
    questions
        In the order in which they are answered.
    """
    _leave_interrupts_to_the_parent()
    started = time.process_time()
    try:
        desk = _desk(part)
        if desk.formulation.impossible:
            return Answer(infeasible=True)
        known = _described(desk)
        for question in questions:
            if not _answer(desk, question, known):
                return Answer(infeasible=True)
            known.asked.add(question.name)
    except AllocatorError as error:
        # Findings travel as data: the error itself cannot be taken apart and put
        # together again on the way between processes.
        return Answer(failed=error.findings, exit_code=error.exit_code)
    known.seconds = time.process_time() - started
    return Answer(known)


def _leave_interrupts_to_the_parent() -> None:
    """Let Ctrl-C end the parent's waiting, not the work of a process under it."""
    worker = _is_worker()
    if worker and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _is_worker() -> bool:
    import multiprocessing  # noqa: PLC0415 (loky and dask both start through it)

    return multiprocessing.parent_process() is not None


def _desk(part: Part) -> Desk:
    if part.key and part.key in _desks:
        _desks.move_to_end(part.key)
        return _desks[part.key]
    formulation = build_phases(part.phases, part.travel)
    if _serves_first(part):
        for phase in formulation.parts:
            add_certain_service(phase.program, phase.serving)
    stages = {stage.name: stage.expression for stage in formulation.stages}
    measures = [stages.get(name, pulp.lpSum([])) for name in part.stages]
    added = {
        (number, rule.id): clause_added(formulation, number, rule)
        for number, rules in enumerate(part.totals)
        for rule in rules
    }
    needed = {}
    for limit in part.limits:
        if limit.is_money:
            one = money_added(formulation, limit.phase, limit.name)
        else:
            found = added[limit.phase, limit.name].get(limit.what)
            if found is None:
                measures.append(pulp.lpSum([]))
                continue
            one = found
        measures.append(one.expression)
        needed[limit.key] = one.needed
    session = Session(formulation, gap=part.gap, threads=part.threads)
    desk = Desk(part, formulation, session, tuple(measures), {}, needed)
    _desks[part.key] = desk
    while len(_desks) > 1 and (
        len(_desks) > _MOST_KEPT or sum(map(_columns, _desks.values())) > _MOST_COLUMNS
    ):
        _desks.popitem(last=False)
    return desk


def _columns(desk: Desk) -> int:
    return int(desk.formulation.problem.numVariables())


def _serves_first(part: Part) -> bool:
    """Return whether people are served before journeys are weighed.

    Then a best plan leaves nobody out who has a holder: rows that say so change nothing
    for the whole, and keep a part from being offered fewer people for shorter journeys
    at some prices.
    """
    order = part.stages
    if "uncovered_people" not in order:
        return False
    if "person_minutes" not in order:
        return True
    return order.index("uncovered_people") < order.index("person_minutes")


def _described(desk: Desk) -> Known:
    """Return what is known without solving: bounds of the variables, and the size."""
    count = len(desk.measures)
    proofs = []
    for position, expression in enumerate(desk.measures):
        low, high = _range(expression)
        proofs.append(Proof(unit(count, position), low))
        proofs.append(Proof(unit(count, position, -1.0), -high))
    size = desk.formulation.size
    return Known(
        proofs=[p for p in proofs if abs(p.least) < float("inf")],
        needed=desk.needed,
        present=tuple(stage.name for stage in desk.formulation.stages),
        size=Size(size["rows"], size["columns"], size["integers"]),
    )


def _range(expression: pulp.LpAffineExpression) -> tuple[float, float]:
    """Return the least and the most that the bounds of the variables allow."""
    low = high = float(expression.constant)
    for variable, weight in expression.items():
        ends = [
            weight * _end(variable.lowBound, -1),
            weight * _end(variable.upBound, 1),
        ]
        low, high = low + min(ends), high + max(ends)
    return low, high


def _end(bound: float | None, side: int) -> float:
    return side * float("inf") if bound is None else float(bound)


def _answer(desk: Desk, question: Question, known: Known) -> bool:
    """Add what answers a question; False where the part has no plan at all."""
    if question.closing:
        close(
            lambda within: _weighed(desk, Question(question.weights, within), known),
            question,
            known,
            seconds=desk.part.time_limit_s,
        )
        return True
    if question.explore:
        _explore(desk, question, known)
        return True
    if question.weights:
        return _weighed(desk, question, known) is not None or bool(question.within)
    return _by_itself(desk, known)


def _by_itself(desk: Desk, known: Known) -> bool:
    """Find the best plan of the part where it shares nothing."""
    solution = desk.session.solve(time_limit_s=desk.part.time_limit_s, quiet=True)
    if solution.status == "infeasible":
        return False
    known.own = tuple(
        OwnStage(s.name, s.value, s.bound, s.status) for s in solution.stages
    )
    known.options.append(_option(desk))
    first = solution.stages[0]
    if first.least is not None:
        place = desk.part.stages.index(first.name)
        known.proofs.append(Proof(unit(len(desk.measures), place), first.least))
    return True


def _weighed(desk: Desk, question: Question, known: Known) -> Option | None:
    """Find the plan with the least weighted sum; None where there is none within."""
    expression = pulp.lpSum(
        [w * m for w, m in zip(question.weights, desk.measures, strict=True) if w]
    )
    with _within(desk, question.within, expression):
        solution = desk.session.solve(
            [Objective("weighed", expression)],
            time_limit_s=desk.part.time_limit_s,
            settle=False,
            quiet=True,
        )
        if solution.status == "infeasible":
            return None
        desk.session.settle()
        option = _option(desk)
    known.options.append(option)
    stage: Stage = solution.stages[0]
    if stage.least is not None and not question.within:
        known.proofs.append(Proof(question.weights, stage.least))
    return option


@contextmanager
def _within(
    desk: Desk, within: Sequence[float | None], weighed: pulp.LpAffineExpression
) -> Iterator[None]:
    """Hold measures within limits for a while; the last limit is of what is weighed."""
    rows = []
    if len(within) > len(desk.measures) and within[-1] is not None:
        cutoff = desk.session.new_row(weighed)
        cutoff.at_most(within[-1])
        rows.append(cutoff)
        within = within[:-1]
    for position, most in enumerate(within):
        if most is None:
            continue
        if position not in desk.rows:
            desk.rows[position] = desk.session.new_row(desk.measures[position])
        desk.rows[position].at_most(most)
        rows.append(desk.rows[position])
    try:
        yield
    finally:
        for row in rows:
            row.release()


def _option(desk: Desk) -> Option:
    values = tuple(float(m.value() or 0.0) for m in desk.measures)
    return Option(values, pack_plans(read_plans(desk.formulation)))


def _explore(desk: Desk, question: Question, known: Known) -> None:
    """Find plans between the two ends of a frontier, the widest gap first.

    The frontier is that of the first objective in which the ends differ against what is
    scarce, a weighted sum of what the part adds to limits. The plan that lies farthest
    below the line through two neighbours is looked for by weighing the two as the line
    does (Aneja and Nair 1979). A line that is met is proven.
    """
    scarce = question.weights
    count = len(scarce)
    cheap = _weighed(desk, Question(scarce), known)
    if cheap is None:
        return
    rich = known.options[0]
    first = unit(count, _first_other(rich, cheap, len(desk.part.stages)))
    lines = [(rich, cheap)]
    for _ in range(question.explore):
        if not lines:
            return
        lines.sort(key=lambda ends: -_gain(ends, first, scarce))
        left, right = lines.pop(0)
        if _gain((left, right), first, scarce) <= _ROUNDING:
            return
        rise = _worth(right, first) - _worth(left, first)
        run = _worth(left, scarce) - _worth(right, scarce)
        weights = _mixed(first, scarce, rise / run)
        found = _weighed(desk, Question(weights), known)
        if found is None:
            return
        line = _worth(left, weights)
        if line - _worth(found, weights) > _ROUNDING * max(1.0, abs(line)):
            lines += [(left, found), (found, right)]


def _first_other(one: Option, other: Option, stages: int) -> int:
    """Return the place of the first objective in which two plans differ."""
    for position in range(stages):
        a, b = one.measures[position], other.measures[position]
        if abs(a - b) > _ROUNDING * max(1.0, abs(a), abs(b)):
            return position
    return 0


def _worth(option: Option, weights: Weights) -> float:
    return sum(w * m for w, m in zip(weights, option.measures, strict=True))


def _gain(ends: tuple[Option, Option], first: Weights, scarce: Weights) -> float:
    """Return the area of the rectangle between two plans; 0 where one is as good."""
    left, right = ends
    rise = _worth(right, first) - _worth(left, first)
    run = _worth(left, scarce) - _worth(right, scarce)
    return max(0.0, rise) * max(0.0, run)


def _mixed(first: Weights, scarce: Weights, price: float) -> Weights:
    return tuple(f + price * s for f, s in zip(first, scarce, strict=True))

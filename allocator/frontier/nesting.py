"""Plans that grow: each keeps what the one for less money places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, SolverError, Text
from allocator.frontier.points import Answer
from allocator.frontier.solving import StoppedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.formulation import Formulation
    from allocator.formulation.program import Program
    from allocator.frontier.solving import Entry, Found, Solves
    from allocator.solve import Bounds

_ON = 0.5  # a 0/1 variable above this is 1
_ROUNDING = 1e-9  # relative: an amount may be this much less than it was


def placed_bounds(formulation: Formulation) -> Bounds:
    """Return bounds under which every plan keeps what the present values place.

    What is built or upgraded, in its phase, stays; what is closed stays closed; counts
    and amounts do not shrink. What is kept from today may still be closed later.
    """
    return {
        variable: bound
        for program in formulation.programs
        for variable, bound in _of_phase(program).items()
    }


def _of_phase(program: Program) -> Bounds:
    bounds = {}
    for pair, variable in program.holds.items():
        on = (variable.varValue or 0.0) > _ON
        if pair in program.holdings.today:
            if not on:
                bounds[variable] = (0.0, 0.0)
        elif on:
            bounds[variable] = (1.0, 1.0)
    for pair, variable in program.extras.items():
        value = float(round(variable.varValue or 0.0))
        before = program.holdings.counted_today.get(pair, 1) - 1
        if value > before:
            bounds[variable] = (value, float(variable.upBound))
    for variable in program.amounts.values():
        value = float(variable.varValue or 0.0)
        least = value - _ROUNDING * max(1.0, abs(value))
        if least > variable.lowBound:
            bounds[variable] = (least, float(variable.upBound))
    return bounds


def nest[P](solves: Solves[P], entries: Sequence[Entry[P]]) -> tuple[Answer[P], ...]:
    """Return plans of which each keeps what the one before places.

    Each is the best plan that does so under its limit. Fewer are returned when the
    search is stopped.

    Parameters
    ----------
    solves
        The program.
    entries
        The limits, ascending, with the best plans where nothing need be kept.

    Raises
    ------
    SolverError
        When the solver denies that a plan fits a larger limit.
    """
    answers: list[Answer[P]] = []
    bounds: Bounds = {}
    for entry in entries:
        if entry.found is None:
            answers.append(Answer(entry.asked, entry.status, None))
            continue
        if solves.stopped():
            break
        solves.tell_limit(entry.limit(solves.first))
        try:
            with solves.session.bounded(bounds):
                found = _nested(solves, entry, entry.found) if bounds else entry.found
                point = solves.place(found, entry.asked)
        except StoppedError:
            break
        bounds = placed_bounds(solves.session.formulation)
        answers.append(Answer(entry.asked, found.status, point, entry.found.y))
    return tuple(answers)


def _nested[P](solves: Solves[P], entry: Entry[P], free: Found) -> Found:
    order = (solves.second, solves.first)
    found = solves.ask(
        order,
        limit=entry.limit(solves.first),
        start=solves.present(),
        relaxation=free.stages if free.order == (*solves.before, *order) else (),
    )
    if found is None:
        raise _contradiction()
    return found


def _contradiction() -> SolverError:
    message = Text(
        "求解器称较大的预算下容不下较小预算的方案, 两者矛盾",
        "the solver denies that the plan of a smaller limit fits a larger one",
    )
    remedy = Text(
        "请检查数据的量级 (造价、人口是否相差悬殊)",
        "check the scale of the data (costs or people that differ by many magnitudes)",
    )
    return SolverError([Finding("solver-contradicts-itself", message, remedy=remedy)])

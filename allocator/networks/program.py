"""The integer program that divides zones among leads in contiguous groups.

y[z,l] is 1 when zone z is in the group of lead l. Contiguity is exact: from the lead's
own zone one unit of flow goes to every zone of its group, through zones of the group
alone (single-commodity flow, Shirabe 2005). Rows that are implied, but cut off shares
of zones, make it fast: a zone is in a group only with one of its neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import highspy
import pulp

from allocator.errors import Finding, SolverError, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.networks.division import Division
    from allocator.progress import Progress

type Term = tuple[pulp.LpVariable, float]

_THOUSAND = 1000.0  # person-minutes and people go into rows by the thousand
_INTERRUPTS = (
    highspy.cb.HighsCallbackType.kCallbackMipInterrupt,
    highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a solver stops: seconds, and the relative gap that counts as proven."""

    seconds: float
    gap: float
    progress: Progress


@dataclass(frozen=True, slots=True)
class Window:
    """Least and most people of a group, inclusive."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver said.

    ``owners`` is the lead of each zone, None where no division was found;
    ``infeasible`` whether it was proved that there is none; ``bound`` of what was
    minimised, None where nothing was proved; ``optimal`` whether the gap asked for was.
    """

    owners: tuple[int, ...] | None
    infeasible: bool
    bound: float | None
    optimal: bool


@dataclass
class DivisionProgram:
    """One integer program over a division.

    Parameters
    ----------
    division
        What is divided; at least two leads.
    window
        Bounds of the people of every group; None: no bounds.
    """

    division: Division
    window: Window | None = None
    problem: pulp.LpProblem = field(init=False)
    holds: list[list[pulp.LpVariable]] = field(init=False)

    def __post_init__(self) -> None:
        """Create variables and rows."""
        self.problem = pulp.LpProblem("groups", pulp.LpMinimize)
        zones, leads = len(self.division.zones), len(self.division.leads)
        self.holds = [
            [
                self.problem.add_variable(f"y_{z}_{lead}", 0, 1, "Binary")
                for lead in range(leads)
            ]
            for z in range(zones)
        ]
        for z in range(zones):
            self._row([(y, 1.0) for y in self.holds[z]], "==", 1.0)
        for lead in range(leads):
            self._add_group(lead)

    def _row(self, terms: Iterable[Term], sense: str, bound: float) -> None:
        expression = pulp.lpSum_vars_coefs(list(terms))
        if sense == "==":
            self.problem.addConstraint(expression == bound)
        elif sense == "<=":
            self.problem.addConstraint(expression <= bound)
        else:
            self.problem.addConstraint(expression >= bound)

    def _add_group(self, lead: int) -> None:
        """Add the rows of one group: its lead's zone, its people, its contiguity."""
        division = self.division
        home = division.homes[lead]
        shared = lead in division.shared
        for other, y in enumerate(self.holds[home]):
            if division.homes[other] != home:
                y.upBound = 0  # a zone with leads belongs to one of them
        if not shared:
            self.holds[home][lead].lowBound = 1
        if self.window is not None:
            people = self._people(lead, _THOUSAND)
            self._row(people, ">=", self.window.least / _THOUSAND)
            self._row(people, "<=", self.window.most / _THOUSAND)
        sources = self._sources(lead) if shared else {}
        self._add_flow(lead, sources)
        for z, neighbours in enumerate(division.neighbours):
            if (z == home and not shared) or (home in neighbours and not shared):
                continue
            terms = [(self.holds[n][lead], 1.0) for n in neighbours]
            terms += [(sources[z], 1.0)] if z in sources else []
            self._row([*terms, (self.holds[z][lead], -1.0)], ">=", 0.0)

    def _people(self, lead: int, unit: float) -> list[Term]:
        return [
            (self.holds[z][lead], people / unit)
            for z, people in enumerate(self.division.people)
            if people
        ]

    def _sources(self, lead: int) -> dict[int, pulp.LpVariable]:
        """Return where the flow of a lead that shares its zone may enter its group.

        At exactly one of its entrances: its group is then one piece by itself.
        """
        sources = {
            z: self.problem.add_variable(f"r_{z}_{lead}", 0, 1, "Binary")
            for z in self.division.entrances(lead)
        }
        self._row([(r, 1.0) for r in sources.values()], "==", 1.0)
        for z, r in sources.items():
            self._row([(r, 1.0), (self.holds[z][lead], -1.0)], "<=", 0.0)
        return sources

    def _add_flow(self, lead: int, sources: dict[int, pulp.LpVariable]) -> None:
        """Let one unit of flow reach every zone of a group, from its lead."""
        division = self.division
        root = None if sources else division.homes[lead]
        most = float(len(division.zones) - len(set(division.homes)) + 1)
        flow = {
            (a, b): self.problem.add_variable(f"f_{a}_{b}_{lead}", 0, most)
            for a, neighbours in enumerate(division.neighbours)
            for b in neighbours
            if b != root
        }
        for z, neighbours in enumerate(division.neighbours):
            if z == root:
                continue
            y = self.holds[z][lead]
            inflow = [(flow[n, z], 1.0) for n in neighbours]
            if z in sources:
                entering = self.problem.add_variable(f"s_{z}_{lead}", 0, most)
                self._row([(entering, 1.0), (sources[z], -most)], "<=", 0.0)
                inflow.append((entering, 1.0))
            outflow = [(flow[z, n], -1.0) for n in neighbours if n != root]
            self._row([*inflow, *outflow, (y, -1.0)], "==", 0.0)
            self._row([*inflow, (y, -most)], "<=", 0.0)

    def least_minutes(self, limits: Limits) -> Answer:
        """Minimise person-minutes; the bound is in person-minutes."""
        terms = [
            (y, float(self.division.minutes[z, lead]) / _THOUSAND)
            for z, row in enumerate(self.holds)
            for lead, y in enumerate(row)
        ]
        return self._solve(terms, _THOUSAND, limits)

    def least_deviation(self, limits: Limits, *, at_least: float) -> Answer:
        """Minimise the largest relative deviation of a group's people from the mean.

        Parameters
        ----------
        limits
            When to stop.
        at_least
            A deviation that is known not to be undercut.
        """
        widest = self.problem.add_variable("widest", at_least, None)
        mean = sum(self.division.people) / len(self.division.leads)
        for lead in range(len(self.division.leads)):
            people = self._people(lead, mean)
            self._row([*people, (widest, -1.0)], "<=", 1.0)
            self._row([*people, (widest, 1.0)], ">=", 1.0)
        return self._solve([(widest, 1.0)], 1.0, limits)

    def _solve(self, objective: list[Term], unit: float, limits: Limits) -> Answer:
        self.problem.setObjective(pulp.lpSum_vars_coefs(objective))
        settings: dict[str, Any] = {
            "msg": False,
            "timeLimit": max(limits.seconds, 0.1),
            "gapRel": limits.gap,
            # After a restart HiGHS 1.11 to 1.15 may call optimal what is not: seed 415
            # of tests/test_networks.py.
            "mip_allow_restart": False,
            "callbackTuple": (_watch(limits.progress), None),
            "callbacksToActivate": list(_INTERRUPTS),
        }
        stats = self.problem.solve(pulp.HiGHS(**settings))
        if stats.status == pulp.LpSolveStatus.Undefined and not stats.has_solution:
            # Presolve may stop at "unbounded or infeasible" without saying which.
            stats = self.problem.solve(pulp.HiGHS(presolve="off", **settings))
        infeasible = stats.status == pulp.LpSolveStatus.Infeasible
        bound = stats.best_bound
        if bound is not None:
            bound = bound * unit if math.isfinite(bound) else None
        if infeasible or not stats.has_solution:
            return Answer(None, infeasible, bound, optimal=False)
        optimal = stats.status == pulp.LpSolveStatus.Optimal and bound is not None
        return Answer(self._owners(), infeasible=False, bound=bound, optimal=optimal)

    def _owners(self) -> tuple[int, ...]:
        """Return the lead of each zone.

        Raises
        ------
        SolverError
            When the values are no division into contiguous groups.
        """
        owners = tuple(
            max(range(len(row)), key=lambda lead: row[lead].varValue or 0.0)
            for row in self.holds
        )
        if not self.division.is_sound(owners):
            message = Text(
                "求解器返回的分组不连片", "the solver returned groups in several pieces"
            )
            raise SolverError([Finding("solver-values", message)])
        return owners


def _watch(progress: Progress) -> Any:  # noqa: ANN401 (highspy's callback type)
    """Return a callback that passes on a wish to stop."""

    def callback(
        _kind: Any,  # noqa: ANN401
        _message: str,
        _data_out: Any,  # noqa: ANN401
        data_in: Any,  # noqa: ANN401
        _user_data: object,
    ) -> None:
        if data_in is not None and progress.cancelled():
            data_in.user_interrupt = True

    return callback

"""The integer program that divides zones among leads in contiguous groups.

y[z,l] is 1 when zone z is in the group of lead l. A zone is in a group only with one of
its neighbours; beyond that, contiguity is exact in one of two ways. In small programs a
flow from the lead reaches every zone of its group, through zones of the group alone
(Shirabe 2005). In large ones, where flows are too many, groups that come out in pieces
are forbidden by separators, and the program is solved again (Oehrlein and Haunert 2017;
Validi, Buchanan and Lykhovyd 2022).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pulp

from allocator.networks.repair import evened, grown
from allocator.solve import run_highs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from allocator.networks.division import Division, Window
    from allocator.solve import Limits

type Term = tuple[pulp.LpVariable, float]
type Owners = tuple[int, ...]

FLOW_SIZE = 3000  # zones times leads up to which flows are used
_THOUSAND = 1000.0  # person-minutes and people go into rows by the thousand
_LEAST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found and proved.

    Parameters
    ----------
    owners
        The lead of each zone in contiguous groups within the window; None: none found.
    infeasible
        Whether it was proved that there is no such division.
    bound
        Of what was minimised; None where nothing was proved.
    optimal
        Whether the gap asked for was proved.
    near
        Contiguous groups outside the window, when no others were found.
    """

    owners: Owners | None
    infeasible: bool
    bound: float | None
    optimal: bool
    near: Owners | None = None


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
    sources: list[dict[int, pulp.LpVariable]] = field(init=False)

    def __post_init__(self) -> None:
        """Create variables and rows."""
        self.problem = pulp.LpProblem("groups", pulp.LpMinimize)
        zones, leads = len(self.division.items), len(self.division.leads)
        self.holds = [
            [
                self.problem.add_variable(f"y_{z}_{lead}", 0, 1, "Binary")
                for lead in range(leads)
            ]
            for z in range(zones)
        ]
        self.sources = [{} for _ in range(leads)]
        for z in range(zones):
            self._row([(y, 1.0) for y in self.holds[z]], "==", 1.0)
        for lead in range(leads):
            self._add_group(lead)
            if zones * leads <= FLOW_SIZE:
                self._add_flow(lead)

    def _row(self, terms: Iterable[Term], sense: str, bound: float) -> None:
        expression = pulp.lpSum_vars_coefs(list(terms))
        if sense == "==":
            self.problem.addConstraint(expression == bound)
        elif sense == "<=":
            self.problem.addConstraint(expression <= bound)
        else:
            self.problem.addConstraint(expression >= bound)

    def _add_group(self, lead: int) -> None:
        """Add the rows of one group: its lead's zone, its people, its neighbours."""
        division = self.division
        home = division.homes[lead]
        for other, y in enumerate(self.holds[home]):
            if division.homes[other] != home:
                y.upBound = 0  # a zone with leads belongs to one of them
        if lead in division.shared:
            self._add_sources(lead)
        else:
            self.holds[home][lead].lowBound = 1
        if self.window is not None:
            people = self._people(lead, _THOUSAND)
            self._row(people, ">=", self.window.least / _THOUSAND)
            self._row(people, "<=", self.window.most / _THOUSAND)
        at_home = set() if self.sources[lead] else {home, *division.neighbours[home]}
        for z in range(len(division.items)):
            if z not in at_home:
                self._separate(lead, frozenset((z,)), frozenset(division.neighbours[z]))

    def _people(self, lead: int, unit: float) -> list[Term]:
        return [
            (self.holds[z][lead], people / unit)
            for z, people in enumerate(self.division.people)
            if people
        ]

    def _add_sources(self, lead: int) -> None:
        """Let a lead that shares its zone enter its group at exactly one entrance.

        Seen from there the group is one piece by itself, wherever the lead stands.
        """
        sources = {
            z: self.problem.add_variable(f"r_{z}_{lead}", 0, 1, "Binary")
            for z in self.division.entrances(lead)
        }
        self._row([(r, 1.0) for r in sources.values()], "==", 1.0)
        for z, r in sources.items():
            self._row([(r, 1.0), (self.holds[z][lead], -1.0)], "<=", 0.0)
        self.sources[lead] = sources

    def _separate(
        self, lead: int, piece: frozenset[int], border: frozenset[int]
    ) -> None:
        """Let the zones of a piece be in a group only with one of its border."""
        way_out = [(self.holds[z][lead], 1.0) for z in sorted(border)]
        way_out += [(r, 1.0) for z, r in self.sources[lead].items() if z in piece]
        for z in sorted(piece):
            self._row([*way_out, (self.holds[z][lead], -1.0)], ">=", 0.0)

    def _add_flow(self, lead: int) -> None:
        """Let one unit of flow reach every zone of a group, from its lead."""
        division, sources = self.division, self.sources[lead]
        root = None if sources else division.homes[lead]
        most = float(len(division.items) - len(set(division.homes)) + 1)
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
        return self._search(terms, _THOUSAND, self.division.value, limits)

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
        return self._search(
            [(widest, 1.0)],
            1.0,
            lambda owners: float(self.division.widest(owners)),
            limits,
        )

    def _search(
        self,
        objective: list[Term],
        unit: float,
        measure: Callable[[Owners], float],
        limits: Limits,
    ) -> Answer:
        """Solve, forbid what is in pieces, and solve again, until nothing is.

        The bound of each round holds for what is sought, since it leaves out rows
        only. A division put in order is taken when it is within the gap of the bound.
        """
        self.problem.setObjective(pulp.lpSum_vars_coefs(objective))
        allowed = math.inf if limits.seconds is None else limits.seconds
        deadline = time.monotonic() + allowed
        best: Owners | None = None
        near: Owners | None = None
        bound: float | None = None
        proven = False
        while True:
            left = max(_LEAST_SECONDS, deadline - time.monotonic())
            stats = run_highs(self.problem, replace(limits, seconds=left))
            if stats.status == pulp.LpSolveStatus.Infeasible:
                return Answer(None, infeasible=True, bound=None, optimal=False)
            if stats.best_bound is not None and math.isfinite(stats.best_bound):
                bound = max(
                    stats.best_bound * unit, -math.inf if bound is None else bound
                )
            if not stats.has_solution:
                break
            owners = self._owners()
            sound = self.division.is_sound(owners)
            repaired = owners if sound else self._repaired(owners)
            if repaired is not None and self._fits(repaired):
                if best is None or measure(repaired) < measure(best):
                    best = repaired
            elif repaired is not None:
                near = repaired
            proven = best is not None and (
                (sound and stats.status == pulp.LpSolveStatus.Optimal)
                or _is_proven(measure(best), bound, limits.gap)
            )
            late = time.monotonic() >= deadline or limits.progress.cancelled()
            if sound or proven or late:
                break
            self._forbid(owners)
        return Answer(best, infeasible=False, bound=bound, optimal=proven, near=near)

    def _owners(self) -> Owners:
        """Return the lead of each zone, as the variables have it."""
        return tuple(
            max(range(len(row)), key=lambda lead: row[lead].varValue or 0.0)
            for row in self.holds
        )

    def _repaired(self, owners: Owners) -> Owners | None:
        repaired = grown(self.division, owners)
        if repaired is None or self.window is None:
            return repaired
        return evened(self.division, repaired, self.window)

    def _fits(self, owners: Owners) -> bool:
        window = self.window
        return window is None or not any(
            map(window.excess, self.division.sizes(owners))
        )

    def _forbid(self, owners: Owners) -> None:
        """Forbid every piece of a group away from where its lead enters it."""
        for lead in range(len(self.division.leads)):
            for piece in self.division.pieces(lead, owners):
                if not self._is_entered(lead, piece):
                    self._separate(lead, piece, self._border(lead, piece))

    def _is_entered(self, lead: int, piece: frozenset[int]) -> bool:
        sources = self.sources[lead]
        if not sources:
            return self.division.homes[lead] in piece
        return any(z in piece and (r.varValue or 0.0) > 0.5 for z, r in sources.items())  # noqa: PLR2004 (a 0/1 variable)

    def _border(self, lead: int, piece: frozenset[int]) -> frozenset[int]:
        """Return the zones around a piece through which its lead can reach it."""
        near = self.division.neighbours
        around = {n for z in piece for n in near[z]} - piece
        edge = set(self.division.entrances(lead)) - piece
        reached: set[int] = set()
        while edge:
            reached |= edge
            edge = {n for z in edge - around for n in near[z]} - reached - piece
        return frozenset(around & reached)


def _is_proven(value: float, bound: float | None, gap: float) -> bool:
    """Return whether a value is within a relative gap of its bound."""
    if bound is None:
        return False
    return value - bound <= (gap + 1e-9) * max(1.0, abs(value))

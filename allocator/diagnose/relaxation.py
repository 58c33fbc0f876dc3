"""A task in which every binding clause may be broken, at a price.

One program is built, in which each requirement has a shortfall. Whether clauses can be
kept together, and how little of one must give way, are then questions about the bounds
of the shortfalls: 0 keeps a requirement, none lets it go.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulp

from allocator.diagnose.conflict import OutOfTimeError
from allocator.errors import SolverError
from allocator.formulation import Objective, build_phases
from allocator.progress import SILENT
from allocator.solve import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.formulation import Shortfall
    from allocator.policy.terms import Phase
    from allocator.progress import Progress
    from allocator.solve import Stage
    from allocator.travel import Travel

NOTHING = 1e-6  # relative: a shortfall below this is the solver's rounding
_ROUGH_GAP = 0.5  # any plan that breaks little will do where none need be the best
_EXACT_GAP = 1e-4  # relative, of a least shortfall


@dataclass(frozen=True, slots=True, order=True)
class Clause:
    """What a planner may give up as a whole.

    Parameters
    ----------
    rule_id
        A rule's id, ``budget``, ``serves:<service>`` or ``locked``.
    what
        Which budget (``capital_wan`` ...); empty for everything else.
    year
        The phase; None where the task has one only.
    """

    rule_id: str
    what: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """A clause in one unit: what a conflict is narrowed down to."""

    clause: Clause
    unit_id: str


@dataclass(frozen=True)
class Amount:
    """How far one requirement is broken, in natural units."""

    shortfall: Shortfall
    amount: float


@dataclass
class Relaxation:
    """The task with a shortfall for every binding requirement.

    Parameters
    ----------
    phases, travel
        The task.
    seconds
        For all questions together.
    threads, progress
        As in `allocator.solve.Session`.
    """

    phases: Sequence[Phase]
    travel: Travel
    seconds: float
    threads: int | None = None
    progress: Progress = SILENT
    shortfalls: dict[Element, list[Shortfall]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Build the program, with every requirement kept."""
        self._deadline = time.monotonic() + self.seconds
        self.formulation = build_phases(
            self.phases, self.travel, relaxed="everything", progress=self.progress
        )
        self._session = Session(
            self.formulation,
            gap=_ROUGH_GAP,
            threads=self.threads,
            progress=self.progress,
        )
        dated = len(self.phases) > 1
        for shortfall in self.formulation.shortfalls:
            clause = Clause(
                shortfall.rule_id,
                shortfall.what if shortfall.rule_id == "budget" else "",
                shortfall.year if dated else None,
            )
            element = Element(clause, shortfall.unit_id)
            self.shortfalls.setdefault(element, []).append(shortfall)

    @property
    def elements(self) -> tuple[Element, ...]:
        """Clauses by unit, in the order of the packs."""
        return tuple(self.shortfalls)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Clauses, in the order of the packs."""
        return tuple(dict.fromkeys(element.clause for element in self.shortfalls))

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._deadline - time.monotonic()

    def of(self, clauses: Iterable[Clause]) -> frozenset[Element]:
        """Return the elements of clauses."""
        chosen = set(clauses)
        return frozenset(e for e in self.shortfalls if e.clause in chosen)

    def breaks(
        self, kept: frozenset[Element], weighed: frozenset[Element]
    ) -> frozenset[Element] | None:
        """Return what a plan breaks that keeps some elements.

        Parameters
        ----------
        kept
            What must be kept.
        weighed
            What should be broken as little as can be found quickly. What is neither
            kept nor weighed is of no concern, and may be named or not.

        Returns
        -------
        broken
            All elements that the plan breaks; None when no plan keeps ``kept``.

        Raises
        ------
        OutOfTimeError
            When the time does not suffice to tell.
        """
        shares = [
            (s.variable, 1.0)
            for element in self.elements
            if element in weighed
            for s in self.shortfalls[element]
        ]
        if self._minimise(kept, shares, _ROUGH_GAP) is None:
            return None
        return frozenset(e for e in self.elements if self.amounts([e]))

    def allow(self, seconds: float) -> None:
        """Allow so many seconds from now on."""
        self._deadline = time.monotonic() + seconds

    def least(
        self, clauses: Iterable[Clause], kept: frozenset[Element]
    ) -> tuple[Stage, list[Amount]] | None:
        """Break some clauses as little as possible in natural units.

        Parameters
        ----------
        clauses
            What gives way; all of one unit of measurement.
        kept
            What must be kept.

        Returns
        -------
        stage, amounts
            The sum of the shortfalls with what was proved of it, and each of them;
            None when no plan keeps ``kept``.

        Raises
        ------
        OutOfTimeError
            When the time does not suffice to tell.
        """
        chosen = self.of(clauses)
        given = [e for e in self.elements if e in chosen]
        terms = [(s.variable, s.whole) for e in given for s in self.shortfalls[e]]
        stage = self._minimise(kept, terms, _EXACT_GAP)
        return None if stage is None else (stage, self.amounts(given))

    def least_of_all(self) -> tuple[Stage, list[Amount]]:
        """Break everything as little as possible, each relative to what it asks for.

        Raises
        ------
        OutOfTimeError
            When the time does not suffice to find any plan.
        """
        terms = [(s.variable, 1.0) for s in self.formulation.shortfalls]
        stage = self._minimise(frozenset(), terms, _EXACT_GAP)
        if stage is None:  # pragma: no cover (every requirement can be broken)
            raise OutOfTimeError
        return stage, self.amounts(self.elements)

    def amounts(self, elements: Iterable[Element]) -> list[Amount]:
        """Return what the plan found last breaks of some elements."""
        return [
            Amount(s, s.share * s.whole)
            for element in elements
            for s in self.shortfalls[element]
            if s.share > NOTHING
        ]

    def keeping(self, kept: frozenset[Element]) -> pulp.LpProblem:
        """Return the program in which ``kept`` is kept and all else is free.

        It is the one program of this relaxation: good until the next question.
        """
        for element, shortfalls in self.shortfalls.items():
            for shortfall in shortfalls:
                shortfall.variable.upBound = 0 if element in kept else None
        return self.formulation.problem

    def _minimise(
        self,
        kept: frozenset[Element],
        terms: list[tuple[pulp.LpVariable, float]],
        gap: float,
    ) -> Stage | None:
        if self.left <= 0 or self.progress.cancelled():
            raise OutOfTimeError
        self.keeping(kept)
        free = [(variable, c) for variable, c in terms if variable.upBound != 0]
        expression = pulp.lpSum_vars_coefs(free) + 0.0
        self._session.gap = gap
        try:
            solution = self._session.solve(
                [Objective("shortfall", expression)],
                time_limit_s=self.left,
                settle=False,
                quiet=True,
            )
        except SolverError as error:
            if any(finding.code == "solver-no-plan" for finding in error.findings):
                raise OutOfTimeError from error
            raise
        return solution.stages[0] if solution.stages else None

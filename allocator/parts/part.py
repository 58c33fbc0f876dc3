"""A part as it is sent to whoever plans it, and the questions that it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator.parts.known import Known, Weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.errors import Finding
    from allocator.parts.shared import Limit
    from allocator.policy import Rule
    from allocator.policy.terms import Phase
    from allocator.travel import Travel


@dataclass(frozen=True)
class Part:
    """One part of a task: what it keeps by itself, and what it shares.

    Parameters
    ----------
    id
        The first county in it.
    name
        Names of its counties.
    phases, travel
        The task as it is in the part, without shared money.
    limits
        What all parts share, in order.
    totals
        By phase, the clauses about all parts together.
    stages
        Names of the objectives of the whole, in order; one that the part does not
        have is 0 in it.
    gap
        Relative gap at which the solver stops.
    time_limit_s
        Wall-clock seconds for one question.
    threads
        Of the solver.
    key
        A name of everything above (`allocator.parts.memory`).
    """

    id: str
    name: str
    phases: tuple[Phase, ...]
    travel: Travel
    limits: tuple[Limit, ...]
    totals: tuple[tuple[Rule, ...], ...]
    stages: tuple[str, ...]
    gap: float
    time_limit_s: float
    threads: int
    key: str = ""

    @property
    def measures(self) -> int:
        """How many measures every plan has."""
        return len(self.stages) + len(self.limits)


@dataclass(frozen=True)
class Question:
    """What a part is asked.

    Parameters
    ----------
    weights
        Find the plan with the least weighted sum of measures; the first of all
        questions, without weights, is for the best plan of the part by itself.
    within
        By measure, the most that it may be: a plan for what is left of a limit. What is
        proven then holds only within, and is not kept as a proof.
    explore
        How many more plans are looked for between the plan of the part by itself and
        the cheapest, the two ends of its frontier; the weights are then those of what
        is scarce.
    closing
        Find every plan that no other is as good as in these measures, as far as its
        weighted sum is at most ``cutoff``: what a better plan of the whole could have.
    cutoff
        See above.
    """

    weights: Weights = ()
    within: tuple[float | None, ...] = ()
    explore: int = 0
    closing: tuple[int, ...] = ()
    cutoff: float = 0.0

    @property
    def name(self) -> str:
        """A name by which it is known whether it was answered."""
        rest = (self.closing, self.cutoff) if self.closing else ()
        return repr((self.weights, self.within, self.explore, *rest))


@dataclass(frozen=True)
class Answer:
    """What came of the questions to a part.

    Parameters
    ----------
    known
        What is known now beyond what was known.
    infeasible
        The part keeps its own clauses in no way.
    failed
        Why it could not be said.
    exit_code
        That of the error that ``failed`` is of.
    """

    known: Known = field(default_factory=Known)
    infeasible: bool = False
    failed: tuple[Finding, ...] = ()
    exit_code: int = 0


type Work = tuple[Part, Sequence[Question]]

"""Sets of clauses that cannot hold together: the smallest, or one that is irreducible.

Two facts carry the search. A *conflict* is a set of clauses that no plan keeps. A
*correction* is what some plan breaks while it keeps all the rest; every conflict shares
a clause with every correction, since that plan would otherwise keep the whole conflict.

The smallest set that meets all corrections found so far is therefore never larger than
the smallest conflict. If no plan keeps it, it is one; otherwise a plan that keeps it
gives another correction (Ignatiev, Previti, Liffiton, Marques-Silva 2015, *Smallest MUS
extraction with minimal hitting set dualization*, CP 2015). Where that takes too long, a
conflict found on the way is made irreducible by leaving out one clause after the other
(deletion filter: Chinneck and Dravnieks 1991, *Locating minimal infeasible constraint
sets in linear programs*, ORSA Journal on Computing 3(2)).

Nothing here knows what a clause is, nor of any solver but through ``breaks``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

type Proof = Literal["smallest", "irreducible", "infeasible"]

MOST_CORRECTIONS = 40  # beyond it the smallest conflict is no longer looked for
_MOST_STEPS = 20_000  # of the search for one smallest hitting set


class OutOfTimeError(Exception):
    """A question about feasibility was not answered in time."""


@dataclass(frozen=True)
class Conflict[T: Hashable]:
    """Clauses that no plan keeps together.

    Parameters
    ----------
    members
        The clauses, in the order in which they were given.
    proof
        ``smallest``: no conflict has fewer clauses. ``irreducible``: without any one
        of them the rest can be kept. ``infeasible``: together they cannot be kept,
        but time ran out before each was shown to be needed.
    """

    members: tuple[T, ...]
    proof: Proof


def find_conflict[T: Hashable](
    clauses: Sequence[T],
    breaks: Callable[[frozenset[T]], frozenset[T] | None],
    *,
    most_corrections: int = MOST_CORRECTIONS,
) -> Conflict[T] | None:
    """Return a smallest conflict among clauses, or None when all can be kept.

    Parameters
    ----------
    clauses
        In an order of their own, which decides among equals.
    breaks
        Given clauses that must be kept, the other clauses that a plan that keeps them
        breaks (best few); None when no plan keeps them. Raises `OutOfTimeError`.
    most_corrections
        After how many corrections an irreducible conflict is taken instead.

    Raises
    ------
    OutOfTimeError
        When time ran out before any conflict was found.
    """
    corrections: list[frozenset[T]] = []
    known: frozenset[T] | None = None
    try:
        while len(corrections) < most_corrections:
            kept = smallest_hitting(clauses, corrections)
            if kept is None:
                break
            first = broken = breaks(kept)
            # Keep what was broken as well, until nothing can be kept: corrections that
            # share no clause, and in the end a conflict to fall back on.
            while broken:
                corrections.append(broken)
                kept |= broken
                broken = breaks(kept)
            if broken is not None:
                return None  # a plan keeps every clause
            if first is None:
                return Conflict(_ordered(clauses, kept), "smallest")
            known = kept if known is None or len(kept) < len(known) else known
    except OutOfTimeError:
        if known is None:
            raise
        return Conflict(_ordered(clauses, known), "infeasible")
    whole = frozenset(clauses) if known is None else known
    return make_irreducible(_ordered(clauses, whole), breaks)


def make_irreducible[T: Hashable](
    conflict: Sequence[T], breaks: Callable[[frozenset[T]], frozenset[T] | None]
) -> Conflict[T]:
    """Leave out what a conflict does not need.

    Parameters
    ----------
    conflict
        Clauses that no plan keeps together. The last are left out first.
    breaks
        As in `find_conflict`; clauses outside ``conflict`` are of no concern.
    """
    members = list(conflict)
    needed: set[T] = set()
    # Halves are left out before single clauses: most of a long list is not needed.
    size = max(1, len(members) // 2)
    try:
        while True:
            position = len(members)
            while position > 0:
                chunk = members[max(0, position - size) : position]
                position -= len(chunk)
                rest = frozenset(members) - frozenset(chunk)
                if needed.issuperset(chunk) or len(rest) == len(members):
                    continue
                broken = breaks(rest)
                if broken is None:
                    members = [m for m in members if m in rest]
                else:
                    missed = frozenset(members) & broken
                    if len(missed) == 1:  # a plan keeps all but this one
                        needed |= missed
                    elif size == 1:
                        needed |= set(chunk)
            if size == 1:
                return Conflict(tuple(members), "irreducible")
            size = max(1, size // 2)
    except OutOfTimeError:
        return Conflict(tuple(members), "infeasible")


def smallest_hitting[T: Hashable](
    clauses: Sequence[T], sets: Sequence[frozenset[T]]
) -> frozenset[T] | None:
    """Return a smallest set that shares a member with every one of ``sets``.

    None when that takes more than a fixed number of steps. Among equals the order of
    ``clauses`` decides.
    """
    steps = itertools.count()
    rank = {clause: number for number, clause in enumerate(clauses)}

    def search(chosen: frozenset[T], more: int) -> frozenset[T] | None:
        missed = [one for one in sets if one.isdisjoint(chosen)]
        if not missed:
            return chosen
        if next(steps) > _MOST_STEPS or _disjoint(missed) > more:
            return None
        fewest: frozenset[T] = min(missed, key=len)
        for clause in sorted(fewest, key=rank.__getitem__):
            found = search(chosen | {clause}, more - 1)
            if found is not None:
                return found
        return None

    for size in range(_disjoint(sets), len(clauses) + 1):
        found = search(frozenset(), size)
        if found is not None:
            return found
        if next(steps) > _MOST_STEPS:
            return None
    return None


def _disjoint[T: Hashable](sets: Iterable[frozenset[T]]) -> int:
    """Return a number of sets that share nothing: at least so many must be hit."""
    count = 0
    used: set[T] = set()
    for one in sorted(sets, key=len):
        if used.isdisjoint(one):
            count += 1
            used |= one
    return count


def _ordered[T: Hashable](clauses: Sequence[T], chosen: frozenset[T]) -> tuple[T, ...]:
    return tuple(clause for clause in clauses if clause in chosen)

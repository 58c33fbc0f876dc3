"""All plans that no other is as good as are found, or it is not said that they are."""

from __future__ import annotations

import random

import pytest

from allocator.parts.closing import close
from allocator.parts.known import Known, Option, Proof, unit
from allocator.parts.part import Question


def efficient(points):
    return {
        p
        for p in points
        if not any(
            q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in points
        )
    }


def closing_of(points, cutoff, seconds=60.0):
    """Close a part whose plans are points; return what was found and what was said."""
    count = len(points[0])
    weights = (1.0,) * count
    known = Known(
        proofs=[Proof(unit(count, n), 0.0) for n in range(count)]
        + [Proof(unit(count, n, -1.0), -30.0) for n in range(count)]
    )
    found = set()

    def find(within):
        inside = [
            p
            for p in points
            if all(m is None or v <= m for v, m in zip(p, within[:-1], strict=True))
            and sum(p) <= within[-1]
        ]
        if not inside:
            return None
        best = min(inside, key=lambda p: (sum(p), p))
        found.add(best)
        return Option(best, b"")

    question = Question(weights, closing=tuple(range(count)), cutoff=cutoff)
    close(find, question, known, seconds=seconds)
    return found, bool(known.closed)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("count", [2, 3])
def test_every_efficient_plan_is_found(seed, count):
    chance = random.Random(seed)  # noqa: S311 (no secret)
    points = [
        tuple(float(chance.randint(0, 30)) for _ in range(count)) for _ in range(25)
    ]
    found, said = closing_of(points, cutoff=1e6)
    assert said
    assert efficient(points) <= found


def test_only_plans_below_the_cutoff_are_looked_for():
    points = [(0.0, 20.0), (5.0, 5.0), (20.0, 0.0)]
    found, said = closing_of(points, cutoff=12.0)
    assert said
    assert found == {(5.0, 5.0)}


def test_nothing_is_claimed_when_the_time_is_up():
    found, said = closing_of([(0.0, 20.0), (5.0, 5.0)], cutoff=1e6, seconds=-1.0)
    assert not said
    assert found == set()


def test_nothing_is_claimed_where_there_are_too_many_plans():
    points = [(float(n) / 10, 30.0 - float(n) / 10) for n in range(300)]
    _, said = closing_of(points, cutoff=1e6)
    assert not said

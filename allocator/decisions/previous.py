"""The plan that a review was about, as far as decisions need it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.plan import Plan

type Pair = tuple[str, str]


@dataclass(frozen=True)
class Previous:
    """A plan that was reviewed.

    Parameters
    ----------
    folder
        Name of its run folder.
    run_sha256
        Of its certificate, ``run.json``.
    counts
        How many of each pair it holds, phase by phase.
    since
        The phase, counted from 0, in which each pair that is new is first held.
    closed
        The pairs held today that it gives up.
    """

    folder: str
    run_sha256: str
    counts: tuple[dict[Pair, int], ...]
    since: dict[Pair, int]
    closed: frozenset[Pair]

    @property
    def placed(self) -> frozenset[Pair]:
        """Every pair that has a row in the plan."""
        return frozenset(self.counts[-1]) | self.closed


def read_previous(folder: Path, plan: Plan, years: Sequence[int | None]) -> Previous:
    """Return what decisions need of the plan of a run folder.

    Parameters
    ----------
    folder
        The run folder, of which ``run.json`` is fingerprinted.
    plan
        Its plan.
    years
        Of the phases, in order; a placement of another year counts from the first
        phase on that is not before it.

    Raises
    ------
    OSError
        When ``run.json`` cannot be read.
    """
    rows = plan.placements
    counts: list[dict[Pair, int]] = [{} for _ in years]
    since: dict[Pair, int] = {}
    closed: set[Pair] = set()
    for site_id, service, action, phase, count in zip(
        rows["site_id"],
        rows["service"],
        rows["action"],
        rows["phase"],
        rows["count"],
        strict=True,
    ):
        pair = (str(site_id), str(service))
        first = position(phase, years) if action in ("build", "upgrade") else 0
        if action == "close":
            closed.add(pair)
            for before in counts[: position(phase, years)]:
                before[pair] = before.get(pair, 0) + int(count)
            continue
        if action != "keep":
            since[pair] = min(first, since.get(pair, first))
        for after in counts[first:]:
            after[pair] = after.get(pair, 0) + int(count)
    digest = hashlib.sha256((folder / "run.json").read_bytes()).hexdigest()
    return Previous(folder.name, digest, tuple(counts), since, frozenset(closed))


def position(phase: object, years: Sequence[int | None]) -> int:
    """Return the phase of a year; the first where either states none."""
    year = float(phase) if isinstance(phase, int | float) else float("nan")
    for position, own in enumerate(years):
        if own is None or year != year or year <= own:  # noqa: PLR0124 (NaN)
            return position
    return len(years) - 1

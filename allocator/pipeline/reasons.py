"""Why a site: what each placement and each candidate is worth, solved again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from allocator import export
from allocator.errors import Finding, InputError, Text, nearest
from allocator.pipeline.bases import Pair, Planned, planned
from allocator.progress import SILENT
from allocator.reasons import (
    Consequence,
    as_good_elsewhere,
    consequence,
    decisions,
    journeys,
)
from allocator.reasons.words import say_difference, say_verdict
from allocator.travel import ELLIPSOID

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.errors import Language
    from allocator.pipeline.task import Task
    from allocator.progress import Progress


@dataclass(frozen=True)
class Served:
    """People whom a site serves, and their mean one-way minutes."""

    people: float
    minutes: float


@dataclass(frozen=True)
class Reason:
    """Why a pair is placed, or why not.

    Parameters
    ----------
    pair
        The site and the service.
    action
        As in the base plan; empty for a candidate that it does not place.
    clauses
        The rules that ask for it, or that would count it.
    capital_wan, yearly_wan
        What placing it costs, 万元.
    served
        Whom it serves in the base plan; None where the service has no assignment.
    found
        What changing the choice does; None where it was not looked at.
    substitutes
        Sites that then hold the service and do not in the base plan, with their
        distance in km, nearest first.
    then
        Who then serves the people that it serves in the base plan, people by site id
        (empty: nobody), most first; empty where the plan found is not whole.
    """

    pair: Pair
    action: str
    clauses: tuple[str, ...]
    capital_wan: float
    yearly_wan: float
    served: Served | None
    found: Consequence | None
    substitutes: tuple[tuple[str, float], ...]
    then: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Reasons:
    """The reasons asked for, and the plan that they are about."""

    planned: Planned
    reasons: tuple[Reason, ...]
    complete: bool


def explain_site(
    task: Task, site_id: str, *, run: Path | None = None, progress: Progress = SILENT
) -> Reasons:
    """Give reasons for every placement at a site, and every service it could hold.

    Parameters
    ----------
    task
        Its ``[solver]`` time limit holds for the base plan, and again for all pairs of
        the site together.
    site_id
        The site.
    run
        A run folder of the same task whose plan is the base; None: solve first.
    progress
        Told of each pair; when it is cancelled what was found is kept.

    Raises
    ------
    InputError
        When there is no such site, or the run is not of this task.
    InfeasibleError
        When the task has no plan.
    SolverError
        When the solver gave no usable answer.
    """
    if site_id not in task.area.sites.index:
        raise InputError([_no_site(task, site_id)])
    base = planned(task, run, progress)
    pairs = [pair for pair in sorted(base.base.program.holds) if pair[0] == site_id]
    until = time.monotonic() + task.brief.solver.time_limit_s
    reasons = []
    for number, pair in enumerate(pairs):
        left = (until - time.monotonic()) / (len(pairs) - number)
        progress.step(_asking(base, pair, number, len(pairs)))
        found = consequence(base.base, pair, time_limit_s=left, full=True)
        reasons.append(_reason(base, pair, found))
        if progress.cancelled():
            break
    return Reasons(base, tuple(reasons), len(reasons) == len(pairs))


def explain_pair(base: Planned, pair: Pair, *, time_limit_s: float) -> Reason | None:
    """Give the reason for one placement or candidate of a plan at hand.

    Parameters
    ----------
    base
        From `allocator.pipeline.bases.planned`; it can be asked again and again.
    pair
        The site and the service.
    time_limit_s
        Wall-clock seconds.

    Returns
    -------
    reason
        None where no plan may hold the pair.

    Raises
    ------
    SolverError
        When the solver gave no usable answer.
    """
    if pair not in base.base.program.holds:
        return None
    found = consequence(base.base, pair, time_limit_s=time_limit_s, full=True)
    return _reason(base, pair, found)


def explain_sites(
    task: Task,
    *,
    run: Path | None = None,
    full: bool = False,
    each_s: float = 20.0,
    time_limit_s: float = 1800.0,
    progress: Progress = SILENT,
) -> Reasons:
    """Give reasons for all placements and candidates.

    A plan that is as good as the base answers for every choice in which it differs
    from the base: those pairs need no solve of their own.

    Parameters
    ----------
    task, run, progress
        As in `explain_site`.
    full
        Solve on after the first objective that gets worse.
    each_s, time_limit_s
        Wall-clock seconds for a pair, and for all together.

    Raises
    ------
    InputError, InfeasibleError, SolverError
        As in `explain_site`.
    """
    base = planned(task, run, progress)
    until = time.monotonic() + time_limit_s
    held = base.base.held
    order = sorted(
        decisions(base.base.program), key=lambda pair: (pair not in held, pair)
    )
    found: dict[Pair, Consequence] = {}
    for number, pair in enumerate(order):
        left = until - time.monotonic()
        if left <= 0 or progress.cancelled():
            break
        known = as_good_elsewhere(base.base, pair, list(found.values()))
        if known is None:
            progress.step(_asking(base, pair, number, len(order)))
            seconds = min(each_s, left)
            known = consequence(base.base, pair, time_limit_s=seconds, full=full)
        found[pair] = known
    reasons = tuple(_reason(base, pair, found.get(pair)) for pair in sorted(order))
    return Reasons(base, reasons, len(found) == len(order))


def _asking(base: Planned, pair: Pair, number: int, count: int) -> Text:
    area, services = base.task.area, base.task.policy.services
    name, service = str(area.sites.loc[pair[0], "name"]), services[pair[1]].name
    return Text(
        f"改变选择 {number + 1}/{count}: {name} {service}",
        f"changing a choice {number + 1}/{count}: {name} {service}",
    )


def reason_of(base: Planned, pair: Pair, found: Consequence) -> Reason:
    """Return what a change that was solved says of a pair that a plan may hold."""
    return _reason(base, pair, found)


def _reason(base: Planned, pair: Pair, found: Consequence | None) -> Reason:
    capital, yearly = _price(base, pair)
    rows = base.plan.placements
    here = (rows["site_id"] == pair[0]) & (rows["service"] == pair[1])
    actions = rows.loc[here, "action"].tolist()
    held = pair in base.base.held
    whole = found is not None and _is_whole(found)
    at = found.values if found is not None and whole else None  # noqa: PD011
    before = journeys(base.base, pair[1], base.base.values)
    after = None if at is None else journeys(base.base, pair[1], at)
    at_site = before if held else after
    return Reason(
        pair=pair,
        action=actions[-1] if actions else "",
        clauses=base.clauses[pair],
        capital_wan=capital,
        yearly_wan=yearly,
        served=None if at_site is None else _served(at_site, pair[0]),
        found=found,
        substitutes=_substitutes(base, pair, found),
        then=_then(before, after, pair[0]) if held else (),
    )


def _is_whole(found: Consequence) -> bool:
    """Return whether every objective was solved, so that people are where they go."""
    return all(d.value is not None for d in found.differences)


def _price(base: Planned, pair: Pair) -> tuple[float, float]:
    """Return what the base plan pays for a pair, or what adding it would cost."""
    rows = base.plan.placements
    here = rows[(rows["site_id"] == pair[0]) & (rows["service"] == pair[1])]
    if (here["action"] != "keep").any():
        return float(here["capital_wan"].sum()), float(here["yearly_wan"].sum())
    return base.base.program.costs[pair]


def _served(trips: pd.DataFrame, site_id: str) -> Served:
    here = trips[trips["site_id"] == site_id]
    people = float(here["going"].sum())
    minutes = float((here["going"] * here["minutes"]).sum())
    return Served(people, minutes / people if people else 0.0)


def _then(
    before: pd.DataFrame | None, after: pd.DataFrame | None, site_id: str
) -> tuple[tuple[str, float], ...]:
    """Return who then serves the people of a site, most people first."""
    if before is None or after is None:
        return ()
    people = (
        before[before["site_id"] == site_id].set_index("demand_id")["going"].to_dict()
    )
    moved = after[after["demand_id"].isin(people)]
    share = moved["going"] / moved["people"]
    going = share * moved["demand_id"].map(people)
    sums = going.groupby(moved["site_id"]).sum()
    left = sum(people.values()) - float(sums.sum())
    found = [(str(place), float(n)) for place, n in sums.items() if n > _NOBODY]
    if left > _NOBODY:
        found.append(("", left))
    return tuple(sorted(found, key=lambda row: (-row[1], row[0])))


_NOBODY = 0.5  # people: less is the rounding of shares


def _substitutes(
    base: Planned, pair: Pair, found: Consequence | None
) -> tuple[tuple[str, float], ...]:
    """Return the sites that hold the service instead, nearest first, km."""
    if found is None:
        return ()
    sites = base.task.area.sites
    here = sites.loc[pair[0]]
    rows = []
    for site_id, service in found.gained:
        if service == pair[1]:
            there = sites.loc[site_id]
            _, _, metres = ELLIPSOID.inv(
                here["lon"], here["lat"], there["lon"], there["lat"]
            )
            rows.append((site_id, float(metres) / 1000.0))
    return tuple(sorted(rows, key=lambda row: (row[1], row[0])))


def _no_site(task: Task, site_id: str) -> Finding:
    close = nearest(site_id, map(str, task.area.sites.index))
    return Finding(
        "site-unknown",
        Text(f"没有点 {site_id}", f"there is no site {site_id}"),
        table=task.brief.path.name,
        column="site_id",
        value=site_id,
        remedy=Text(f"是否应为 {close}?", f"did you mean {close}?") if close else None,
    )


REASONS_MARKER = "reasons.csv"  # shows a folder to be one that may be replaced


def write_reasons(found: Reasons, target: Path, *, force: bool) -> None:
    """Write a folder with ``reasons.csv``, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists and ``force`` is not set, or cannot be written.
    """
    with export.finish_run(target, force=force, marker=REASONS_MARKER) as folder:
        export.write_csv(reasons_table(found), folder / "reasons.csv")


def reasons_table(found: Reasons) -> pd.DataFrame:
    """Return ``reasons.csv``: one row per decision, sorted by site and service.

    ``objective`` is the first that is not as good when the choice is changed,
    ``worse_by`` what was found, ``at_least`` and ``at_most`` what was proved of the
    best possible, in the unit of the objective; positive is worse.
    """
    rows = [_row(found.planned, reason) for reason in found.reasons]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


_COLUMNS = (
    "site_id",
    "name",
    "service",
    "service_name",
    "in_plan",
    "action",
    "clauses",
    "capital_wan",
    "yearly_wan",
    "people_served",
    "minutes_mean",
    "question",
    "verdict",
    "words",
    "objective",
    "worse_by",
    "at_least",
    "at_most",
    "substitutes",
    "substitute_km",
    "people_then",
    "drop_out",
    "come_in",
    "seconds",
)


def _row(base: Planned, reason: Reason) -> dict[str, object]:
    task, found = base.task, reason.found
    site_id, service = reason.pair
    row: dict[str, object] = {
        "site_id": site_id,
        "name": task.area.sites.loc[site_id, "name"],
        "service": service,
        "service_name": task.policy.services[service].name,
        "in_plan": int(reason.pair in base.base.held),
        "action": reason.action,
        "clauses": ";".join(reason.clauses),
        "capital_wan": reason.capital_wan,
        "yearly_wan": reason.yearly_wan,
        "people_served": reason.served.people if reason.served else float("nan"),
        "minutes_mean": reason.served.minutes if reason.served else float("nan"),
        "verdict": "not_examined" if found is None else found.verdict,
        "substitutes": ";".join(s for s, _ in reason.substitutes),
        "substitute_km": ";".join(f"{km:.1f}" for _, km in reason.substitutes),
        "people_then": ";".join(f"{s or '-'}:{n:.0f}" for s, n in reason.then),
    }
    if found is not None:
        row |= _proved(found, task.brief.language)
    return row


def _proved(found: Consequence, language: Language) -> dict[str, object]:
    first = found.first
    words = [say_verdict(found)]
    if first is not None:
        words.append(say_difference(first))
    return {
        "question": found.question,
        "words": " ".join(text.say(language) for text in words),
        "objective": "" if first is None else first.name,
        "worse_by": _or_nan(None if first is None else first.change),
        "at_least": _or_nan(None if first is None else first.at_least),
        "at_most": _or_nan(None if first is None else first.at_most),
        "drop_out": ";".join(f"{s}:{k}" for s, k in found.lost),
        "come_in": ";".join(f"{s}:{k}" for s, k in found.gained),
        "seconds": round(found.seconds, 3),
    }


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value

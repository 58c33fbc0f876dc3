"""Who gains and who loses minutes, by service and by zone.

Compared are the one-way minutes to the site that a plan assigns people to. Of a demand
point as many people are compared as both plans serve; those that only the later plan
serves are *newly served*, those that only the earlier one served are *no longer
served*. Neither has minutes in both plans, so neither counts as a gain or a loss: a
person without a site never has zero minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.plan import Plan

# Minutes within which a trip counts as unchanged: what one decimal cannot show.
SAME_MINUTES = 0.05
ALL_SERVICES = ""  # the id that stands for all services together

MEASURES = (
    "people_before",
    "people_after",
    "people_compared",
    "minutes_before",
    "minutes_after",
    "minutes_change",
    "people_gain",
    "people_lose",
    "largest_gain",
    "largest_loss",
    "newly_served",
    "no_longer_served",
    "person_minutes",
)
ACCESS_COLUMNS = ("service", "rank", "zone_id", *MEASURES)
# People of one demand point that are nobody: shares from a solver are not exact.
_NOBODY = 0.01


def service_access(trips: pd.DataFrame, *, services: Sequence[str]) -> pd.DataFrame:
    """Return gains and losses by service, that of all services first.

    Parameters
    ----------
    trips
        From `trips_of`.
    services
        The order in which services are shown.

    Returns
    -------
    access
        Index ``service`` (`ALL_SERVICES` first), columns `MEASURES`. People add up
        over services: one who is assigned for two services counts twice.
    """
    known = _in_order(trips, services)
    together = trips.assign(service=ALL_SERVICES)
    rows = _measured(pd.concat([together, trips]), ["service"])
    rows = rows.reindex(pd.Index([ALL_SERVICES, *known], name="service"))
    amounts = [name for name in MEASURES if not name.startswith("minutes")]
    return rows.fillna(dict.fromkeys(amounts, 0.0))


def zone_access(trips: pd.DataFrame, *, services: Sequence[str]) -> pd.DataFrame:
    """Return gains and losses by service and zone, the zones ranked.

    Parameters
    ----------
    trips
        From `trips_of`.
    services
        The order in which services are shown.

    Returns
    -------
    access
        Columns `ACCESS_COLUMNS`. Rank 1 is the zone whose people together lose most
        minutes; those that gain most come last. A zone of which a service serves
        nobody in either plan has no row for it.
    """
    together = trips.assign(service=ALL_SERVICES)
    keys = ["service", "zone_id"]
    rows = _measured(pd.concat([together, trips]), keys).reset_index()
    order = (ALL_SERVICES, *_in_order(trips, services))
    rows["place"] = rows["service"].map(order.index)
    # Sums in another order may differ in their last digits: ties stay ties.
    for name in ("person_minutes", "people_lose"):
        rows[f"most_{name}"] = -rows[name].round(2)
    by = ["place", "most_person_minutes", "most_people_lose", "zone_id"]
    rows = rows.sort_values(by, ignore_index=True)
    rows["rank"] = rows.groupby("service").cumcount() + 1
    return rows[list(ACCESS_COLUMNS)]


def _in_order(trips: pd.DataFrame, services: Sequence[str]) -> list[str]:
    place = {service: at for at, service in enumerate(services)}
    return sorted(set(trips["service"]), key=lambda s: (place.get(s, len(place)), s))


def trips_of(before: Plan, after: Plan, zone_ids: pd.Series[str]) -> pd.DataFrame:
    """Return one row per service and demand point that either plan serves.

    Parameters
    ----------
    before, after
        The plans.
    zone_ids
        The zone of each demand point.

    Returns
    -------
    trips
        Columns ``service``, ``demand_id``, ``zone_id``; ``people_before`` and
        ``people_after`` served (0 where nobody is); ``minutes_before`` and
        ``minutes_after``, the mean over them (NaN where nobody is); ``compared``, the
        people served in both.
    """
    trips = (
        _trips(before)
        .add_suffix("_before")
        .join(_trips(after).add_suffix("_after"), how="outer")
        .reset_index()
    )
    for name in ("people_before", "people_after"):
        trips[name] = trips[name].fillna(0.0)
    more = trips["people_after"] - trips["people_before"]
    least = trips[["people_before", "people_after"]].min(axis=1)
    same = more.abs() <= _NOBODY
    trips["compared"] = least.where(~same, trips["people_before"])
    trips["zone_id"] = zone_ids.reindex(trips["demand_id"]).to_numpy()
    return trips


def _trips(plan: Plan) -> pd.DataFrame:
    rows = plan.assignments
    spent = rows.assign(person_minutes=rows["people"] * rows["minutes"])
    sums = spent.groupby(["service", "demand_id"], sort=True)[
        ["people", "person_minutes"]
    ].sum()
    return pd.DataFrame(
        {"people": sums["people"], "minutes": sums["person_minutes"] / sums["people"]}
    )


def _measured(trips: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return `MEASURES` by ``keys``; means are NaN where nobody is compared."""
    people = trips["compared"].where(trips["compared"] > _NOBODY, 0.0)
    old, new = (
        trips[f"minutes_{when}"].where(people > 0, 0.0) for when in ("before", "after")
    )
    change = new - old
    more = trips["people_after"] - trips["people_before"]
    parts = trips[[*keys, "people_before", "people_after"]].assign(
        people_compared=people,
        spent_before=people * old,
        spent_after=people * new,
        people_gain=people.where(change < -SAME_MINUTES, 0.0),
        people_lose=people.where(change > SAME_MINUTES, 0.0),
        largest_gain=(-change).clip(lower=0.0),
        largest_loss=change.clip(lower=0.0),
        newly_served=more.where(more > _NOBODY, 0.0),
        no_longer_served=(-more).where(more < -_NOBODY, 0.0),
        person_minutes=people * change,
    )
    how = {
        name: "max" if name.startswith("largest") else "sum"
        for name in parts.columns.drop(keys)
    }
    sums: pd.DataFrame = parts.groupby(keys, sort=True).agg(how)
    compared = sums["people_compared"].where(sums["people_compared"] > 0)
    sums["minutes_before"] = sums["spent_before"] / compared
    sums["minutes_after"] = sums["spent_after"] / compared
    sums["minutes_change"] = sums["person_minutes"] / compared
    return sums[list(MEASURES)]

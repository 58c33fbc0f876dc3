"""People in reach of each zone under every coverage rule, today and with a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.audit.coverage import nearest_holder, out_of_reach
from allocator.audit.facts import MissingColumnError
from allocator.policy import Coverage

if TYPE_CHECKING:
    from allocator.audit.facts import Facts

REACH_COLUMNS = ("rule_id", "service", "zone_id", "people", "today", "plan")


def reach_by_zone(today: Facts, planned: Facts) -> pd.DataFrame:
    """Return who is in reach, zone by zone, as the coverage rules count it.

    The sums of a rule over its zones are the figures of its audit rows.

    Parameters
    ----------
    today, planned
        Today's facilities and a plan, of one area under one policy.

    Returns
    -------
    reach
        Columns `REACH_COLUMNS`: ``people`` whom the rule addresses, and how many of
        them are in reach ``today`` and with the ``plan``. Rules in the order of the
        packs, zones by id; zones without people are left out, and so are rules that
        cannot be decided.
    """
    frames = []
    for rule in planned.policy.rules:
        if not isinstance(rule, Coverage):
            continue
        try:
            now, then = _in_reach(rule, today), _in_reach(rule, planned)
        except MissingColumnError:
            continue
        found = pd.DataFrame(
            {"people": then["people"], "today": now["reached"], "plan": then["reached"]}
        )
        found = found[found["people"] > 0].rename_axis("zone_id").reset_index()
        found.insert(0, "service", rule.service)
        found.insert(0, "rule_id", rule.id)
        frames.append(found)
    if not frames:
        return pd.DataFrame(columns=list(REACH_COLUMNS))
    return pd.concat(frames, ignore_index=True)[list(REACH_COLUMNS)]


def _in_reach(rule: Coverage, facts: Facts) -> pd.DataFrame:
    """Return ``people`` and ``reached`` by zone, sorted."""
    zones = frozenset(zone for unit in facts.units(rule) for zone in unit.zones)
    left = out_of_reach(rule, facts, zones, nearest_holder(rule, facts))
    demand = facts.area.demand[facts.area.demand["zone_id"].isin(sorted(zones))]
    people = demand["people"].astype(float)
    out = pd.Series(left, dtype=float).reindex(demand.index, fill_value=0.0)
    table = pd.DataFrame({"people": people, "reached": people - out})
    return table.groupby(demand["zone_id"]).sum().sort_index()

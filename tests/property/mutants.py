"""Plans that are a little wrong, or merely different."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import strategies as st

from allocator.plan import ALLOCATION_COLUMNS, ASSIGNMENT_COLUMNS
from tests.factories import PLACED
from tests.oracle import Held, World

if TYPE_CHECKING:
    from allocator.plan import Plan
    from tests.factories import Case


@st.composite
def mutants(draw: Any, case: Case, plan: Plan) -> Plan:
    """Return a plan with one thing changed; its prices stay those of the table."""
    ways = [_change_count]
    if World(case).levels()[1]:
        ways += [_change_amount]
    if len(plan.assignments):
        ways += [_move_assignment, _scale_people, _drop_assignment]
    changed: Plan = draw(st.sampled_from(ways))(draw, case, plan)
    return changed


def _change_count(draw: Any, case: Case, plan: Plan) -> Plan:
    """Give one pair up, or have one more or less: any site and service, allowed or not.

    All of a pair that is new is placed in the phase's own year.
    """
    world = World(case)
    site_id = draw(st.sampled_from(list(case.area.sites.index)))
    service = draw(st.sampled_from(list(case.policy.services)))
    pair = (site_id, service)
    rows = plan.placements
    here = (rows["site_id"] == site_id) & (rows["service"] == service)
    base, was = world.today.get(pair, 0), plan.counts.get(pair, 0)
    number = draw(st.sampled_from([n for n in (0, 1, 2, 3) if n != was]))
    candidate = case.area.sites.loc[site_id, "status"] == "candidate"
    parts: list[tuple[str, int]] = []
    if base and number >= base:
        parts.append(("keep", base))
    elif base:
        parts.append(("close", base))
    more = number - base if number >= base else number
    if more:
        parts.append(("build" if candidate else "upgrade", more))
    new = [_row(world, pair, *part) for part in parts]
    frame = pd.DataFrame([*rows[~here].to_dict("records"), *new], columns=rows.columns)
    return replace(plan, placements=frame)


def _row(world: World, pair: tuple[str, str], action: str, count: int) -> Any:
    """Return a row of placements, priced as the table says."""
    held = dict(world.today)
    if action == "close":
        held.pop(pair)
    elif action != "keep":
        held[pair] = held.get(pair, 0) + count
    prices = [world.spent(Held(held), c) for c in ("capital_wan", "yearly_wan")]
    year = world.case.terms.year
    return dict(zip(PLACED, (*pair, action, year, *prices), strict=True)) | {
        "count": count
    }


def _change_amount(draw: Any, case: Case, plan: Plan) -> Plan:
    """Give one more or less of a resource at a site where it may be, or anywhere."""
    world = World(case)
    site_id = draw(st.sampled_from(list(case.area.sites.index)))
    resource = draw(st.sampled_from(sorted({r for _, r in world.levels()[1]})))
    rows = plan.allocations
    here = (rows["site_id"] == site_id) & (rows["resource"] == resource)
    was = float(rows.loc[here, "amount"].sum())
    amount = draw(st.sampled_from([n for n in (0, 0.5, 1, 2, 3) if n != was]))
    kept = rows[~here].to_dict("records")
    if amount:
        one = Held(dict(world.today), {(site_id, resource): 1})
        prices = [world.spent(one, c) * amount for c in ("capital_wan", "yearly_wan")]
        values = (site_id, resource, float(amount), *prices, case.terms.year)
        kept.append(dict(zip(ALLOCATION_COLUMNS, values, strict=True)))
    frame = pd.DataFrame(kept, columns=list(ALLOCATION_COLUMNS))
    numeric = dict.fromkeys(("amount", "capital_wan", "yearly_wan"), float)
    return replace(plan, allocations=frame.astype(numeric))


def _move_assignment(draw: Any, case: Case, plan: Plan) -> Plan:
    """Send the people of one row to another site, in that journey's minutes."""
    number = draw(st.integers(0, len(plan.assignments) - 1))
    rows = plan.assignments.to_dict("records")
    target = draw(st.sampled_from(list(case.area.sites.index)))
    trip = World(case).trips.get((rows[number]["demand_id"], target))
    rows[number] |= {"site_id": target, "minutes": trip["minutes"] if trip else 5.0}
    return _with_assignments(plan, rows)


def _scale_people(draw: Any, case: Case, plan: Plan) -> Plan:
    number = draw(st.integers(0, len(plan.assignments) - 1))
    rows = plan.assignments.to_dict("records")
    rows[number]["people"] *= draw(st.sampled_from([0.613, 1.371]))
    return _with_assignments(plan, rows)


def _drop_assignment(draw: Any, case: Case, plan: Plan) -> Plan:
    rows = plan.assignments.to_dict("records")
    del rows[draw(st.integers(0, len(rows) - 1))]
    return _with_assignments(plan, rows)


def _with_assignments(plan: Plan, rows: list[Any]) -> Plan:
    frame = pd.DataFrame(rows, columns=list(ASSIGNMENT_COLUMNS))
    frame = frame.astype({"people": float, "minutes": float})
    return replace(plan, assignments=frame)

"""Plans that are a little wrong, or merely different."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import strategies as st

from allocator.plan import ASSIGNMENT_COLUMNS
from tests.factories import PLACED
from tests.oracle import World

if TYPE_CHECKING:
    from allocator.plan import Plan
    from tests.factories import Case


@st.composite
def mutants(draw: Any, case: Case, plan: Plan) -> Plan:
    """Return a plan with one thing changed; its prices stay those of the table."""
    ways = [_flip_placement]
    if len(plan.assignments):
        ways += [_move_assignment, _scale_people, _drop_assignment]
    changed: Plan = draw(st.sampled_from(ways))(draw, case, plan)
    return changed


def _flip_placement(draw: Any, case: Case, plan: Plan) -> Plan:
    """Give one pair up, or add one: any site, any service, allowed or not."""
    world = World(case)
    site_id = draw(st.sampled_from(list(case.area.sites.index)))
    service = draw(st.sampled_from(list(case.policy.services)))
    rows = plan.placements
    here = (rows["site_id"] == site_id) & (rows["service"] == service)
    was = rows.loc[here, "action"].tolist()
    before = frozenset(world.today)
    if (site_id, service) in world.today:
        action = "close" if was == ["keep"] else "keep"
        after = before - {(site_id, service)} if action == "close" else before
    else:
        candidate = case.area.sites.loc[site_id, "status"] == "candidate"
        action = "" if was else ("build" if candidate else "upgrade")
        after = before | {(site_id, service)}
    rows = rows[~here]
    if action:
        prices = [world.spent(after, c) for c in ("capital_wan", "yearly_wan")]
        new = dict(zip(PLACED, (site_id, service, action, None, *prices), strict=True))
        rows = pd.DataFrame([*rows.to_dict("records"), new | {"count": 1}])
    return replace(plan, placements=rows.reset_index(drop=True))


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

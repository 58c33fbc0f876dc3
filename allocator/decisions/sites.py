"""New candidates that a review asks for: places moved to, and places added."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator.decisions.verdicts import Decision, Verdict
from allocator.errors import Finding, Severity, Text, nearest
from allocator.load.places import lay_ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.area import PlanningArea


def add_sites(
    area: PlanningArea, decisions: Sequence[Decision], *, table: str
) -> tuple[PlanningArea, list[Finding]]:
    """Return the area with the candidates that decisions ask for.

    A place that is moved becomes a candidate of the same class and name in the zone of
    its new point; the old place stays in the table. A place that is added is of the
    class that `allocator.decisions.classes` gave it; several services may be added at
    one point. Sites of which a row without a service says reject or lock are locked as
    a whole.

    Parameters
    ----------
    area
        The planning area.
    decisions
        In their order: a place may be moved again.
    table
        Name of the decisions file, for findings.

    Returns
    -------
    area, findings
        Errors for a site that is not known, and for a point in no zone.
    """
    sites = area.sites
    findings: list[Finding] = []
    ground = lay_ground(area.zones)
    for decision in decisions:
        new_id = _new_id(decision)
        known = decision.site_id in sites.index
        if decision.verdict is Verdict.ADD and decision.site_id in area.sites.index:
            findings.append(_finding("site-known", decision, table, _TAKEN))
            continue
        if decision.verdict is not Verdict.ADD and not known:
            findings.append(_unknown(decision, sites, table))
            continue
        if new_id is None:
            sites = _locked(sites, decision)
            continue
        if decision.lon is None or decision.lat is None:
            continue  # the reader refuses these
        found = ground.find(np.array([decision.lon]), np.array([decision.lat]))
        zone_id = str(found.zone_ids[0])
        if not zone_id:
            findings.append(_finding("site-in-no-zone", decision, table, _NOWHERE))
            continue
        if new_id in sites.index:
            findings += _same_place(sites, new_id, decision, table)
            continue
        sites = _with_row(area, sites, decision, new_id, zone_id)
    return replace(area, sites=sites.sort_index()), findings


_TAKEN = Text("这个编号已有机构", "a site has this id already")
_NOWHERE = Text("新位置不在任何乡镇级单元内", "the new place is in no zone")


def _new_id(decision: Decision) -> str | None:
    if decision.verdict is Verdict.ADD:
        return decision.site_id
    return decision.moved_id if decision.verdict is Verdict.MOVE else None


def _locked(sites: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    locks = {Verdict.LOCK: "in", Verdict.REJECT: "out"}
    if decision.service or decision.verdict not in locks:
        return sites
    sites = sites.copy()
    sites.loc[decision.site_id, "locked"] = locks[decision.verdict]
    return sites


def _same_place(
    sites: pd.DataFrame, new_id: str, decision: Decision, table: str
) -> list[Finding]:
    """Two services of one site may move to one point, not to two."""
    there = (sites["lon"][new_id], sites["lat"][new_id])
    if there == (decision.lon, decision.lat):
        return []
    text = Text(
        "同一机构的服务放在不同位置", "services of one site are put at two places"
    )
    return [_finding("move-apart", decision, table, text)]


def _with_row(
    area: PlanningArea,
    sites: pd.DataFrame,
    decision: Decision,
    new_id: str,
    zone_id: str,
) -> pd.DataFrame:
    moved = decision.verdict is Verdict.MOVE
    row: dict[str, object] = {c: _nothing(sites[c].dtype) for c in sites.columns}
    if moved:
        row = {str(c): value for c, value in sites.loc[decision.site_id].items()}
    if not moved:
        row["class"] = decision.site_class
    row |= {
        "name": decision.name or (row["name"] if moved else new_id),
        "lon": decision.lon,
        "lat": decision.lat,
        "status": "candidate",
        "zone_id": zone_id,
        "county_id": area.zones["county_id"][zone_id],
        "services": (),
        "branch": False,
        "locked": "",
    }
    if "location_basis" in row:
        row["location_basis"] = "review"
    rows = [*sites.to_dict("records"), row]
    index = pd.Index([*sites.index, new_id], name=sites.index.name)
    return pd.DataFrame(rows, index=index, columns=sites.columns)


def _nothing(dtype: Any) -> object:  # noqa: ANN401 (a dtype of any kind)
    """Return what a blank cell of a column is once read."""
    return np.nan if pd.api.types.is_numeric_dtype(dtype) else ""


def _finding(code: str, decision: Decision, table: str, text: Text) -> Finding:
    return Finding(
        code, text, Severity.ERROR, table, (decision.row,), "site_id", decision.site_id
    )


def _unknown(decision: Decision, sites: pd.DataFrame, table: str) -> Finding:
    close = nearest(decision.site_id, list(sites.index))
    text = Text("没有这个机构或备选点", "there is no such site")
    remedy = Text(f"是否应为 {close}?", f"did you mean {close}?") if close else None
    found = _finding("site-unknown", decision, table, text)
    return replace(found, remedy=remedy)

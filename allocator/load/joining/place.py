"""Giving every row of a register a place, and a table of how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.joining.locations import CODE_HEADINGS
from allocator.load.joining.match import Match, match, seekers_of
from allocator.load.joining.units import Named, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from allocator.load.joining.words import Joining, Words
    from allocator.load.remarks import Remarks

JOIN_COLUMNS = (
    "site_id",
    "name",
    "joined",
    "value",
    "matched_to",
    "matched_name",
    "by",
    "confidence",
    "location_basis",
    "open",
    "candidates",
)
BASIS_OF = {
    "code": "joined_code",
    "name": "joined_name",
    "alias": "joined_name",
    "short_name": "joined_name",
    "similar_name": "joined_similar",
}


@dataclass(frozen=True)
class Placed:
    """Where the rows of a register are.

    Parameters
    ----------
    places
        ``lon``, ``lat`` (NaN where there is none) and ``location_basis``; index as the
        register's.
    zone_ids
        The zone of each row, as far as the register itself tells; what could not be
        understood is left as written.
    evident
        The zone that a row's words tell, from its ``zone_id`` or its name: evidence
        against its coordinates. Empty where none.
    joins
        In the register's order: a row for everything that was joined, with
        `JOIN_COLUMNS`.
    """

    places: pd.DataFrame
    zone_ids: pd.Series
    evident: pd.Series
    joins: pd.DataFrame


def place_sites(
    frame: pd.DataFrame,
    places: pd.DataFrame,
    words: Words,
    zones: gpd.GeoDataFrame,
    *,
    blank: pd.Series,
    joining: Joining,
    remarks: Remarks,
) -> Placed:
    """Give the rows without coordinates a place, and tell how.

    Parameters
    ----------
    frame
        The register; its index names the rows.
    places
        ``lon`` and ``lat`` of every row; NaN where there is none.
    words
        What the register says of zones and counties.
    zones
        The zones, for their centres and names.
    blank
        The rows for which the register gives no coordinates. Those that it gives and
        that cannot be read are findings already, and are not joined instead.
    joining
        What to join to.
    remarks
        Receives the findings: what was joined, what was not, what has no place.
    """
    lost = blank & ~_reported(frame.index, remarks)
    seekers = seekers_of(
        frame[lost],
        [c for c, one in zip(codes_of(frame, CODE_HEADINGS), lost, strict=True) if one],
        words.county_ids[lost],
        words.evident[lost],
    )
    matches: dict[str, Match] = {}
    if joining.locations is not None:
        matches = match(
            seekers,
            joining.locations,
            joining.aliases,
            prefixes=words.prefixes,
            least=joining.least,
        )
    placed = places.assign(location_basis="given")
    zone_ids = words.zone_ids.copy()
    rows: list[dict[str, object]] = []
    for key, site_id, name in zip(
        frame.index, frame["site_id"], frame["name"], strict=True
    ):
        about = {"site_id": site_id, "name": name}
        if words.stated[key].by == "zone_name":
            written = str(frame.loc[key, "zone_id"])
            rows.append(about | _zone_row(written, words.stated[key], zones))
        if not lost[key]:
            continue
        found = matches.get(key, Match())
        row = _joined_row(found, joining) or _centre_row(words, key, zones, joining)
        row |= _open_question(found, words, key, row)
        rows.append(about | row)
        placed.loc[key, "location_basis"] = str(row["location_basis"])
        if found.at is not None and joining.locations is not None:
            at = joining.locations.frame.iloc[found.at]
            placed.loc[key, ["lon", "lat"]] = [at["lon"], at["lat"]]
        elif row["matched_to"]:
            zone_ids[key] = row["matched_to"]
            centre = zones.loc[row["matched_to"], ["lon", "lat"]]
            placed.loc[key, ["lon", "lat"]] = centre.to_list()
    joins = pd.DataFrame(rows, columns=list(JOIN_COLUMNS))
    report_joins(frame.index[lost], joins[joins["joined"] == "place"], remarks)
    return Placed(placed, zone_ids, words.evident, joins)


def _zone_row(written: str, found: Named, zones: gpd.GeoDataFrame) -> dict[str, object]:
    return {
        "joined": "zone",
        "value": written,
        "matched_to": found.zone_id,
        "matched_name": zones.loc[found.zone_id, "name"],
        "by": found.by,
        "confidence": found.confidence,
        "location_basis": "",
        "open": "",
        "candidates": "",
    }


def _joined_row(found: Match, joining: Joining) -> dict[str, object] | None:
    if found.at is None or joining.locations is None:
        return None
    at = joining.locations.frame.iloc[found.at]
    return {
        "joined": "place",
        "value": "",
        "matched_to": f"{joining.locations.table} {at['key']}",
        "matched_name": at["name"],
        "by": found.by,
        "confidence": found.confidence,
        "location_basis": BASIS_OF[found.by],
    }


def _centre_row(
    words: Words, key: str, zones: gpd.GeoDataFrame, joining: Joining
) -> dict[str, object]:
    """Return the row of a site put at the centre of its zone, or nowhere."""
    zone = words.stated[key] if words.stated[key].zone_id else words.named[key]
    if not zone.zone_id or zone.confidence < joining.least:
        return {
            "joined": "place",
            "value": "",
            "matched_to": "",
            "matched_name": "",
            "by": "",
            "confidence": 0.0,
            "location_basis": "",
        }
    return {
        "joined": "place",
        "value": "",
        "matched_to": zone.zone_id,
        "matched_name": zones.loc[zone.zone_id, "name"],
        "by": zone.by,
        "confidence": zone.confidence,
        "location_basis": "zone_centre",
    }


def _open_question(
    found: Match, words: Words, key: str, row: dict[str, object]
) -> dict[str, object]:
    """Return what the planner may still decide, and between what."""
    zone = words.named[key]
    if found.rivals:
        return {"open": "shared", "candidates": "; ".join(found.several)}
    if found.several:
        return {"open": "ambiguous", "candidates": "; ".join(found.several)}
    if found.suggested:
        shown = f"{found.suggested} {found.suggested_confidence:.2f}"
        return {"open": "refused", "candidates": shown}
    if not row["by"] and zone.several:
        return {"open": "ambiguous", "candidates": "; ".join(zone.several)}
    if not row["by"] and zone.zone_id:
        shown = f"{zone.zone_id} {zone.confidence:.2f}"
        return {"open": "refused", "candidates": shown}
    return {"open": "", "candidates": ""}


def _reported(index: pd.Index, remarks: Remarks) -> pd.Series:
    """Tell which rows' coordinates already are the matter of a finding."""
    keys = {
        key
        for finding in remarks.findings
        for key in finding.keys
        if finding.column in ("lon", "lat", "lon, lat", "geometry", "")
        and finding.severity == "error"
    }
    return pd.Series([str(key) in keys for key in index], index=index, dtype=bool)


def report_joins(keys: Iterable[object], joins: pd.DataFrame, remarks: Remarks) -> None:
    """Say how the rows without coordinates were placed, the doubtful ones by name.

    Parameters
    ----------
    keys
        The rows, in the order of ``joins``.
    joins
        Rows of `JOIN_COLUMNS` about places.
    remarks
        Receives the findings; a row without a place is an error.
    """
    table = joins.assign(key=[str(key) for key in keys])
    shown = table["name"] + " -> " + table["matched_name"].astype(str)
    sure = table["location_basis"].isin(["joined_code", "joined_name"])
    if sure.any():
        remarks.note(
            "joined",
            Text("按代码或名称关联到坐标", "placed by code or by name"),
            keys=table["key"][sure],
            values=shown[sure],
        )
    for basis, code, message, remedy in (
        (
            "joined_similar",
            "joined-similar",
            Text("按相近名称关联到坐标, 请核对", "placed by a similar name: check it"),
            Text(
                "对的写入 [area] aliases, 错的补上经纬度",
                "write those that are right into [area] aliases, else give lon and lat",
            ),
        ),
        (
            "zone_centre",
            "placed-at-zone-centre",
            Text("没有坐标, 放在所属单元中心", "no coordinates: at its zone's centre"),
            Text(
                "补上经纬度, 或在 [area] locations 给出带坐标的表",
                "give lon and lat, or a table of places in [area] locations",
            ),
        ),
    ):
        here = table["location_basis"] == basis
        if here.any():
            remarks.warning(
                code,
                message,
                keys=table["key"][here],
                values=shown[here],
                remedy=remedy,
            )
    _report_open(table, remarks)


def _report_open(table: pd.DataFrame, remarks: Remarks) -> None:
    """Report what was not chosen, and rows that are left without a place."""
    several = table["open"].isin(["ambiguous", "shared"])
    refused = table["open"] == "refused"
    for code, rows, message, remedy in (
        (
            "join-ambiguous",
            several,
            Text(
                "几个同样合适, 没有替您选择", "several fit equally well: none is chosen"
            ),
            Text("在 [area] aliases 中写明, 或填代码", "say which in [area] aliases"),
        ),
        (
            "join-refused",
            refused,
            Text("最相近的名称不够可信, 没有关联", "the nearest name is too unlike"),
            Text(
                "确认是同一机构时写入 [area] aliases",
                "if it is the same, write it into [area] aliases",
            ),
        ),
    ):
        if rows.any():
            remarks.warning(
                code,
                message,
                keys=table["key"][rows],
                values=table["name"][rows] + " -> " + table["candidates"][rows],
                remedy=remedy,
            )
    lost = table["location_basis"] == ""
    if lost.any():
        remarks.error(
            "site-without-place",
            Text("没有经纬度, 也找不到位置", "no coordinates, and no place was found"),
            keys=table["key"][lost],
            column="lon, lat",
            values=table["name"][lost],
            remedy=Text(
                "补上经纬度或 zone_id, 或在 [area] locations 给出带坐标的表",
                "give lon and lat or zone_id, or a table of places in [area] locations",
            ),
        )

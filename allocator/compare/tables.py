"""The tables of a comparison, as files, workbook and machines get them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.compare.words import service_name

if TYPE_CHECKING:
    import pandas as pd

    from allocator.compare.comparison import Comparison

# Decimals by the beginning of a column's name: no more than files can hold.
_DECIMALS = {
    "km": 3,
    "minutes": 4,
    "largest": 4,
    "people": 2,
    "newly": 2,
    "no_longer": 2,
    "person": 2,
    "count_": 4,
    "capital": 4,
    "yearly": 4,
    "lon": 6,
    "lat": 6,
    "to_lon": 6,
    "to_lat": 6,
}


def changes_table(comparison: Comparison) -> pd.DataFrame:
    """Return ``changes.csv``: placements and resources that differ, with names."""
    table = _rounded(comparison.changes)
    return _named(comparison, table)


def zones_table(comparison: Comparison) -> pd.DataFrame:
    """Return ``zones.csv``: who gains and loses, by service and zone, ranked."""
    table = _named(comparison, _rounded(comparison.zones))
    zones = comparison.place.zones
    counties = comparison.place.counties["name"]
    own = zones.loc[table["zone_id"]]
    at = int(table.columns.get_loc("zone_id")) + 1  # type: ignore[arg-type]
    table.insert(at, "zone", own["name"].to_numpy())
    table.insert(at + 1, "county", counties.reindex(own["county_id"]).to_numpy())
    return table


def services_table(comparison: Comparison) -> pd.DataFrame:
    """Return ``services.csv``: who gains and loses, by service."""
    return _named(comparison, _rounded(comparison.services.reset_index()))


def verdicts_table(comparison: Comparison) -> pd.DataFrame:
    """Return ``verdicts.csv``: rules and units with another verdict."""
    return comparison.verdicts


def comparison_records(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data, as ``compare.json`` holds it."""
    language = comparison.place.language
    return {
        "name": comparison.place.name,
        "before": _side(comparison, "before"),
        "after": _side(comparison, "after"),
        "move_km": comparison.move_km,
        "figures": [
            {
                "kind": figure.kind,
                "name": figure.name,
                "text": figure.heading.say(language),
                "before": figure.before,
                "after": figure.after,
                "difference": figure.difference,
            }
            for figure in comparison.figures
        ],
        "changes": _records(changes_table(comparison)),
        "services": _records(services_table(comparison)),
        "zones": _records(zones_table(comparison)),
        "verdicts": _records(verdicts_table(comparison)),
        "notes": [note.say(language) for note in comparison.place.notes],
    }


def _side(comparison: Comparison, which: str) -> dict[str, Any]:
    side = getattr(comparison, which)
    return {"label": side.label, "status": side.certificate.get("status")}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain data; what has no value is null."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    for column in table.columns:
        for start, decimals in _DECIMALS.items():
            if column.startswith(start):
                table[column] = table[column].astype(float).round(decimals)
    return table


def _named(comparison: Comparison, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the shown name beside each service."""
    place = comparison.place
    names = [
        service_name(service, dict(place.services), place.language)
        for service in table["service"]
    ]
    table = table.copy()
    at = int(table.columns.get_loc("service")) + 1  # type: ignore[arg-type]
    table.insert(at, "service_name", names)
    return table

"""Rows of the tables on the screen, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.compare import CHANGE_WORDS, changes_table, zones_table
from allocator.decisions import Verdict
from allocator.review.words import AUDIT, VERDICTS, Speech

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocator.compare import Comparison
    from allocator.review.entries import Entry, Key
    from allocator.review.room import Room
    from allocator.review.view import Option, Place

CELL_VERDICTS = ("accept", "reject", "lock", "defer", "")  # those that need no place
_MOST_ZONES = 8
_ORDER = ("not_met", "undecidable", "met", "tracked")


def placement_rows(room: Room) -> list[dict[str, Any]]:
    """Return one row for each placement of the plan, and for what was added to it."""
    rows = []
    for place in room.view.places.values():
        for option in place.options:
            entry = room.verdict_on((place.id, option.service))
            if option.action or entry is not None:
                rows.append(placement_row(room, place, option, entry))
    return rows


def placement_row(
    room: Room, place: Place, option: Option, entry: Entry | None
) -> dict[str, Any]:
    """Return the row of one placement."""
    speech = Speech(room.language)
    return {
        "id": f"{place.id}\t{option.service}",
        "site_id": place.id,
        "name": place.name,
        "county": place.county,
        "zone": place.zone,
        "service": room.view.services.get(option.service, option.service),
        "action": speech.action(option.action),
        "year": option.phase,
        "capital": round(option.capital_wan, 2) if option.action else None,
        "yearly": round(option.yearly_wan, 2) if option.action else None,
        "people": None if option.people is None else round(option.people),
        "minutes": None if option.minutes is None else round(option.minutes, 1),
        "clauses": "; ".join(option.clauses),
        "verdict": "" if entry is None else entry.verdict,
        "reason": "" if entry is None else entry.why,
        "reviewer": "" if entry is None else entry.who,
    }


def key_of(row_id: str) -> Key:
    """Return the site and service of a row."""
    site_id, _, service = row_id.partition("\t")
    return site_id, service


def audit_rows(room: Room) -> list[dict[str, Any]]:
    """Return the clauses, what is not met first."""
    speech = Speech(room.language)
    rows = sorted(room.view.audit, key=lambda row: _ORDER.index(str(row["verdict"])))
    return [
        {
            "id": number,
            "rule": str(row["rule_id"]),
            "clause": str(row["clause"]),
            "quote": str(row["quote"]),
            "unit": str(row["unit"]),
            "required": str(row["required"]),
            "found": str(row["found"]),
            "verdict": AUDIT[str(row["verdict"])].say(speech.language),
            "gap": str(row["gap"]),
        }
        for number, row in enumerate(rows)
    ]


def journal_rows(room: Room) -> list[dict[str, Any]]:
    """Return every entry, the latest first, with what undid it."""
    speech = Speech(room.language)
    entries = room.entries
    undone = {entry.undoes: entry for entry in entries if entry.undoes}
    rows = []
    for entry in reversed(entries):
        if entry.undoes:
            continue
        by = undone.get(entry.id)
        rows.append(
            {
                "id": entry.id,
                "when": entry.when[:16].replace("T", " "),
                "who": entry.who,
                "what": subject(room, entry.key),
                "verdict": entry.verdict,
                "words": speech.verdict(entry.verdict),
                "why": entry.why,
                "price": entry.price,
                "undone": "" if by is None else by.who or "?",
            }
        )
    return rows


def subject(room: Room, key: Key) -> str:
    """Return the name of a site and service."""
    site_id, service = key
    place = room.view.places.get(site_id)
    name = place.name if place is not None else _added_name(room, site_id)
    return f"{name} {room.view.services.get(service, service)}".strip()


def _added_name(room: Room, site_id: str) -> str:
    for entry in reversed(room.entries):
        if entry.site_id == site_id and entry.verdict == Verdict.ADD and entry.name:
            return entry.name
    return site_id


def map_marks(room: Room) -> dict[str, dict[str, Any]]:
    """Return what the map shows of the decisions: one sign a site, by its id."""
    return {
        entry.site_id: {
            "id": entry.site_id,
            "verdict": entry.verdict,
            "lat": entry.lat,
            "lon": entry.lon,
            "name": entry.name,
        }
        for entry in room.stands.values()
        if entry.verdict
    }


def tally(room: Room) -> tuple[int, int]:
    """Return how many placements of the plan are decided, and how many it has."""
    placed = [
        (place.id, option.service)
        for place in room.view.places.values()
        for option in place.options
        if option.action
    ]
    return sum(room.verdict_on(key) is not None for key in placed), len(placed)


def comparison_rows(comparison: Comparison, speech: Speech) -> dict[str, Any]:
    """Return what changed between two rounds: figures, placements, zones."""
    changes = changes_table(comparison).to_dict("records")
    zones = zones_table(comparison)
    own = zones[zones["service"] == ""]
    lose = own[own["person_minutes"] > 0].head(_MOST_ZONES).to_dict("records")
    gain = own[own["person_minutes"] < 0].tail(_MOST_ZONES).to_dict("records")[::-1]
    return {
        "figures": [
            (f.heading.say(speech.language), f.before, f.after, f.difference)
            for f in comparison.figures
        ],
        "changes": [
            {
                "kind": CHANGE_WORDS[row["change"]].say(speech.language),
                "change": row["change"],
                "site": row["site_id"],
                "what": f"{row['name']} {row['service_name']}",
                "to": "" if row["to_name"] != row["to_name"] else row["to_name"] or "",
            }
            for row in changes
        ],
        "gain": [_zone(row) for row in gain],
        "lose": [_zone(row) for row in lose],
    }


def _zone(row: Mapping[Any, Any]) -> tuple[str, float, float]:
    return (
        f"{row['county']} {row['zone']}",
        float(row["minutes_change"]),
        float(row["people_compared"]),
    )


def verdict_words(speech: Speech) -> dict[str, str]:
    """Return the words that the table shows for verdicts; none says nothing."""
    return {**speech.words(VERDICTS), "": ""}

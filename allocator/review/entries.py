"""What a review decides, entry by entry, and what stands once all are read."""

from __future__ import annotations

import math
import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from allocator.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

type Key = tuple[str, str]  # (site_id, service); no service: the whole site

WITHDRAWN = ""  # the verdict of an entry that takes a decision back
MOST_TEXT = 500  # characters of a reason, a name or a reviewer
_DECIMALS = 6  # of a degree, as in the tables of a run


@dataclass(frozen=True)
class Entry:
    """One line of the journal.

    Parameters
    ----------
    id
        Random and unique.
    when
        Local time with its offset, ISO 8601.
    who, why
        The reviewer and the reason, as written.
    site_id, service
        What was decided on; no service: the whole site.
    verdict
        One of `allocator.decisions.Verdict`; empty: the decision is taken back.
    phase
        The year of the placement that was reviewed; None where it has none.
    lon, lat, name
        Where to, degrees of CGCS2000, and the name of a new candidate; only of ``move``
        and ``add``.
    site_class
        Of a new candidate, WS 218; empty: only one fits, or none is needed.
    undoes
        The id of the entry that this one undoes; then the verdict says nothing.
    price
        What the decision was said to cost when it was taken; empty: not priced.
    """

    id: str
    when: str
    who: str
    site_id: str
    service: str
    verdict: str
    why: str = ""
    phase: int | None = None
    lon: float | None = None
    lat: float | None = None
    name: str = ""
    undoes: str = ""
    price: str = ""
    site_class: str = ""

    @property
    def key(self) -> Key:
        """What was decided on."""
        return self.site_id, self.service

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as plain data; ``id`` first."""
        return asdict(self)


def new_entry(
    who: str,
    key: Key,
    verdict: str,
    *,
    why: str = "",
    phase: int | None = None,
    place: tuple[float, float] | None = None,
    name: str = "",
    price: str = "",
    site_class: str = "",
) -> Entry:
    """Return an entry of this moment; texts are cleaned with `clean`.

    Parameters
    ----------
    who, key, verdict, why, phase, name, price, site_class
        As in `Entry`.
    place
        Longitude and latitude, of ``move`` and ``add``.

    Raises
    ------
    ValueError
        When the verdict is not known, or a place is missing, needless or none on earth.
    """
    if verdict != WITHDRAWN:
        verdict = str(Verdict(verdict))
    if (place is not None) != (verdict in (Verdict.MOVE, Verdict.ADD)):
        raise ValueError("a place belongs to move and add, and only to them")
    if place is not None and not _on_earth(*place):
        raise ValueError("no such place")
    return Entry(
        id=secrets.token_hex(8),
        when=datetime.now().astimezone().isoformat(timespec="seconds"),
        who=clean(who),
        site_id=key[0],
        service=key[1],
        verdict=verdict,
        why=clean(why),
        phase=phase,
        lon=None if place is None else round(place[0], _DECIMALS),
        lat=None if place is None else round(place[1], _DECIMALS),
        name=clean(name),
        price=price,
        site_class=clean(site_class) if verdict == Verdict.ADD else "",
    )


def undoing(entry: Entry, who: str) -> Entry:
    """Return the entry that undoes another."""
    made = new_entry(who, entry.key, WITHDRAWN)
    return replace(made, undoes=entry.id)


def clean(text: str) -> str:
    """Return a text in one line, without control characters, of bounded length."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:MOST_TEXT]


def _on_earth(lon: float, lat: float) -> bool:
    there = math.isfinite(lon) and math.isfinite(lat)
    return there and abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004 (degrees)


_TYPES: dict[str, tuple[type, ...]] = {
    "phase": (int, type(None)),
    "lon": (float, int, type(None)),
    "lat": (float, int, type(None)),
}


def entry_of(content: object) -> Entry | None:
    """Return the entry that a line of the journal holds; None where it holds none."""
    if not isinstance(content, dict):
        return None
    known = {f.name: content[f.name] for f in fields(Entry) if f.name in content}
    for name, value in known.items():
        if not isinstance(value, _TYPES.get(name, (str,))):
            return None
    try:
        entry = Entry(**known)
        if entry.verdict != WITHDRAWN:
            Verdict(entry.verdict)
    except (TypeError, ValueError):
        return None
    return entry


def standing(entries: Iterable[Entry]) -> dict[Key, Entry]:
    """Return the last entry on each site and service that is not undone.

    An undo that was itself undone counts for nothing. What is withdrawn is in the
    answer, with the verdict `WITHDRAWN`; what was only undone is not.
    """
    undone: set[str] = set()
    kept: list[Entry] = []
    for entry in reversed(list(entries)):
        if entry.id in undone:
            continue
        if entry.undoes:
            undone.add(entry.undoes)
        else:
            kept.append(entry)
    return {entry.key: entry for entry in reversed(kept)}


def last_of(entries: Iterable[Entry], who: str) -> Entry | None:
    """Return the last decision of a reviewer that still can be undone."""
    rows = list(entries)
    undone = {entry.undoes for entry in rows if entry.undoes}
    for entry in reversed(rows):
        if entry.who == who and not entry.undoes and entry.id not in undone:
            return entry
    return None


MOVED = "-moved"  # the ending of `allocator.decisions.Decision.moved_id`


def settled(
    key: Key,
    verdict: str,
    place: tuple[float, float] | None,
    stands: Mapping[Key, Entry],
) -> tuple[Key, str, tuple[float, float] | None]:
    """Return where and how a verdict is written so that the next plan can obey it.

    A place that a review made is in no register: it exists because of a ``move`` or an
    ``add``. What is said of it is said of that decision: rejecting it rejects or
    withdraws, moving it moves again, keeping it keeps the decision.

    Parameters
    ----------
    key, verdict, place
        As said on the screen.
    stands
        From `standing`.
    """
    site_id, service = key
    origin = (site_id.removesuffix(MOVED), service)
    moved = stands.get(origin)
    if site_id.endswith(MOVED) and moved is not None and moved.verdict == Verdict.MOVE:
        if verdict in (Verdict.REJECT, Verdict.DEFER, Verdict.MOVE):
            return origin, verdict, place
        return key, verdict, place
    for added_key in (key, (site_id, "")):
        added = stands.get(added_key)
        if added is None or added.verdict != Verdict.ADD:
            continue
        here = (added.lon or 0.0, added.lat or 0.0)
        if verdict == Verdict.MOVE:
            return added_key, Verdict.ADD, place
        if added_key == key and verdict in (Verdict.ACCEPT, Verdict.LOCK):
            return key, Verdict.ADD, here
        if added_key == key and verdict in (Verdict.REJECT, Verdict.DEFER):
            return key, WITHDRAWN, None
    return key, verdict, place

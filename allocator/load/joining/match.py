"""Which location is meant by a row of a register: by code, by name, by similar name.

Steps go from certain to less certain, for all rows at once. A location taken in one
step is not given again in a later one, and two that fit equally well are not chosen
between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz, process

from allocator.load.joining.names import (
    Core,
    core_of,
    readings,
    tell_apart,
    without_prefixes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from allocator.load.joining.locations import Locations

# How sure each step is, 0 to 1. They order what a planner looks at first and are no
# probabilities.
BY_CODE, BY_NAME, BY_ALIAS, BY_SHORT_NAME = 1.0, 0.98, 0.97, 0.93
# 三江镇卫生院 for 三江乡卫生院: the township may have become a town, or be another.
OTHER_ENDING = 0.8
MOST_SIMILAR = 0.95  # of a similar name, times its similarity
# Less where the county of the register's row is not known.
COUNTY_UNKNOWN = 0.08
# The part of the similarity that stems decide: all names of one kind end alike.
WEIGHT_OF_STEM = 0.7
TELLING_CAP = 0.6  # names that differ in a number or direction are not this alike
LEAST_SUGGESTED = 0.45  # less similar names are not worth showing
MARGIN = 0.03  # a second name nearer than this makes the first no clear choice
SAME_PLACE_M = 200.0  # entries of one name within this are one place


@dataclass(frozen=True)
class Seeker:
    """One row of a register that looks for its place.

    Parameters
    ----------
    key
        The row as the planner knows it.
    name
        As written.
    codes
        Codes that it is known by.
    county_id, zone_id
        Where it must be; empty where not known.
    """

    key: str
    name: str
    codes: tuple[str, ...]
    county_id: str
    zone_id: str


@dataclass(frozen=True)
class Match:
    """What was found for one row.

    Parameters
    ----------
    at
        Row of the location in `Locations.frame`; None where none is chosen.
    by
        ``code``, ``name``, ``alias``, ``short_name``, ``similar_name``, or empty.
    confidence
        0 to 1.
    several
        Locations that fit equally well, by their names and rows; none is chosen then.
    rivals
        Other rows of the register that fit the same location; none is chosen then.
    suggested, suggested_confidence
        The best of the names that are not similar enough, and how similar it is.
    """

    at: int | None = None
    by: str = ""
    confidence: float = 0.0
    several: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    suggested: str = ""
    suggested_confidence: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether later steps need not look: chosen, not to be chosen, or refused."""
        return self.at is not None or bool(
            self.several or self.rivals or self.suggested
        )


@dataclass
class _Search:
    """The state of one search: what is found, and which locations are taken."""

    seekers: Sequence[Seeker]
    locations: Locations
    prefixes: tuple[str, ...]
    found: dict[str, Match] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        frame = self.locations.frame
        self.county_ids = frame["county_id"].tolist()
        self.zone_ids = frame["zone_id"].tolist()
        self.xy = frame[["x", "y"]].to_numpy(dtype=float)
        self.names = [readings(str(name)) if name else () for name in frame["name"]]
        self.cores = [self.core(names[0]) if names else None for names in self.names]

    def core(self, name: str) -> Core:
        return core_of(without_prefixes(name, self.prefixes))

    def shown(self, at: int) -> str:
        row = self.locations.frame.iloc[at]
        return f"{row['name']} ({row['key']})" if row["name"] else str(row["key"])

    def allowed(self, seeker: Seeker, at: int) -> bool:
        """Whether a name may be looked for there: in the area, in its county, free."""
        if not self.county_ids[at] or at in self.taken:
            return False
        return not seeker.county_id or seeker.county_id == self.county_ids[at]

    def single(
        self, seeker: Seeker, found: Iterable[int]
    ) -> tuple[int | None, list[int]]:
        """Return the one place meant, or those that fit equally well."""
        several = sorted(set(found))
        if len(several) > 1 and seeker.zone_id:
            own = [at for at in several if self.zone_ids[at] == seeker.zone_id]
            several = own or several
        if not several:
            return None, []
        first = self.xy[several[0]]
        apart_m = np.hypot(*(self.xy[several] - first).T)
        if (apart_m <= SAME_PLACE_M).all():
            return several[0], []
        return None, several

    def settle(self, claims: dict[str, tuple[int, str, float]]) -> None:
        """Give locations to the rows that claim them alone."""
        claimants: dict[int, list[str]] = {}
        for key, (at, _, _) in claims.items():
            claimants.setdefault(at, []).append(key)
        for key, (at, by, confidence) in claims.items():
            rivals = tuple(k for k in claimants[at] if k != key)
            self.found[key] = (
                Match(rivals=rivals, several=(self.shown(at),))
                if rivals
                else Match(at, by, round(confidence, 3))
            )
        self.taken |= set(claimants)


def match(
    seekers: Sequence[Seeker],
    locations: Locations,
    aliases: Mapping[str, tuple[str, ...]],
    *,
    prefixes: tuple[str, ...],
    least: float,
) -> dict[str, Match]:
    """Return the match of every row, by its key.

    Parameters
    ----------
    seekers
        Rows without coordinates of their own.
    locations
        Where to look.
    aliases
        Other names of a plain name.
    prefixes
        Provinces, cities and counties that names may begin with.
    least
        The confidence that a join must have, 0 to 1; less is only suggested.
    """
    search = _Search(seekers, locations, prefixes)
    codes: dict[str, list[int]] = {}
    for at, known in enumerate(locations.frame["codes"]):
        for code in known:
            codes.setdefault(code, []).append(at)
    names = _index((name, at) for at, own in enumerate(search.names) for name in own)
    cores = _index(
        (core.text, at) for at, core in enumerate(search.cores) if core is not None
    )
    _step(search, "code", BY_CODE, least, lambda s: _all(codes, s.codes))
    _step(search, "name", BY_NAME, least, lambda s: _all(names, readings(s.name)))
    _step(
        search,
        "alias",
        BY_ALIAS,
        least,
        lambda s: _by_alias(search, s, names, cores, aliases),
    )
    _step(
        search,
        "short_name",
        BY_SHORT_NAME,
        least,
        lambda s: _all(cores, (search.core(r).text for r in readings(s.name))),
    )
    _similar(search, least)
    return {s.key: search.found.get(s.key, Match()) for s in seekers}


def _by_alias(
    search: _Search,
    seeker: Seeker,
    names: Mapping[str, list[int]],
    cores: Mapping[str, list[int]],
    aliases: Mapping[str, tuple[str, ...]],
) -> list[int]:
    others = [a for r in readings(seeker.name) for a in aliases.get(r, ())]
    return _all(names, others) or _all(cores, (search.core(a).text for a in others))


def _index(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for word, at in pairs:
        if word:
            found.setdefault(word, []).append(at)
    return found


def _all(index: Mapping[str, list[int]], words: Iterable[str]) -> list[int]:
    return [at for word in words for at in index.get(word, ())]


def _step(
    search: _Search,
    by: str,
    confidence: float,
    least: float,
    look: Callable[[Seeker], list[int]],
) -> None:
    claims: dict[str, tuple[int, str, float]] = {}
    for seeker in search.seekers:
        known = search.found.get(seeker.key)
        if known is not None and known.settled:
            continue
        found = look(seeker)
        if by == "code":
            found = [at for at in found if at not in search.taken]
        else:
            found = [at for at in found if search.allowed(seeker, at)]
        at, several = search.single(seeker, found)
        if several:
            shown = tuple(search.shown(one) for one in several)
            search.found[seeker.key] = Match(several=shown)
        elif at is not None:
            sure = _sureness(search, seeker, at, by, confidence)
            if sure >= least:
                claims[seeker.key] = (at, by, sure)
            else:
                search.found[seeker.key] = Match(
                    suggested=search.shown(at), suggested_confidence=round(sure, 3)
                )
    search.settle(claims)


def _sureness(
    search: _Search, seeker: Seeker, at: int, by: str, confidence: float
) -> float:
    """Return how sure a step's find is, for this row and this location."""
    if by == "short_name":
        own, other = search.core(readings(seeker.name)[0]).ending, search.cores[at]
        ending = other.ending if other is not None else ""
        if own and ending and own != ending:
            confidence = OTHER_ENDING
    return confidence - _doubt(seeker, by)


def _doubt(seeker: Seeker, by: str) -> float:
    return 0.0 if by == "code" or seeker.county_id else COUNTY_UNKNOWN


def _similar(search: _Search, least: float) -> None:
    """Look for similar names of the same kind among the locations left."""
    claims: dict[str, tuple[int, str, float]] = {}
    for seeker in search.seekers:
        known = search.found.get(seeker.key)
        if known is not None and known.settled:
            continue
        ranked = _ranked(search, seeker)
        if not ranked:
            continue
        best, at = ranked[0]
        tied = [one for score, one in ranked if best - score < MARGIN]
        one, several = search.single(seeker, tied)
        if best < least:
            if best >= LEAST_SUGGESTED:
                search.found[seeker.key] = Match(
                    suggested=search.shown(at), suggested_confidence=round(best, 3)
                )
        elif several:
            shown = tuple(search.shown(each) for each in several)
            search.found[seeker.key] = Match(several=shown)
        elif one is not None:
            claims[seeker.key] = (one, "similar_name", best)
    search.settle(claims)


def _ranked(search: _Search, seeker: Seeker) -> list[tuple[float, int]]:
    """Return confidence and location of names of the same kind, the best first."""
    core = search.core(readings(seeker.name)[0])
    here: list[tuple[int, Core]] = []
    for at, other in enumerate(search.cores):
        alike = other is not None and other.kind == core.kind and other.stem
        if other is not None and alike and search.allowed(seeker, at):
            here.append((at, other))
    if not here or not core.stem:
        return []
    scores = _similarities(core, [other for _, other in here])
    sure = MOST_SIMILAR * scores - _doubt(seeker, "similar_name")
    pairs = ((float(one), at) for one, (at, _) in zip(sure, here, strict=True))
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1]))


def _similarities(core: Core, others: Sequence[Core]) -> np.ndarray:
    stems = process.cdist([core.stem], [o.stem for o in others], scorer=fuzz.ratio)[0]
    texts = process.cdist([core.text], [o.text for o in others], scorer=fuzz.ratio)[0]
    scores = (WEIGHT_OF_STEM * stems + (1 - WEIGHT_OF_STEM) * texts) / 100.0
    apart = np.array([tell_apart(core.stem, other.stem) for other in others])
    return np.asarray(np.where(apart, np.minimum(scores, TELLING_CAP), scores))


def seekers_of(
    frame: pd.DataFrame,
    codes: Sequence[tuple[str, ...]],
    county_ids: pd.Series,
    zone_ids: pd.Series,
) -> list[Seeker]:
    """Return the rows of a register as what looks for a place."""
    rows = zip(frame.index, frame["name"], codes, county_ids, zone_ids, strict=True)
    return [
        Seeker(str(key), str(name), own, str(county), str(zone))
        for key, name, own, county, zone in rows
    ]

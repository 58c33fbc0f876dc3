"""Reviews that were sent round, put together: what is agreed, and where people differ.

A verdict counts once a person. Of one person's verdicts on one placement the latest
counts, where all of them are dated; otherwise they stand against each other like those
of two people. What the run already obeys and a reviewer left as it was is no new
verdict: it holds where nobody says anything else.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.decisions.verdicts import Decision, Verdict
from allocator.errors import Finding, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

type Pair = tuple[str, str]  # (site_id, service); an empty service: the whole site
type Answer = tuple[Verdict, float | None, float | None]

_DATE = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?")
_SAME_PLACE = 6  # decimals of a degree: a tenth of a metre
# Verdicts on one service that a verdict on the whole site contradicts.
_AGAINST_WHOLE: Mapping[Verdict, frozenset[Verdict]] = {
    Verdict.REJECT: frozenset({Verdict.ACCEPT, Verdict.LOCK}),
    Verdict.ACCEPT: frozenset({Verdict.REJECT, Verdict.DEFER, Verdict.MOVE}),
}


@dataclass(frozen=True)
class Opinion:
    """What one person said of one placement.

    Parameters
    ----------
    person
        The reviewer of the row, else the file; empty where what stands has no name.
    file
        Where it stands; the row is in the decision.
    decision
        What was said.
    standing
        Whether the run that was reviewed obeys it already, word for word.
    """

    person: str
    file: str
    decision: Decision
    standing: bool = False

    @property
    def pair(self) -> Pair:
        """What it is about."""
        return self.decision.site_id, self.decision.service

    @property
    def answer(self) -> Answer:
        """The verdict, and where to."""
        return _answer(self.decision)


@dataclass(frozen=True)
class Merged:
    """Several reviews as one.

    Parameters
    ----------
    agreed
        What all who spoke of a placement said, by placement.
    conflicts
        The opinions on each placement on which people differ.
    findings
        Notes on verdicts that a later one of the same person replaced, and warnings of
        dates that cannot be read.
    people
        Everybody who said anything new, sorted.
    opinions
        Those that count, by placement.
    """

    agreed: tuple[Decision, ...]
    conflicts: Mapping[Pair, tuple[Opinion, ...]]
    findings: tuple[Finding, ...]
    people: tuple[str, ...]
    opinions: Mapping[Pair, tuple[Opinion, ...]]

    def said_of(self, pair: Pair) -> frozenset[str]:
        """Return who spoke of a placement, by itself or with its whole site."""
        found = (*self.opinions.get(pair, ()), *self.opinions.get((pair[0], ""), ()))
        return frozenset(one.person for one in found if one.person)


def merge_opinions(
    reviews: Mapping[str, Sequence[Decision]],
    standing: Iterable[Decision] = (),
) -> Merged:
    """Put reviews together.

    Parameters
    ----------
    reviews
        The decisions of each file, by a name of the file that tells it from the others
        and stands for whoever gave no name.
    standing
        What the run that was reviewed obeys already.
    """
    known = {(d.site_id, d.service): _words(d) for d in standing}
    said: dict[Pair, list[Opinion]] = {}
    for file, decisions in reviews.items():
        for decision in decisions:
            pair = (decision.site_id, decision.service)
            stands = known.get(pair) == _words(decision)
            person = plain_name(decision.reviewer) or ("" if stands else file)
            opinion = Opinion(person, file, decision, stands)
            said.setdefault(pair, []).append(opinion)
    findings: list[Finding] = []
    counted: dict[Pair, tuple[Opinion, ...]] = {}
    for pair in sorted(said):
        new = [one for one in said[pair] if not one.standing]
        counted[pair] = _latest_of_each(new or said[pair], findings)
    conflicts = {pair: found for pair, found in counted.items() if _differ(found)}
    conflicts |= _against_whole(counted)
    agreed = tuple(
        _together(found) for pair, found in counted.items() if pair not in conflicts
    )
    everything = [one for found in said.values() for one in found]
    people = {one.person for one in everything if not one.standing}
    return Merged(
        agreed,
        dict(sorted(conflicts.items())),
        tuple(findings),
        tuple(sorted(people)),
        counted,
    )


def plain_name(name: str) -> str:
    """Return a person's name without the differences of typing."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def read_date(text: str) -> datetime.date | None:
    """Return the day that a text names: ``2026-11-24``, ``2026年11月24日`` ..."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text).strip().split(" ")[0])
    if match is None:
        return None
    try:
        return datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _answer(decision: Decision) -> Answer:
    lon, lat = decision.lon, decision.lat
    return (
        decision.verdict,
        None if lon is None else round(lon, _SAME_PLACE),
        None if lat is None else round(lat, _SAME_PLACE),
    )


def _words(decision: Decision) -> tuple[object, ...]:
    """Return everything that a reviewer would have to change to say something new."""
    reviewer = plain_name(decision.reviewer)
    said = reviewer, decision.reason, decision.date, decision.site_class
    return *_answer(decision), *said


def _differ(opinions: Sequence[Opinion]) -> bool:
    years = {o.decision.phase for o in opinions if o.decision.phase is not None}
    classes = {o.decision.site_class for o in opinions} - {""}
    several = len(years) > 1 or len(classes) > 1
    return several or len({one.answer for one in opinions}) > 1


def _latest_of_each(
    opinions: Sequence[Opinion], findings: list[Finding]
) -> tuple[Opinion, ...]:
    """Return the opinions that count: of one person the latest, where all are dated."""
    by_person: dict[str, list[Opinion]] = {}
    for one in opinions:
        by_person.setdefault(one.person, []).append(one)
    kept: list[Opinion] = []
    for _, own in sorted(by_person.items()):
        if not _differ(own):
            kept.append(own[0])
            continue
        dates = [read_date(one.decision.date) for one in own]
        findings += [
            _finding(one, "date-unreadable", Severity.WARNING, _NO_DATE, _AS_DATE)
            for one, date in zip(own, dates, strict=True)
            if date is None and one.decision.date
        ]
        latest = max((date for date in dates if date is not None), default=None)
        last = [o for o, date in zip(own, dates, strict=True) if date == latest]
        if None in dates or _differ(last):
            kept += own
            continue
        kept.append(last[0])
        findings += [
            _finding(one, "decision-later", Severity.NOTE, _LATER, None)
            for one in own
            if one not in last
        ]
    return tuple(kept)


_NO_DATE = Text(
    "看不懂日期, 不能以较晚的意见为准",
    "the date cannot be read, so that no verdict is the later one",
)
_AS_DATE = Text("写成 2026-11-24", "write it as 2026-11-24")
_LATER = Text(
    "同一人有较晚的意见, 以较晚的为准", "a later verdict of the same person replaces it"
)


def _finding(
    one: Opinion, code: str, severity: Severity, text: Text, remedy: Text | None
) -> Finding:
    decision = one.decision
    value = f"{one.person}: {decision.site_id} {decision.service} {decision.verdict}"
    rows = (decision.row,) if decision.row else ()
    return Finding(
        code, text, severity, one.file, rows, "date", f"{value} {decision.date}", remedy
    )


def _against_whole(
    counted: Mapping[Pair, tuple[Opinion, ...]],
) -> dict[Pair, tuple[Opinion, ...]]:
    """Return what is said of services against what is said of their whole site."""
    found: dict[Pair, tuple[Opinion, ...]] = {}
    for pair, opinions in counted.items():
        whole = counted.get((pair[0], ""), ()) if pair[1] else ()
        against = {v for w in whole for v in _AGAINST_WHOLE.get(w.answer[0], ())}
        if any(one.answer[0] in against for one in opinions):
            found[pair] = (*opinions, *whole)
            found[pair[0], ""] = whole
    return found


def _together(opinions: Sequence[Opinion]) -> Decision:
    """Return the decision that people agree on, with all their reasons."""
    first = opinions[0].decision
    everyone = [one.decision for one in opinions]
    people = dict.fromkeys(one.person for one in opinions)
    reasons = {one.person: one.decision.reason for one in opinions}
    given = {person: reason for person, reason in reasons.items() if reason}
    reason = "; ".join(f"{person}: {said}" for person, said in given.items())
    if len(opinions) == 1:
        reason = first.reason
    years = [d.phase for d in everyone if d.phase is not None]
    return replace(
        first,
        phase=years[0] if years else None,
        reviewer="、".join(person for person in people if person),
        reason=reason,
        date=_last_date(everyone),
        name=next((d.name for d in everyone if d.name), ""),
        site_class=next((d.site_class for d in everyone if d.site_class), ""),
        row="",
    )


def _last_date(decisions: Sequence[Decision]) -> str:
    given = [d.date for d in decisions if d.date]
    dated = [(read_date(text), text) for text in given]
    known = [(date, text) for date, text in dated if date is not None]
    return max(known)[1] if known else next(iter(given), "")

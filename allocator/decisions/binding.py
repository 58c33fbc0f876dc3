"""From verdicts to what binds each phase of the next plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allocator.decisions.previous import Previous, position
from allocator.decisions.verdicts import Decision, Verdict
from allocator.errors import Finding, Severity, Text
from allocator.policy.decided import Decided

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from allocator.decisions.previous import Pair


def bind(
    decisions: Sequence[Decision],
    previous: Previous | None,
    *,
    years: Sequence[int | None],
    today: Collection[Pair],
    table: str,
) -> tuple[tuple[Decided, ...], list[Finding]]:
    """Return what decisions fix in each phase.

    ``accept`` holds a placement from the phase on in which the previous plan has it,
    in its number; accepting a closure keeps it closed. ``lock`` holds a pair from the
    phase of the previous plan on, in the last phase where that does not place it.
    ``reject`` bars a pair in all phases; rejecting a closure, or what is held today and
    kept, is a contradiction unless it may be closed, which the program then says.
    ``defer`` bars a pair up to and with the phase of the previous plan. ``move`` bars
    the old place and holds the new one from the same phase on, unless there is a
    verdict on the new place itself.

    Parameters
    ----------
    decisions
        Of one placement at most one.
    previous
        The plan that was reviewed; None where there is none.
    years
        Of the phases, in order; None where the brief states none.
    today
        Pairs held today.
    table
        Name of the decisions file, for findings.
    """
    spread = _spread(decisions, previous)
    said = frozenset((decision.site_id, decision.service) for decision in spread)
    fixed = _Fixed([{} for _ in years], [set() for _ in years], said)
    findings: list[Finding] = []
    for decision in spread:
        pair = (decision.site_id, decision.service)
        if _is_stale(decision, previous):
            findings.append(_finding("decision-stale", decision, table, _STALE))
        elif decision.verdict in (Verdict.DEFER, Verdict.MOVE) and pair in today:
            findings.append(_finding("decision-today", decision, table, _TODAY))
        elif previous is not None and pair in previous.closed:
            fixed.about_closing(decision)
        else:
            first = 0 if pair in today else _first(decision, previous, years)
            fixed.about_placing(decision, first, previous)
    return fixed.phases(), findings


@dataclass(frozen=True)
class _Fixed:
    """What is fixed so far, one a phase: pairs held and how many, pairs barred.

    ``said`` are the pairs that have a verdict of their own.
    """

    held: list[dict[Pair, int | None]]
    barred: list[set[Pair]]
    said: frozenset[Pair]

    def about_closing(self, decision: Decision) -> None:
        """Keep a closure, or keep what was to be closed."""
        pair = (decision.site_id, decision.service)
        if decision.verdict is Verdict.ACCEPT:
            self.barred[-1].add(pair)
        else:
            self._hold(pair, 0, None)

    def about_placing(
        self, decision: Decision, first: int, previous: Previous | None
    ) -> None:
        """Hold or bar a pair; ``first`` is the phase that the decision is about."""
        pair = (decision.site_id, decision.service)
        moved = (decision.moved_id, decision.service)
        match decision.verdict:
            case Verdict.ACCEPT:
                self._hold(pair, first, previous)
            case Verdict.LOCK:
                self._hold(pair, first, None)
            case Verdict.REJECT:
                self._bar(pair, len(self.barred))
            case Verdict.DEFER:
                self._bar(pair, first + 1)
            case Verdict.MOVE:
                self._bar(pair, len(self.barred))
                if moved not in self.said:
                    self._hold(moved, first, None)
            case Verdict.ADD if decision.service:
                self._hold(pair, len(self.held) - 1, None)

    def _hold(self, pair: Pair, first: int, previous: Previous | None) -> None:
        for phase in range(first, len(self.held)):
            count = None if previous is None else previous.counts[phase].get(pair)
            self.held[phase][pair] = count

    def _bar(self, pair: Pair, until: int) -> None:
        for phase in self.barred[:until]:
            phase.add(pair)

    def phases(self) -> tuple[Decided, ...]:
        """Return what is fixed in each phase."""
        pairs = zip(self.held, self.barred, strict=True)
        return tuple(Decided(held, frozenset(barred)) for held, barred in pairs)


_STALE = Text(
    "上一版方案没有这项设置, 意见已过时",
    "the previous plan has no such placement: the verdict is stale",
)
_TODAY = Text(
    "现有服务不能暂缓或移位", "what is held today cannot be deferred or moved"
)


def _spread(decisions: Sequence[Decision], previous: Previous | None) -> list[Decision]:
    """Return decisions pair by pair: accepting a site accepts all it was given.

    Locking or rejecting a site as a whole is a lock of the site, not of pairs.
    """
    spread: list[Decision] = []
    for decision in decisions:
        if decision.service or decision.verdict is Verdict.ADD:
            spread.append(decision)
        elif decision.verdict is Verdict.ACCEPT and previous is not None:
            own = sorted(p for p in previous.placed if p[0] == decision.site_id)
            spread += [replace(decision, service=service) for _, service in own]
    return spread


def _first(
    decision: Decision, previous: Previous | None, years: Sequence[int | None]
) -> int:
    """Return the phase of the placement that a decision is about; else the last."""
    if decision.phase is not None:
        return position(decision.phase, years)
    since = {} if previous is None else previous.since
    pair = (decision.site_id, decision.service)
    moved = (decision.moved_id, decision.service)
    return since.get(pair, since.get(moved, len(years) - 1))


def _is_stale(decision: Decision, previous: Previous | None) -> bool:
    """Whether the plan reviewed has no such placement, nor the place it moved to."""
    if previous is None or decision.verdict not in (Verdict.ACCEPT, Verdict.MOVE):
        return False
    pairs = {
        (decision.site_id, decision.service),
        (decision.moved_id, decision.service),
    }
    return not pairs & previous.placed


def _finding(code: str, decision: Decision, table: str, text: Text) -> Finding:
    return Finding(
        code,
        text,
        Severity.ERROR,
        table,
        (decision.row,),
        "verdict",
        f"{decision.site_id} {decision.service}: {decision.verdict}",
        Text("改用新的审核表", "use the form of the latest run"),
    )

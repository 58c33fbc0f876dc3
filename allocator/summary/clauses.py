"""Every clause over all its units, today and with the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.audit import Verdict
from allocator.errors import Text
from allocator.policy import Indicator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.audit import AuditRow
    from allocator.errors import Language
    from allocator.outcome import Outcome


@dataclass(frozen=True)
class ClauseFigures:
    """One rule over all its units.

    Parameters
    ----------
    rows, today
        Its rows of the audit of the plan, and those of today's facilities; one of
        today may be missing.
    """

    rows: tuple[AuditRow, ...]
    today: tuple[AuditRow | None, ...]

    @property
    def first(self) -> AuditRow:
        """The first of its rows: id, words and force are those of the rule."""
        return self.rows[0]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its units, undecidable after not met."""
        return _worst(row.verdict for row in self.rows)

    @property
    def verdict_today(self) -> Verdict | None:
        """The same of today; None where today was not judged."""
        judged = [row.verdict for row in self.today if row is not None]
        return _worst(judged) if judged else None

    def counted(self, verdict: Verdict) -> tuple[int, int]:
        """Return in how many units it has a verdict: today, and with the plan."""
        today = sum(row is not None and row.verdict is verdict for row in self.today)
        return today, sum(row.verdict is verdict for row in self.rows)

    @property
    def missed(self) -> tuple[AuditRow, ...]:
        """The rows of units where the plan does not keep it."""
        return tuple(row for row in self.rows if row.verdict is Verdict.NOT_MET)


_WORST = (Verdict.NOT_MET, Verdict.UNDECIDABLE, Verdict.TRACKED, Verdict.MET)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=_WORST.index)


def clauses_of(outcome: Outcome) -> list[ClauseFigures]:
    """Return every rule with its units, in the order of the packs."""
    today = {(row.rule_id, row.unit_id): row for row in outcome.audit_today}
    groups: dict[str, list[AuditRow]] = {}
    for row in outcome.audit:
        groups.setdefault(row.rule_id, []).append(row)
    order = {rule.id: at for at, rule in enumerate(outcome.policy.rules)}
    ids = sorted(groups, key=lambda rule: order.get(rule, len(order)))
    return [
        ClauseFigures(
            tuple(groups[rule]),
            tuple(today.get((row.rule_id, row.unit_id)) for row in groups[rule]),
        )
        for rule in ids
    ]


def verdict_counts(rows: Iterable[AuditRow]) -> dict[str, int]:
    """Return how many rows have each verdict, by its value."""
    verdicts = [row.verdict for row in rows]
    return {verdict.value: verdicts.count(verdict) for verdict in Verdict}


# --- In words -------------------------------------------------------------------------

NONE = "—"  # stands where there is nothing to say
KINDS = {
    "must": Text("约束性", "binding"),
    "strive": Text("预期性", "expected"),
    "may": Text("预期性", "expected"),
}


def kind_word(figures: ClauseFigures) -> Text:
    """Return 约束性 for what binds; what is only tracked is expected, as 力争 is."""
    tracked = figures.verdict is Verdict.TRACKED
    return KINDS["may" if tracked else str(figures.first.priority)]


def required(figures: ClauseFigures, language: Language) -> str:
    """Return what a rule asks for; of several units, the first and that it differs."""
    asked = list(dict.fromkeys(row.required.say(language) for row in figures.rows))
    asked = [words for words in asked if words]
    if not asked:
        return NONE
    if len(asked) == 1:
        return asked[0]
    more = Text(f" 等, 因单元而异({len(asked)}种)", f" and so on ({len(asked)} kinds)")
    return asked[0] + more.say(language)


def found(figures: ClauseFigures, language: Language) -> tuple[str, str]:
    """Return what is found today and with the plan: figures, or units that keep it."""
    if len(figures.rows) == 1:
        now, then = figures.today[0], figures.rows[0]
        return (
            now.found.say(language) if now is not None else NONE,
            then.found.say(language) or NONE,
        )
    before, after = figures.counted(Verdict.MET)
    units = len(figures.rows)
    if figures.verdict is Verdict.TRACKED:
        words = Text(f"{units} 个单元", f"{units} units").say(language)
        return words, words
    return tuple(  # type: ignore[return-value]
        Text(f"{met}/{units} 个单元达标", f"{met} of {units} units").say(language)
        for met in (before, after)
    )


def gap(figures: ClauseFigures, language: Language) -> str:
    """Return what is missing; of several units, in how many."""
    missed = figures.missed
    if not missed:
        return NONE
    if len(figures.rows) == 1:
        return missed[0].gap.say(language) or NONE
    words = Text(f"{len(missed)} 个单元未达标", f"not met in {len(missed)} units")
    return words.say(language)


def indicators_of(outcome: Outcome) -> list[ClauseFigures]:
    """Return the clauses of the whole area, which a table of indicators lists."""
    return [
        figures
        for figures in clauses_of(outcome)
        if len(figures.rows) == 1 and not figures.first.unit_id
    ]


def indicator_words(outcome: Outcome, figures: ClauseFigures) -> tuple[str, str, str]:
    """Return today's value, the planned value and the target of one indicator."""
    language = outcome.language
    if figures.verdict is Verdict.TRACKED and not figures.first.found.say(language):
        rule = {r.id: r for r in outcome.policy.rules}.get(figures.first.rule_id)
        target = rule.target if isinstance(rule, Indicator) else ""
        watched = Verdict.TRACKED.text.say(language)
        return watched, watched, target or NONE
    now, then = found(figures, language)
    if figures.verdict is Verdict.UNDECIDABLE:
        then = f"{Verdict.UNDECIDABLE.text.say(language)}: {then}"
    return now, then, required(figures, language)

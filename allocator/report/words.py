"""Words that several chapters use: verdicts, classes, actions, levels, clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import Verdict
from allocator.errors import Text
from allocator.report import numbers
from allocator.tables import FACILITY_CLASSES

if TYPE_CHECKING:
    from allocator.errors import Language
    from allocator.outcome import Outcome
    from allocator.summary import ClauseFigures

ACTIONS = {
    "build": Text("新建", "build"),
    "upgrade": Text("改扩建", "upgrade"),
    "keep": Text("保留", "keep"),
    "close": Text("撤并", "close"),
    "add": Text("增加", "add"),
}
FORCES = {
    "must": Text("必须", "must"),
    "strive": Text("力争", "strive"),
    "may": Text("可以", "may"),
}
KINDS = {
    "must": Text("约束性", "binding"),
    "strive": Text("预期性", "expected"),
    "may": Text("预期性", "expected"),
}
_LEVELS = {
    1.0: Text("一级", "level 1"),
    2.0: Text("二级", "level 2"),
    3.0: Text("三级", "level 3"),
}
TOTAL = Text("合计", "Total")
WHOLE_AREA = Text("全域", "whole area")


def kind_word(figures: ClauseFigures) -> Text:
    """Return 约束性 for what binds; what is only tracked is expected, as 力争 is."""
    tracked = figures.verdict is Verdict.TRACKED
    return KINDS["may" if tracked else str(figures.first.priority)]


def class_word(code: object, language: Language) -> str:
    """Return a facility class in words; the code where it has none."""
    known = FACILITY_CLASSES.get(str(code))
    if known is not None:
        return known.say(language)
    return str(code) if code else Text("未注明", "not stated").say(language)


def level_word(level: float, language: Language) -> str:
    """Return 一级 to 三级; nothing where it is not known."""
    known = _LEVELS.get(level)
    return known.say(language) if known else numbers.NONE


def documents(outcome: Outcome) -> dict[str, str]:
    """Return the name of each pack's document by the pack's id."""
    return {head.id: head.document or head.title for head in outcome.policy.packs}


def required(figures: ClauseFigures, language: Language) -> str:
    """Return what a rule asks for; of several units, the first and that it differs."""
    asked = list(dict.fromkeys(row.required.say(language) for row in figures.rows))
    asked = [words for words in asked if words]
    if not asked:
        return numbers.NONE
    if len(asked) == 1:
        return asked[0]
    more = Text(f" 等, 因单元而异({len(asked)}种)", f" and so on ({len(asked)} kinds)")
    return asked[0] + more.say(language)


def found(figures: ClauseFigures, language: Language) -> tuple[str, str]:
    """Return what is found today and with the plan: figures, or units that keep it."""
    if len(figures.rows) == 1:
        now, then = figures.today[0], figures.rows[0]
        return (
            now.found.say(language) if now is not None else numbers.NONE,
            then.found.say(language) or numbers.NONE,
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
        return numbers.NONE
    if len(figures.rows) == 1:
        return missed[0].gap.say(language) or numbers.NONE
    words = Text(f"{len(missed)} 个单元未达标", f"not met in {len(missed)} units")
    return words.say(language)

"""Words that several chapters use: verdicts, classes, actions, levels, clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.report import numbers
from allocator.tables import FACILITY_CLASSES

if TYPE_CHECKING:
    from allocator.errors import Language
    from allocator.outcome import Outcome

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
_LEVELS = {
    1.0: Text("一级", "level 1"),
    2.0: Text("二级", "level 2"),
    3.0: Text("三级", "level 3"),
}
TOTAL = Text("合计", "Total")
WHOLE_AREA = Text("全域", "whole area")


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

"""What the kinds of change are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.audit import Verdict
from allocator.compare.changes import AMOUNT, CHANGED, DROPPED, MOVED, OPENED
from allocator.compare.minutes import ALL_SERVICES
from allocator.compare.verdicts import BETTER, ONLY_AFTER, ONLY_BEFORE, OTHER, WORSE
from allocator.errors import Language, Text

if TYPE_CHECKING:
    from allocator.compare.place import Side

CHANGE_WORDS = {
    MOVED: Text("移位", "moved"),
    OPENED: Text("新增", "opened"),
    DROPPED: Text("取消", "dropped"),
    CHANGED: Text("变更", "changed"),
    AMOUNT: Text("资源", "resource"),
}
VERDICT_CHANGE_WORDS = {
    WORSE: Text("由达标变为未达标", "met before, not met after"),
    BETTER: Text("由未达标变为达标", "not met before, met after"),
    OTHER: Text("其他变化", "other"),
    ONLY_BEFORE: Text("仅原方案有此条款", "rule of the first plan alone"),
    ONLY_AFTER: Text("仅新方案有此条款", "rule of the second plan alone"),
}
ALL_SERVICES_WORDS = Text("全部服务(人次)", "all services (trips)")
_STATUS_WORDS = {
    "optimal": Text("已证明最优", "proven optimal"),
    "feasible": Text(
        "可行, 未证明最优: 差异中可能含求解误差",
        "feasible, not proven optimal: differences may be the solver's",
    ),
}


def plan_standing(side: Side) -> tuple[Text, ...]:
    """Return how good a plan is proven to be, and whether it breaks binding clauses."""
    found = []
    broken = len(side.certificate.get("gaps", ()))
    if broken:
        found.append(
            Text(
                f"最大努力方案: {broken} 处必须条款未满足",
                f"plan by best effort: {broken} binding clauses are not kept",
            )
        )
    proof = _STATUS_WORDS.get(str(side.certificate.get("status", "")))
    return (*found, proof) if proof else tuple(found)


def service_name(service: str, services: dict[str, str], language: Language) -> str:
    """Return the shown name of a service, or of all together."""
    if service == ALL_SERVICES:
        return ALL_SERVICES_WORDS.say(language)
    return services.get(service, service)


def verdict_words(verdict: str, language: Language) -> str:
    """Return a verdict as read from a file in words; a dash where there is none."""
    known = {str(v): v.text for v in Verdict}
    return known[verdict].say(language) if verdict in known else verdict or "—"

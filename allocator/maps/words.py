"""What maps say: headings, and names short enough for a map."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.frame import new_plan_years
from allocator.maps.style import APPROVAL, SKETCH
from allocator.tables import FACILITY_CLASSES, ZONE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from allocator.errors import Language
    from allocator.outcome import Outcome

# What a candidate's name often begins with; its symbol says the same. Not 新建, which
# is also the name of a district.
_STARTS = ("拟建", "备选")
_PLACE_NUMBER = re.compile(r"(备选点|候选点|备选|选址)\d*$")
_BRACKET = re.compile(r"[(（][^()（）]+[)）]$")
_LEAST_NAME = 2  # characters that must be left of a shortened name


def heading(outcome: Outcome) -> str:
    """Return the title of a map."""
    name = outcome.area.name
    if outcome.language == "en":
        return f"{name}: proposed layout"
    name, end = without_bracket(name)
    if name.endswith(("规划", "方案")):
        return f"{name}布局图{end}"
    kind = "规划图" if name.endswith("布局") else "规划布局图"
    return f"{name}{kind}{end}"


def series_title(outcome: Outcome, kind: Text) -> str:
    """Return the title of one map of the series: the plan, then what the map shows."""
    name = outcome.area.name
    if outcome.language == "en":
        return f"{name}: {kind.en}"
    name, end = without_bracket(name)
    return f"{name}{kind.zh}{end}"


def without_bracket(name: str) -> tuple[str, str]:
    """Return a name without the bracket at its end, and that bracket."""
    bracket = _BRACKET.search(name)
    end = bracket.group() if bracket else ""
    return name.removesuffix(end), end


def subtitle(outcome: Outcome) -> str:
    """Return the plan in one line: years, how much is new, what it costs."""
    plan = outcome.plan
    counts = plan.placements["action"].value_counts()
    numbers = [int(counts.get(a, 0)) for a in ("build", "upgrade", "close")]
    costs = plan.placements["capital_wan"].sum() + plan.allocations["capital_wan"].sum()
    words = Text(
        f"新建 {numbers[0]} 项 · 改扩建 {numbers[1]} 项 · 撤并 {numbers[2]} 项 · "
        f"投资 {costs:,.0f} 万元",
        f"{numbers[0]} built · {numbers[1]} upgraded · {numbers[2]} closed · "
        f"capital {costs:,.0f} × 10,000 yuan",
    ).say(outcome.language)
    years = new_plan_years(plan)
    if years is None:
        return words
    first, last = years
    span = f"{first}" if first == last else f"{first}–{last}"
    return Text(f"{span} 年 · {words}", f"{span} · {words}").say(outcome.language)


def standing(map_approval: str, language: Language) -> str:
    """Return 示意图, or the map's approval number."""
    if not map_approval:
        return SKETCH.say(language)
    return APPROVAL.say(language) + map_approval


def plan_names(outcome: Outcome, names: Sequence[str]) -> list[str]:
    """Return facilities' names without what the map of a plan says already."""
    services = [service.name for service in outcome.policy.services.values()]
    return short_names(names, services, outcome.area.sites["name"].tolist())


def short_names(
    names: Sequence[str], services: Iterable[str], all_names: Sequence[str]
) -> list[str]:
    """Return facilities' names without what a map says already.

    三江镇中心卫生院 becomes 三江镇, since its symbol says what it is; a bracket that
    most facilities' names end with, (样例) say, says nothing. A name that would have
    nothing left stays.

    Parameters
    ----------
    names
        The names to shorten.
    services
        Names of services, which symbols stand for.
    all_names
        Names of all facilities, for the bracket that they share.
    """
    ends = set(services)
    ends |= {words.zh for words in FACILITY_CLASSES.values()} | {"卫生院"}
    # 金桥乡卫生院 must become 金桥乡: an end keeps its hands off the name's own kind.
    ends = {end for end in ends if not end.startswith(ZONE_KINDS)}
    said = sorted(ends, key=len, reverse=True)
    common = _common_bracket(all_names)
    return [_short(name.removesuffix(common), said) for name in names]


def _common_bracket(names: Sequence[str]) -> str:
    """Return the bracket that more than half of the names end with, or nothing."""
    found = [match.group() for name in names if (match := _BRACKET.search(name))]
    for bracket, count in Counter(found).most_common(1):
        if count > len(names) / 2:
            return bracket
    return ""


def _short(name: str, ends: Sequence[str]) -> str:
    for start in _STARTS:
        if len(name) - len(start) >= _LEAST_NAME:
            name = name.removeprefix(start)
    numbered = _PLACE_NUMBER.sub("", name)
    if len(numbered) >= _LEAST_NAME:
        name = numbered
    for end in ends:
        if name.endswith(end) and len(name) - len(end) >= _LEAST_NAME:
            return name.removesuffix(end)
    return name

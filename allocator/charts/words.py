"""What the chart and the page of a frontier say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.charts.figures import FrontierReport
    from allocator.errors import Language

STATUS = {
    "optimal": Text("已证明最优", "proven"),
    "feasible": Text("未证明最优", "not proven"),
    "infeasible": Text("无方案", "no plan exists"),
    "unknown": Text("限时内未找到方案", "no plan found in time"),
}
ACTIONS = {
    "build": Text("新建", "build"),
    "upgrade": Text("改扩建", "upgrade"),
    "close": Text("撤并", "close"),
}

_PAGE = {
    "points": Text("点", "Points"),
    "hint": Text(
        "移到点上看数字; 点击打开该点的方案地图。",
        "Hover over a point for figures; click it to open the map of its plan.",
    ),
    "unlinked": Text(
        "移到点上看数字。(本次未写出各点方案)",
        "Hover over a point for figures. (The plans of the points were not written.)",
    ),
    "open": Text("打开该点的方案", "Open the plan of this point"),
    "point": Text("第 {n} 点", "Point {n}"),
    "knee": Text("拐点", "knee"),
    "budget": Text("所给限额", "limit asked for"),
    "status": Text("状态", "status"),
    "bound": Text("证明的界", "proven bound"),
    "marginal_money": Text("每增 100 万元的改善", "gained per further 100 万元"),
    "marginal": Text("第一目标每增一单位的改善", "gained per unit of the first"),
    "nesting": Text("嵌套的代价", "cost of nesting"),
    "new": Text("新增、改扩建和撤并", "built, upgraded and closed"),
    "sites": Text("哪些设置出现在哪些点", "Which placements stand in which points"),
    "every": Text("每个点都有", "in every point"),
    "only_new": Text("只看并非每点都有的", "only those that are not in every point"),
    "count": Text("点数", "points"),
    "site": Text("机构", "site"),
    "county": Text("县区", "county"),
    "service": Text("服务", "service"),
    "proven": Text("已证明", "proven"),
    "unproven": Text("未证明 (空心)", "not proven (hollow)"),
    "between": Text("可能还有有效方案", "efficient plans may lie here"),
    "free": Text("不要求嵌套", "without nesting"),
    "line": Text("已知最好", "best known"),
}


def page_words(language: Language) -> dict[str, str]:
    """Return the fixed words of the page."""
    return {key: text.say(language) for key, text in _PAGE.items()}


def heading(report: FrontierReport) -> str:
    """Return the title of chart and page."""
    labels = report.label(0), report.label(1)
    kind = Text("嵌套", "nested ") if report.nested else Text("", "")
    return Text(
        f"{report.name}: {labels[0]} 与 {labels[1]} 的{kind.zh}取舍",
        f"{report.name}: {kind.en}trade-off of {labels[0]} and {labels[1]}",
    ).say(report.language)

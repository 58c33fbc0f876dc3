"""What the screen says, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.maps.style import ACTION_WORDS

if TYPE_CHECKING:
    from allocator.errors import Language

VERDICTS = {
    "accept": Text("同意", "accept"),
    "reject": Text("不同意", "reject"),
    "lock": Text("锁定", "lock in"),
    "defer": Text("缓建", "defer"),
    "move": Text("调整位置", "move"),
    "add": Text("增加", "add"),
    "": Text("撤回", "take back"),
}
ACTIONS = {**ACTION_WORDS, "": Text("未入选", "not chosen")}
STATES = {
    "new": Text("新建或改扩建", "new or upgraded"),
    "keep": Text("保留", "kept"),
    "close": Text("撤并", "closed"),
    "candidate": Text("备选, 未入选", "candidate, not chosen"),
}
PROOFS = {
    "optimal": Text("已证明最优", "proven optimal"),
    "feasible": Text("可行, 未证明最优", "feasible, not proven optimal"),
}
AUDIT = {
    "met": Text("达标", "met"),
    "not_met": Text("未达标", "not met"),
    "undecidable": Text("无法判定", "undecidable"),
    "tracked": Text("仅监测", "tracked"),
}
WORDS = {
    "review": Text("方案审核", "Review"),
    "site": Text("点位", "Site"),
    "placements": Text("设置清单", "Placements"),
    "audit": Text("条款评估", "Clauses"),
    "journal": Text("审核记录", "Decisions"),
    "compare": Text("前后比较", "Before and after"),
    "undo": Text("撤销上一步", "Undo"),
    "undo_this": Text("撤销", "Undo"),
    "solve": Text("按意见重新求解", "Solve again"),
    "add_site": Text("增加备选点", "Add a site"),
    "adding": Text("在地图上点击新位置", "Click the new place on the map"),
    "cancel": Text("取消", "Cancel"),
    "close": Text("关闭", "Close"),
    "confirm": Text("确定", "Confirm"),
    "confirm_unpriced": Text("不等代价, 直接确定", "Confirm without the price"),
    "reason": Text("理由", "Reason"),
    "who": Text("您的姓名", "Your name"),
    "who_why": Text(
        "意见将以此姓名记入审核记录", "Decisions are recorded under this name"
    ),
    "start": Text("开始审核", "Start"),
    "price": Text("代价(重新求解得出)", "What it costs (solved again)"),
    "pricing": Text("正在求解", "Solving"),
    "unpriced": Text("未估价", "not priced"),
    "no_price": Text("这项意见没有可求的代价", "Nothing to price here"),
    "alone": Text(
        "每项意见单独计价: 只改变这一处, 其余同现方案",
        "Each decision is priced by itself: this one change to the plan shown",
    ),
    "stop": Text("停止求解", "Stop"),
    "stopped": Text("已停止", "stopped"),
    "why": Text("值多少? 没有它会怎样", "What is it worth?"),
    "choose": Text(
        "点击地图上的点, 或清单中的一行", "Click a site on the map, or a row"
    ),
    "search": Text("查找点位", "Find a site"),
    "people": Text("人口", "population"),
    "persons": Text("人", "people"),
    "minutes": Text("分钟", "min"),
    "reach": Text("可达人口", "people in reach"),
    "drag": Text("拖动以调整位置", "Drag to move"),
    "shade_people": Text("按人口着色", "Shade by people"),
    "shade_reach": Text("按覆盖率着色", "Shade by coverage"),
    "dots_none": Text("不显示去向", "No catchments"),
    "dots_goes": Text("谁去哪里", "Who goes where"),
    "dots_out": Text("覆盖不到的人", "Out of reach"),
    "all_services": Text("全部服务", "All services"),
    "capital": Text("投资", "Capital"),
    "yearly": Text("年运行费", "Yearly cost"),
    "wan": Text("万元", "万元"),
    "no_limit": Text("不限", "no limit"),
    "covered": Text("覆盖人口", "Covered"),
    "new": Text("新增设置", "New placements"),
    "decided": Text("已审", "Decided"),
    "served": Text("服务", "serves"),
    "mean": Text("平均", "mean"),
    "clauses": Text("依据条款", "Clauses"),
    "no_clause": Text("没有条款直接要求", "No clause asks for it directly"),
    "today": Text("现有", "held today"),
    "name": Text("名称", "Name"),
    "county": Text("县区", "County"),
    "zone": Text("乡镇(街道)", "Zone"),
    "service": Text("服务", "Service"),
    "action": Text("建设性质", "Action"),
    "year": Text("年份", "Year"),
    "verdict": Text("意见", "Verdict"),
    "judged": Text("判定", "Result"),
    "reviewer": Text("评审人", "Reviewer"),
    "when": Text("时间", "When"),
    "required": Text("要求", "Required"),
    "found": Text("实际", "Found"),
    "gap": Text("缺口", "Gap"),
    "unit": Text("单元", "Unit"),
    "clause": Text("条款", "Clause"),
    "quote": Text("原文", "Quotation"),
    "saved": Text("已存盘", "saved"),
    "not_saved": Text("没有存盘, 意见未记录", "not saved: nothing was recorded"),
    "nothing_to_undo": Text("没有可撤销的意见", "Nothing to undo"),
    "by_other": Text("新意见", "decided"),
    "solving": Text("正在求解下一稿", "Solving the next round"),
    "solved": Text("新方案已就绪", "The next plan is ready"),
    "show": Text("查看", "Show"),
    "no_plan": Text("没有满足全部意见和条款的方案", "No plan obeys all of this"),
    "failed": Text("没有求得方案", "No plan was found"),
    "cancelled": Text("已取消, 没有写出任何文件", "Cancelled: nothing was written"),
    "best_effort": Text(
        "条款让步, 求缺口最小的方案", "Let clauses give way as little as possible"
    ),
    "round": Text("方案", "Plan"),
    "before": Text("原方案", "Before"),
    "after": Text("现方案", "After"),
    "one_map": Text("只看现方案", "This plan alone"),
    "beside": Text("两图并排", "Side by side"),
    "swipe": Text("卷帘对比", "Swipe"),
    "swipe_label": Text(
        "左侧为原方案, 右侧为现方案; 方向键移动分界",
        "before to the left, after to the right; arrow keys move the line",
    ),
    "first_round": Text("这是第一稿, 没有可比的方案", "The first plan: no other yet"),
    "changes": Text("设置变化", "What changed"),
    "gains": Text("受益乡镇(街道)", "Zones that gain"),
    "losses": Text("受损乡镇(街道)", "Zones that lose"),
    "nothing": Text("没有变化", "nothing"),
    "figure": Text("指标", "Figure"),
    "services": Text("服务(可不选)", "Services (optional)"),
    "class": Text("机构类别", "Class of site"),
    "class_only": Text("类别(只有这一类可设)", "class (the only one that may hold it)"),
    "class_none": Text(
        "没有一类机构可以同时设置这些服务", "no class of site may hold all of these"
    ),
    "class_needed": Text("先选机构类别", "Choose the class of site first"),
    "whole_site": Text("整个点位", "The whole site"),
    "lock_in": Text("必须入选", "Lock in"),
    "lock_out": Text("不得入选", "Lock out"),
    "moved_to": Text("移至", "moved to"),
    "no_move": Text(
        "这里没有可以调整位置的设置", "nothing here can be moved: only what is new"
    ),
}


class Speech:
    """Words in one language.

    Parameters
    ----------
    language
        The language.
    """

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, name: str) -> str:
        """Return words by their name."""
        return WORDS[name].say(self.language)

    def verdict(self, verdict: str) -> str:
        """Return a verdict in words."""
        return VERDICTS[verdict].say(self.language)

    def action(self, action: str) -> str:
        """Return what is done with a placement."""
        return ACTIONS[action].say(self.language)

    def words(self, table: dict[str, Text]) -> dict[str, str]:
        """Return a table of words in the language."""
        return {name: text.say(self.language) for name, text in table.items()}


# What AG Grid calls its filters; the rest of its texts is not reached from this page.
GRID_WORDS = {
    "contains": "包含",
    "notContains": "不包含",
    "equals": "等于",
    "notEqual": "不等于",
    "startsWith": "开头是",
    "endsWith": "结尾是",
    "blank": "为空",
    "notBlank": "不为空",
    "lessThan": "小于",
    "greaterThan": "大于",
    "lessThanOrEqual": "不大于",
    "greaterThanOrEqual": "不小于",
    "inRange": "介于",
    "inRangeStart": "从",
    "inRangeEnd": "到",
    "filterOoo": "筛选…",
    "applyFilter": "应用",
    "resetFilter": "重置",
    "clearFilter": "清除",
    "andCondition": "并且",
    "orCondition": "或者",
    "noRowsToShow": "没有内容",
    "loadingOoo": "载入中…",
}

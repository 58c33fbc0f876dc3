"""The headings of the review in ``plan.xlsx``: written there, and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

# The sheets that a reviewer fills in.
REVIEW_SHEETS: Mapping[str, Text] = {
    "facilities": Text("机构设置一览表", "Facilities"),
    "additions": Text("增加与其他意见", "Additions"),
}

# Columns of the `decisions` table by what stands above them, in every sheet.
REVIEW_HEADINGS: Mapping[str, Text] = {
    "site_id": Text("机构编号", "site_id"),
    "service": Text("服务编号", "service"),
    "verdict": Text("审核意见", "Verdict"),
    "phase": Text("建设时序", "Year"),
    "reviewer": Text("审核人", "Reviewer"),
    "reason": Text("理由", "Reason"),
    "date": Text("日期", "Date"),
    "lon": Text("新经度", "New longitude"),
    "lat": Text("新纬度", "New latitude"),
    "name": Text("机构名称", "Facility"),
    "class": Text("新增点类别代码", "Class of new site"),
}
# Only of what is added: the list of facilities has no such column.
ADDED_ONLY = ("class",)
# Without these a row says nothing, or nobody knows of what.
NEEDED = ("site_id", "service", "verdict")

# Marks a row that an earlier review left: a new verdict on the placement replaces it.
EARLIER_HEADING = Text("前次意见", "Earlier")
EARLIER_MARK = Text("是", "yes")

"""Rows that look like data and are none: notes, totals, signatures."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTE = re.compile(
    r"^[(（*※]?(?:注|附注|备注|说明|填表说明|指标说明|资料来源|数据来源|来源|单位负责人"
    r"|统计负责人|负责人|填表人|填报人|制表人|制表单位|填报单位|审核人|复核人|联系人"
    r"|联系电话|联系方式|填报日期|填表日期|报出日期|制表日期|统计时间|数据截至|截至)"
    r"[\d一二三四五六七八九十]{0,2}\s*[:：.、]"
)
NOTE_WORDS = frozenset({"注", "说明", "备注", "附注"})
TOTAL = re.compile(r".{0,12}(?:合计|总计|小计|共计|总和)|grandtotal|subtotal|total|sum")
SUBTOTAL = re.compile(r".{0,12}小计|subtotal")
WHOLE = re.compile(r"全[市县区省域]|全市合计")
PUNCTUATION = re.compile(r"[\s:：()（）\[\]【】*#.、,，-]")
MOST_NOTE_CELLS = 6  # 填表人: 张三 审核人: 李四 联系电话: ... 填报日期: ...


def first_text(row: Sequence[str]) -> str:
    """Return the first cell of a row that is not blank."""
    return next((cell.strip() for cell in row if cell.strip()), "")


def is_note(row: Sequence[str]) -> bool:
    """Whether a row is a note or a signature below a table."""
    text = first_text(row)
    filled = [cell for cell in row if cell.strip()]
    if text in NOTE_WORDS:
        return len(filled) <= 2  # noqa: PLR2004 (the word and its text)
    return bool(NOTE.match(text)) and len(set(filled)) <= MOST_NOTE_CELLS


def bare(text: str) -> str:
    """Return a label without spaces, punctuation and case: ``合  计：`` is ``合计``."""
    return PUNCTUATION.sub("", unicodedata.normalize("NFKC", text)).casefold()


def is_total(text: str) -> bool:
    """Whether a label says that its row holds totals."""
    return bool(TOTAL.fullmatch(bare(text)))


def is_subtotal(text: str) -> bool:
    """Whether a label says that its row holds the total of some rows only."""
    return bool(SUBTOTAL.fullmatch(bare(text)))


def is_whole(text: str) -> bool:
    """Whether a label names the whole area: a total where the row has no id."""
    return bool(WHOLE.fullmatch(bare(text)))

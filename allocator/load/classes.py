"""Classes of facilities: WS 218 codes, or their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Text, nearest
from allocator.tables import FACILITY_CLASS_FORM, FACILITY_CLASSES

if TYPE_CHECKING:
    import pandas as pd

    from allocator.load.remarks import Remarks


def read_classes(text: pd.Series, remarks: Remarks) -> pd.Series:
    """Return class codes; names of classes are understood, unknown codes reported."""
    by_name = {words.zh: code for code, words in FACILITY_CLASSES.items()}
    codes = text.map(lambda t: by_name.get(t, t.upper()))
    named = text.isin(by_name)
    if named.any():
        remarks.note(
            "class-by-name",
            Text("按名称找到机构类别代码", "class codes found by name"),
            keys=text.index[named],
            column="class",
            values=text[named] + " -> " + codes[named],
        )
    unknown = ~codes.isin(FACILITY_CLASSES) & (codes != "")
    formed = unknown & codes.str.fullmatch(FACILITY_CLASS_FORM)
    if formed.any():
        remarks.warning(
            "class-unlisted",
            Text("没有规则用到这个类别", "no rule knows this class"),
            keys=text.index[formed],
            column="class",
            values=codes[formed],
            remedy=_nearest_class(codes[formed].iloc[0]),
        )
    wrong = unknown & ~formed
    if wrong.any():
        remarks.error(
            "class-unknown",
            Text("不是 WS 218 机构类别代码", "not a class code of WS 218"),
            keys=text.index[wrong],
            column="class",
            values=text[wrong],
            remedy=_nearest_class(text[wrong].iloc[0]),
        )
    return codes


def _nearest_class(word: str) -> Text:
    names = {words.zh: code for code, words in FACILITY_CLASSES.items()}
    close = nearest(word, [*FACILITY_CLASSES, *names])
    if close is None:
        return Text(
            "写代码, 如 C210 中心卫生院; 未知则留空",
            "give a code such as C210; leave blank if unknown",
        )
    code = names.get(close, close)
    words = FACILITY_CLASSES[code]
    return Text(f"是否应为 {code} {words.zh}?", f"did you mean {code} ({words.en})?")

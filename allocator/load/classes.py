"""Classes of facilities: WS 218 codes, or their names."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from allocator.errors import Text, nearest
from allocator.tables import FACILITY_CLASS_FORM, FACILITY_CLASSES

if TYPE_CHECKING:
    import pandas as pd

    from allocator.load.remarks import Remarks


# What registers call classes, beside the names of the standard.
CLASS_WORDS = {
    "乡镇卫生院": "C220",
    "一般乡镇卫生院": "C220",
    "一般卫生院": "C220",
    "乡(镇)卫生院": "C220",
    "乡镇中心卫生院": "C210",
    "中心乡镇卫生院": "C210",
    "社区卫生服务中心(站)": "B100",
    "社区卫生中心": "B100",
    "社区卫生站": "B200",
    "街道(镇)卫生院": "C100",
    "村卫生所": "D600",
    "村卫生站": "D600",
    "卫生室": "D600",
    "中医院": "A210",
    "中医医院(综合)": "A210",
    "妇幼保健院(所、站)": "G100",
    "妇幼保健计划生育服务中心": "G100",
    "妇幼保健": "G100",
    "急救中心": "E",
    "急救站": "E",
    "急救中心(站)": "E",
    "疾控中心": "J",
    "疾病预防控制机构": "J",
    "专科疾病防治院": "H",
    "专科疾病防治院(所、站)": "H",
}
# C210 中心卫生院, C210-中心卫生院, 中心卫生院(C210)
CODE_AND_NAME = re.compile(
    r"^([A-P]\d{3}|[A-P])(?=[-_、.(\s\u4e00-\u9fff])|\(([A-P]\d{3}|[A-P])\)$"
)


def read_classes(text: pd.Series, remarks: Remarks) -> pd.Series:
    """Return class codes; names of classes are understood, unknown codes reported."""
    by_name = {words.zh: code for code, words in FACILITY_CLASSES.items()} | CLASS_WORDS
    text = text.map(lambda t: unicodedata.normalize("NFKC", t).strip())

    def code_of(word: str) -> str:
        held = CODE_AND_NAME.search(word.upper())
        if word in by_name or held is None:
            return by_name.get(word, _short(word.upper()))
        return held[1] or held[2]

    codes = text.map(code_of)
    named = codes != text.map(lambda t: _short(t.upper()))
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


def _short(code: str) -> str:
    """Return E for E000: groups without classes have the letter alone in packs."""
    return (
        code[0] if FACILITY_CLASS_FORM.fullmatch(code) and code[1:] == "000" else code
    )


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

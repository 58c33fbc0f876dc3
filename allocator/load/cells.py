"""The cells of one column: text to typed values, with findings."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.errors import Text, nearest
from allocator.load.codes import is_scientific
from allocator.load.references import remark_lossy
from allocator.load.sexagesimal import read_sexagesimal
from allocator.load.units import UNITS
from allocator.tables import Column, Kind

if TYPE_CHECKING:
    from allocator.load.remarks import Remarks

# What planners write in a cell of numbers that has no value.
NO_VALUE = frozenset(
    {"", "-", "--", "—", "——", "/", "\\", "na", "n/a", "nan", "null", "none"}
)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
NUMBER_AND_UNIT = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)([^\d.,+-]+)")
SHORT_UNITS = {"万": 1e4, "千": 1e3, "百": 100.0, "亿": 1e8}
COUNTED_UNITS = frozenset({"人", "张", "人次"})
DECIMAL_ID = re.compile(r"^(\d+)\.0+$")
MOST_COUNT = 2_000_000_000  # more people than any country has: a wrong unit
FEW_PEOPLE = 100  # fewer in most units, with fractions: given in 万人
ROUND_TOLERANCE = 1e-6  # what multiplying by a unit may leave behind
LIST_SEPARATORS = re.compile("[;；,，、]")
TRUE_WORDS = frozenset(
    {"是", "true", "t", "1", "y", "yes", "有", "√", "城镇", "城市", "城区"}
)
FALSE_WORDS = frozenset({"否", "false", "f", "0", "n", "no", "无", "×", "乡村", "农村"})
# Words for the choices of the contract, beside the choices themselves.
CHOICE_WORDS: dict[str, dict[str, str]] = {
    "status": {
        "现有": "existing",
        "在营": "existing",
        "正常": "existing",
        "现状": "existing",
        "已有": "existing",
        "备选": "candidate",
        "候选": "candidate",
        "拟建": "candidate",
        "规划": "candidate",
    },
    "locked": {"必选": "in", "不选": "out"},
    "verdict": {
        "同意": "accept",
        "接受": "accept",
        "不同意": "reject",
        "否决": "reject",
        "锁定": "lock",
        "暂缓": "defer",
        "缓建": "defer",
        "移动": "move",
        "移位": "move",
        "调整": "move",
        "增加": "add",
    },
    "kind": {
        "其他": "other",
        "街道办": "街道",
        "街道办事处": "街道",
        "建制镇": "镇",
        "民族乡": "乡",
        "市辖区": "区",
        "县级市": "other",
    },
    "action": {
        "新建": "build",
        "改扩建": "upgrade",
        "升级": "upgrade",
        "撤并": "close",
        "关闭": "close",
        "增加": "add",
        "新增": "add",
    },
}
LEVEL_WORDS = {"一级": "1", "二级": "2", "三级": "3", "未定级": "", "未评级": ""}


def read_cells(
    text: pd.Series, column: Column, factor: float, remarks: Remarks
) -> pd.Series:
    """Return the values of one column.

    Parameters
    ----------
    text
        Cells as text without spaces around, blank cells empty. The index names the
        rows.
    column
        What they mean.
    factor
        What numbers are multiplied by to get the column's unit.
    remarks
        Receives the findings.

    Returns
    -------
    values
        By ``column.kind``: ID, TEXT and CHOICE as text (blank is empty), NUMBER,
        COUNT and DEGREES as float (blank is NaN), FLAG as bool, or as object with
        None for blank, LIST as tuples of text.
    """
    if not column.may_be_blank:
        _check_blank(text, column, remarks)
    match column.kind:
        case Kind.ID:
            return _read_ids(text, column, remarks)
        case Kind.TEXT:
            return text
        case Kind.CHOICE:
            return _read_choices(text, column, remarks)
        case Kind.FLAG:
            return _read_flags(text, column, remarks)
        case Kind.LIST:
            return _read_lists(text)
        case _:
            return _read_numbers(text, column, factor, remarks)


def _check_blank(text: pd.Series, column: Column, remarks: Remarks) -> None:
    blank = text == ""
    if column.kind in (Kind.NUMBER, Kind.COUNT, Kind.DEGREES):
        blank = blank | text.str.lower().isin(NO_VALUE)
    if blank.any():
        remarks.error(
            "value-missing",
            Text(f"{column.meaning.zh}未填", f"no {column.meaning.en} given"),
            keys=text.index[blank],
            column=column.name,
            remedy=Text("填写, 或删去这一行", "fill it in, or remove the row"),
        )


def _read_ids(text: pd.Series, column: Column, remarks: Remarks) -> pd.Series:
    """Return ids; Excel turns a long code into 3.60112E+11, which is a finding.

    Unless they refer to another table: that may tell which code is meant.
    """
    # Ids of a travel table repeat thousands of times: each is looked at once.
    positions, different = pd.factorize(text)
    clean = np.array([plain_id(word) for word in different], dtype=object)
    text = pd.Series(clean.take(positions), index=text.index, dtype=str)
    if column.refers_to or column.name == "county_id":
        return text
    wrong = np.array([is_scientific(word) for word in different], dtype=bool)
    lossy = pd.Series(wrong.take(positions), index=text.index)
    if lossy.any():
        remark_lossy(text[lossy], column.name, remarks)
    return text


def plain_id(text: str) -> str:
    """Return an id in half-width; Excel's ``360102002.0`` is ``360102002``."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).strip()
    return DECIMAL_ID.sub(r"\1", text)


def parse_numbers(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return numbers and which cells are neither numbers nor blank.

    Full-width digits and thousands separators are accepted. A blank is NaN and good.
    """
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    unread = numbers.isna() & (text != "")
    if unread.any():
        again = text[unread].map(_plain_number)
        numbers[unread] = pd.to_numeric(again, errors="coerce").astype(float)
        unread &= numbers.isna() & ~text.str.lower().isin(NO_VALUE)
    return numbers, unread | np.isinf(numbers)


def _plain_number(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace(" ", "").replace("−", "-")
    return text.replace(",", "") if THOUSANDS.fullmatch(text) else text


def _read_numbers(
    text: pd.Series, column: Column, factor: float, remarks: Remarks
) -> pd.Series:
    if column.name == "level":
        text = text.map(lambda t: LEVEL_WORDS.get(t[:2], LEVEL_WORDS.get(t[:3], t)))
    if column.kind is Kind.DEGREES:
        text = read_sexagesimal(text, column.name, remarks)
    numbers, bad = parse_numbers(text)
    numbers = numbers * factor
    if bad.any():
        stated = _with_units(text[bad], column, remarks)
        numbers[stated.index] = stated
        bad &= ~bad.index.isin(stated.index)
    if bad.any():
        remarks.error(
            "not-a-number",
            Text("应为数字", "must be a number"),
            keys=text.index[bad],
            column=column.name,
            values=text[bad],
            remedy=Text("改为数字, 未知则留空", "give a number; leave blank if unknown")
            if column.may_be_blank
            else Text("改为数字", "give a number"),
        )
        numbers = numbers.mask(bad)
    if column.kind is not Kind.DEGREES:
        _check_sign(numbers, column, remarks)
    return (
        _read_counts(numbers, column, remarks) if column.kind is Kind.COUNT else numbers
    )


def _with_units(text: pd.Series, column: Column, remarks: Remarks) -> pd.Series:
    """Return the numbers of cells that state a unit themselves: ``3.5万``.

    The unit of the cell counts, whatever the heading says.
    """
    units = UNITS.get(column.unit, {})
    if column.unit in COUNTED_UNITS:
        units = units | SHORT_UNITS
    found = {}
    for row, cell in text.items():
        plain = unicodedata.normalize("NFKC", cell).replace(" ", "")
        match = NUMBER_AND_UNIT.fullmatch(plain)
        if match is not None and match[2].casefold() in units:
            number = float(_plain_number(match[1]))
            found[row] = number * units[match[2].casefold()]
    stated = pd.Series(found, dtype=float)
    if len(stated):
        pairs = zip(text[stated.index], stated, strict=True)
        remarks.note(
            "unit-in-cell",
            Text("单元格里写了单位, 已换算", "a cell states its unit: converted"),
            keys=stated.index,
            column=column.name,
            values=[f"{cell} -> {number:.10g}" for cell, number in pairs],
        )
    return stated


def _check_sign(numbers: pd.Series, column: Column, remarks: Remarks) -> None:
    negative = numbers < 0
    if negative.any():
        remarks.error(
            "number-negative",
            Text("不能为负数", "must not be negative"),
            keys=numbers.index[negative],
            column=column.name,
            values=[f"{value:g}" for value in numbers[negative]],
            remedy=Text("改为 0 或正数", "give 0 or more"),
        )


def _read_counts(numbers: pd.Series, column: Column, remarks: Remarks) -> pd.Series:
    large = numbers > MOST_COUNT
    if large.any():
        remarks.error(
            "number-too-large",
            Text("数值过大, 单位可能写错", "too large: the unit may be wrong"),
            keys=numbers.index[large],
            column=column.name,
            values=[f"{value:g}" for value in numbers[large]],
            remedy=Text(
                f"检查单位, 应为{column.unit}", f"check the unit: {column.unit}"
            ),
        )
    whole = numbers.round()
    _check_unit(numbers, column, remarks)
    uneven = (numbers - whole).abs() > ROUND_TOLERANCE
    if uneven.any():
        remarks.note(
            "number-rounded",
            Text("小数已四舍五入为整数", "rounded to whole numbers"),
            keys=numbers.index[uneven],
            column=column.name,
            values=[f"{value:.10g}" for value in numbers[uneven]],
        )
    return whole


def _check_unit(numbers: pd.Series, column: Column, remarks: Remarks) -> None:
    """Warn of people that seem to be given in 万人 without saying so."""
    uneven = (numbers - numbers.round()).abs() > ROUND_TOLERANCE
    if uneven.sum() > len(numbers) / 2 and numbers.median() < FEW_PEOPLE:
        remarks.warning(
            "unit-suspect",
            Text("单位可能是万人而表头没有写明", "the unit may be 万人, unstated"),
            column=column.name,
            values=[f"{value:.10g}" for value in numbers[uneven]],
            remedy=Text(
                "以万人为单位时把表头写成 人口(万人)",
                "if so, head the column 人口(万人)",
            ),
        )


def _read_choices(text: pd.Series, column: Column, remarks: Remarks) -> pd.Series:
    meanings = CHOICE_WORDS.get(column.name, {})
    words = {choice: choice for choice in column.choices}
    words |= {w: c for w, c in meanings.items() if c in column.choices}
    plain = text.map(lambda t: unicodedata.normalize("NFKC", t).casefold())
    values = plain.map({"": "", **words})
    unknown = values.isna()
    if unknown.any():
        first = plain[unknown].iloc[0]
        close = nearest(first, words)
        if close is None and "other" in column.choices:
            close = "other"
        accepted = "、".join(column.choices)
        remarks.error(
            "choice-unknown",
            Text(
                f"应为 {accepted} 之一", f"must be one of {', '.join(column.choices)}"
            ),
            keys=text.index[unknown],
            column=column.name,
            values=text[unknown],
            remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
            if close
            else Text(f"改为 {accepted} 之一", "give one of these"),
        )
    return values.fillna("").astype(str)


def parse_flags(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return True, False or None for each cell, and which cells are none of these."""
    words: dict[str, bool | None] = dict.fromkeys(NO_VALUE)
    words |= dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)
    plain = [unicodedata.normalize("NFKC", t).casefold() for t in text]
    values = pd.Series([words.get(t) for t in plain], index=text.index, dtype=object)
    bad = pd.Series([t not in words for t in plain], index=text.index, dtype=bool)
    return values, bad


def _read_flags(text: pd.Series, column: Column, remarks: Remarks) -> pd.Series:
    if column.name == "urban":
        # 城乡分类代码: three digits, 1xx urban and 2xx rural.
        text = text.str.replace(r"^([12])\d\d$", r"\1", regex=True)
        text = text.str.replace(r"^2$", "0", regex=True)
    values, bad = parse_flags(text)
    if bad.any():
        remarks.error(
            "flag-unknown",
            Text("应为 是 或 否", "must be yes or no"),
            keys=text.index[bad],
            column=column.name,
            values=text[bad],
            remedy=Text(
                "改为 是/否, 未知则留空", "give 是 or 否; leave blank if unknown"
            ),
        )
    return values if values.isna().any() else values.astype(bool)


def _read_lists(text: pd.Series) -> pd.Series:
    # Repeats stay: a service that is counted may be listed as often as it is held.
    def split(cell: str) -> tuple[str, ...]:
        words = (word.strip() for word in LIST_SEPARATORS.split(cell))
        return tuple(word for word in words if word)

    return pd.Series([split(cell) for cell in text], index=text.index, dtype=object)


def read_extra(text: pd.Series) -> pd.Series:
    """Return a column that the program does not know: numbers, flags, or text.

    All numeric becomes float (blank is NaN), unless a cell has a leading zero, which
    makes it a code; all flag words becomes flags; everything else stays text.
    """
    filled = text[text != ""]
    if filled.empty:
        return text
    code = filled.str.fullmatch(r"0\d+").any()
    numbers, bad = parse_numbers(text)
    if not (code or bad.any() or numbers.isna().all()):
        return numbers
    flags, unknown = parse_flags(text)
    if not (code or unknown.any() or flags.isna().all()):
        return flags if flags.isna().any() else flags.astype(bool)
    return text


def cell_id(value: object) -> str:
    """Return a cell of a column that the program does not know as an id.

    Codes of digits were read as numbers there: 360121.0 is ``360121``.
    """
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else ""
    return plain_id(str(value).strip()) if isinstance(value, str) else ""

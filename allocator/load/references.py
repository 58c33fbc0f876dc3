"""Following a reference from one table to another: by id, by code, else by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator.errors import Text, nearest
from allocator.load.codes import KnownCodes, is_scientific, recover
from allocator.load.history import find_change

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from allocator.load.remarks import Remarks

# What names of units end in, beside what tells them from others.
UNIT_ENDS = ("街道办事处", "街道", "民族乡", "镇", "乡", "区", "县", "市")
LEAST_STEM = 2  # characters that must be left of a name to look for it in another


@dataclass
class _Lookup:
    """What may be referred to, and how the different values were followed."""

    known: KnownCodes
    by_name: dict[str, str]
    found: dict[str, str] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)


def follow(
    values: pd.Series,
    names: pd.Series,
    *,
    column: str,
    code: str,
    unit: Text,
    remarks: Remarks,
    labels: pd.Series | None = None,
    counties: bool = False,
) -> pd.Series:
    """Return the ids that are meant; a value that leads nowhere is a finding.

    Parameters
    ----------
    values
        Ids, or names where planners wrote those; blank is empty and stays so. The
        index names the rows.
    names
        Name by id of what is referred to.
    column
        The column of the values.
    code
        Code of the finding for a value that is neither id nor a single unit's name.
    unit
        What is referred to, in words.
    remarks
        Receives the findings.
    labels
        Names of the rows, by which a code that lost digits may be told.
    counties
        Whether counties are referred to, so that old codes and names are known.

    Returns
    -------
    ids
        Empty where blank or unknown.
    """
    known = values.isin(names.index) | (values == "")
    if known.all():
        return values
    single = names[~names.duplicated(keep=False) & (names != "")]
    by_name = dict(zip(single, single.index, strict=True))
    lookup = _Lookup(KnownCodes(names.index), by_name)
    for value in values[~known].unique():
        _look_up(value, lookup, counties=counties)
    result = values.copy()
    ways = values.map(lookup.by)
    for row in values.index[(ways == "lossy").to_numpy()]:
        label = labels[row] if labels is not None else ""
        chosen = _by_label(label, recover(values[row], names.index), names)
        result[row] = chosen
        ways[row] = "label" if chosen else "lossy"
    direct = ways.isin(["name", "code", "digits", "old"])
    result[direct] = values[direct].map(lookup.found)
    lost = ways.isin(["lossy", "successors", "unknown"])
    result[lost] = ""
    _remark_found(values, result, ways, remarks, column=column, unit=unit)
    _remark_lost(values, names, ways, remarks, column=column, code=code, unit=unit)
    return result


def _look_up(value: str, lookup: _Lookup, *, counties: bool) -> None:
    """Put into ``lookup`` what one value means, and by which way that was found."""
    if value in lookup.by_name:
        lookup.found[value], lookup.by[value] = lookup.by_name[value], "name"
        return
    if is_scientific(value):
        codes = recover(value, lookup.known.codes)
        lookup.by[value] = "digits" if len(codes) == 1 else "lossy"
        lookup.found[value] = codes[0] if len(codes) == 1 else ""
        return
    same = lookup.known.same(value)
    if same is not None:
        lookup.found[value], lookup.by[value] = same, "code"
        return
    change = find_change(value) if counties else None
    if change is None:
        lookup.by[value] = "unknown"
        return
    there = [c for s in change.successors if (c := lookup.known.same(s))]
    lookup.by[value] = "old" if len(there) == 1 else "successors"
    lookup.found[value] = there[0] if len(there) == 1 else ""


def _by_label(label: str, candidates: list[str], names: pd.Series) -> str:
    """Return the one candidate whose name the row's own name holds, or nothing."""
    held = [c for c in candidates if _stem(str(names[c])) and _stem(names[c]) in label]
    return held[0] if len(held) == 1 else ""


def _stem(name: str) -> str:
    for end in UNIT_ENDS:
        if name.endswith(end) and len(name) - len(end) >= LEAST_STEM:
            return name.removesuffix(end)
    return name if len(name) >= LEAST_STEM else ""


def _remark_found(
    values: pd.Series,
    result: pd.Series,
    ways: pd.Series,
    remarks: Remarks,
    *,
    column: str,
    unit: Text,
) -> None:
    for way, add, code, message, remedy in _found_remarks(unit, remarks):
        rows = (ways == way).to_numpy()
        if not rows.any():
            continue
        pairs = zip(values[rows], result[rows], strict=True)
        if way == "old":
            shown = [f"{_change_words(v).zh} -> {r}" for v, r in pairs]
        else:
            shown = [f"{v} -> {r}" for v, r in pairs]
        add(
            code,
            message,
            keys=values.index[rows],
            column=column,
            values=shown,
            remedy=remedy,
        )


def _found_remarks(
    unit: Text, remarks: Remarks
) -> list[tuple[str, Callable[..., None], str, Text, Text | None]]:
    check = Text("核对; 把该列设为文本可避免", "check it; text columns avoid this")
    return [
        (
            "name",
            remarks.note,
            "reference-by-name",
            Text(f"按名称找到{unit.zh}", f"{unit.en} found by its name"),
            None,
        ),
        (
            "code",
            remarks.note,
            "reference-by-code",
            Text(f"代码写法不同, 是同一个{unit.zh}", f"the same {unit.en}, in digits"),
            None,
        ),
        (
            "digits",
            remarks.warning,
            "id-recovered",
            Text(
                "编码被 Excel 改成科学计数, 只有一个代码与之相符",
                "turned into scientific notation; only one code agrees with it",
            ),
            check,
        ),
        (
            "label",
            remarks.warning,
            "id-recovered",
            Text(
                "编码被 Excel 改成科学计数, 按本行名称认出",
                "turned into scientific notation; told by the name of the row",
            ),
            check,
        ),
        (
            "old",
            remarks.warning,
            "code-old",
            Text(
                f"{unit.zh}的旧代码或旧名称, 按唯一的后继读取",
                f"an old code or name of a {unit.en}: its only successor is taken",
            ),
            Text("核对区划沿革, 改为现行代码", "check it, and give today's code"),
        ),
    ]


def _change_words(value: str) -> Text:
    change = find_change(value)
    return change.words if change else Text(value, value)


def _remark_lost(
    values: pd.Series,
    names: pd.Series,
    ways: pd.Series,
    remarks: Remarks,
    *,
    column: str,
    code: str,
    unit: Text,
) -> None:
    lossy = (ways == "lossy").to_numpy()
    if lossy.any():
        remark_lossy(values[lossy], column, remarks, names=names)
    several = (ways == "successors").to_numpy()
    if several.any():
        changes = [_change_words(value) for value in values[several].unique()]
        remarks.error(
            "code-old",
            Text(
                f"{unit.zh}的旧代码或旧名称, 不能唯一对应现行{unit.zh}",
                f"an old code or name of a {unit.en} with no single successor here",
            ),
            keys=values.index[several],
            column=column,
            values=[change.zh for change in changes],
            remedy=Text("逐行改为现行代码", "give today's code, row by row"),
        )
    unknown = (ways == "unknown").to_numpy()
    if unknown.any():
        close = nearest(values[unknown].iloc[0], [*names.index, *names.unique()])
        remarks.error(
            code,
            Text(f"没有这个{unit.zh}", f"there is no such {unit.en}"),
            keys=values.index[unknown],
            column=column,
            values=values[unknown],
            remedy=_remedy(values[unknown].iloc[0], close),
        )


def _remedy(value: str, close: str | None) -> Text:
    change = find_change(value[:6]) if value[:6].isdigit() else None
    if change is not None:
        return Text(f"旧区划: {change.words.zh}", f"an old code: {change.words.en}")
    if close is None:
        return Text("核对代码或名称", "check the code or the name")
    return Text(f"是否应为 {close}?", f"did you mean {close}?")


def remark_lossy(
    values: pd.Series,
    column: str,
    remarks: Remarks,
    *,
    names: pd.Series | None = None,
) -> None:
    """Report codes that lost digits and cannot be told.

    Parameters
    ----------
    values
        The codes, in scientific notation; the index names the rows.
    column
        Their column.
    remarks
        Receives the finding.
    names
        Name by id of the units that they may be, where these are known.
    """
    shown = [str(value) for value in values]
    if names is not None:
        candidates = recover(shown[0], names.index)[:4]
        if candidates:
            several = "、".join(candidates)
            shown = [f"{shown[0]} (可能是 {several})", *shown[1:]]
    remarks.error(
        "id-scientific",
        Text(
            "编码被 Excel 改成科学计数, 已丢失位数",
            "a code was turned into scientific notation and has lost digits",
        ),
        keys=values.index,
        column=column,
        values=shown,
        remedy=Text("把该列设为文本后重新填写", "format the column as text and refill"),
    )

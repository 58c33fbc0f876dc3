"""What a planner's table says without a column of its own for it.

The kind of a zone stands in its name and its code, the class of a facility in its
institution code. Whatever is taken from there is a note with its rows; a column that
the planner gives is never overruled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text
from allocator.load.codes import (
    COUNTY,
    forms,
    is_scientific,
    recover,
    short_code,
    shown_as,
)
from allocator.load.history import find_change
from allocator.load.institutions import read_institution_codes
from allocator.load.references import remark_lossy
from allocator.tables import ZONE_KINDS

if TYPE_CHECKING:
    from allocator.load.frames import Sheet
    from allocator.load.remarks import Remarks

# Statistics codes (国家统计局 统计用区划代码编制规则): the 7th digit of a township is 0
# for 街道, 1 for 镇, 2 and 3 for 乡, 4 and 5 for units that are none of these.
KIND_OF_DIGIT = {
    "0": "街道",
    "1": "镇",
    "2": "乡",
    "3": "乡",
    "4": "other",
    "5": "other",
}
NAME_ENDS = {"街道": "街道", "街道办事处": "街道", "镇": "镇", "乡": "乡"}
ZONE_DIGITS = (9, 12)


def complete_zones(sheet: Sheet, *, alone: bool) -> Sheet:
    """Return the zones with ``kind`` from name or code, and counties' codes made good.

    A county's code that a spreadsheet turned into a number is told by the first six
    digits of the zone's own code.

    Parameters
    ----------
    sheet
        The zones.
    alone
        Whether there is no file of counties, so that what the zones say settles it.
    """
    frame, remarks = sheet.frame.copy(), sheet.remarks
    if "kind" not in frame:
        frame["kind"] = _kinds(frame)
        remarks.note(
            "kind-derived",
            Text(
                "没有类型列, 按名称末字(其次按代码第 7 位)判断",
                "no column of kinds: told by the name, else by the 7th digit",
            ),
            column="kind",
            values=sorted(set(frame["kind"])),
        )
    counties = _own_counties(frame, remarks)
    frame["county_id"] = _settled(counties, remarks) if alone else counties
    return replace(sheet, frame=frame)


def _kinds(frame: pd.DataFrame) -> pd.Series:
    def kind(name: str, code: str) -> str:
        for end, word in NAME_ENDS.items():
            if name.endswith(end):
                return word
        if code.isdigit() and len(code) in ZONE_DIGITS:
            return KIND_OF_DIGIT.get(code[COUNTY], "other")
        return "other"

    pairs = zip(frame["name"], frame["zone_id"], strict=True)
    kinds = [kind(name, code) for name, code in pairs]
    return pd.Series(kinds, index=frame.index, dtype=str).where(
        lambda words: words.isin(ZONE_KINDS), "other"
    )


def _own_counties(frame: pd.DataFrame, remarks: Remarks) -> pd.Series:
    counties = frame["county_id"].copy()
    lossy = counties.map(is_scientific)
    if not lossy.any():
        return counties
    own = frame["zone_id"].str[:COUNTY]
    told = lossy & pd.Series(
        [shown_as(code, text) for code, text in zip(own, counties, strict=True)],
        index=frame.index,
        dtype=bool,
    )
    if told.any():
        pairs = zip(counties[told], own[told], strict=True)
        remarks.warning(
            "id-recovered",
            Text(
                "县区代码被 Excel 改成科学计数, 按乡镇代码的前 6 位认出",
                "turned into scientific notation; told by the zone's own code",
            ),
            keys=frame.index[told],
            column="county_id",
            values=[f"{text} -> {code}" for text, code in pairs],
            remedy=Text("核对; 把该列设为文本可避免", "check; text columns avoid this"),
        )
    return counties.mask(told, own)


def _settled(counties: pd.Series, remarks: Remarks) -> pd.Series:
    """Return counties that are in no file, every county under one code."""
    lossy = counties.map(is_scientific)
    if lossy.any():
        remark_lossy(counties[lossy], "county_id", remarks)
    most_common = counties.value_counts(sort=True)
    chosen: dict[str, str] = {}
    for code in most_common.index:
        chosen.setdefault(short_code(code), code)
    settled = counties.map(lambda code: chosen[short_code(code)])
    changed = settled != counties
    if changed.any():
        pairs = zip(counties[changed], settled[changed], strict=True)
        remarks.note(
            "reference-by-code",
            Text("代码写法不同, 是同一个县区", "the same county, in other digits"),
            keys=counties.index[changed],
            column="county_id",
            values=[f"{a} -> {b}" for a, b in pairs],
        )
    remark_old(settled, "county_id", remarks)
    return settled


def complete_counties(sheet: Sheet, zones: Sheet | None) -> Sheet:
    """Return the counties, codes that lost digits told by the codes of the zones."""
    frame, remarks = sheet.frame.copy(), sheet.remarks
    ids = frame["county_id"].copy()
    lossy = ids.map(is_scientific)
    if lossy.any():
        known = _counties_of(zones)
        found = {text: recover(text, known) for text in ids[lossy].unique()}
        single = {text: codes[0] for text, codes in found.items() if len(codes) == 1}
        told = ids.isin(single)
        if told.any():
            remarks.warning(
                "id-recovered",
                Text(
                    "编码被 Excel 改成科学计数, 按乡镇级单元的代码认出",
                    "turned into scientific notation; told by the codes of the zones",
                ),
                keys=frame.index[told],
                column="county_id",
                values=[f"{t} -> {single[t]}" for t in ids[told]],
                remedy=Text("核对", "check it"),
            )
        if (lossy & ~told).any():
            remark_lossy(ids[lossy & ~told], "county_id", remarks)
        frame["county_id"] = ids.mask(told, ids.map(single))
        twice = frame["county_id"].duplicated(keep=False) & told
        if twice.any() and not remarks.failed():
            remark_lossy(ids[twice], "county_id", remarks)
        remarks.account.ids = frame["county_id"].tolist()
    remark_old(frame["county_id"], "county_id", remarks)
    return replace(sheet, frame=frame)


def _counties_of(zones: Sheet | None) -> list[str]:
    """Return the codes of counties that a table of zones knows, sorted."""
    if zones is None:
        return []
    codes = set()
    for code in zones.frame.get("zone_id", pd.Series(dtype=str)):
        if code.isdigit() and len(code) in ZONE_DIGITS:
            codes.add(code[:COUNTY])
    return sorted(codes)


def remark_old(ids: pd.Series, column: str, remarks: Remarks) -> None:
    """Note counties that a planner's own table still has under an old code."""
    old = {}
    for code in sorted(set(ids)):
        change = find_change(short_code(code)) if code in forms(code) else None
        if change is not None and code.isdigit():
            old[code] = change
    if old:
        remarks.note(
            "code-old",
            Text("旧区划的代码, 按原样使用", "codes of former counties, used as given"),
            keys=ids.index[ids.isin(old)],
            column=column,
            values=[change.words.zh for change in old.values()],
            remedy=Text("数据年份较新时请核对", "check it where the data are newer"),
        )


def complete_sites(sheet: Sheet, *, zones_known: bool) -> Sheet:
    """Return the sites with status, class and ownership where columns are lacking.

    Parameters
    ----------
    sheet
        The register.
    zones_known
        Whether zones were read; if not, references to them cannot be followed.
    """
    frame, remarks = sheet.frame.copy(), sheet.remarks
    if "status" not in frame:
        frame["status"] = "existing"
        remarks.note(
            "status-assumed",
            Text(
                "没有 status 列, 全部按现有机构读取",
                "no column status: every row is taken as an existing facility",
            ),
            column="status",
        )
    read_institution_codes(frame, remarks)
    _ownership(frame, remarks)
    _not_established(frame, remarks)
    if not zones_known and "zone_id" in frame:
        lossy = frame["zone_id"].map(is_scientific)
        if lossy.any():
            remark_lossy(frame.loc[lossy, "zone_id"], "zone_id", remarks)
    return replace(sheet, frame=frame)


def _ownership(frame: pd.DataFrame, remarks: Remarks) -> None:
    """Set ``public`` by the code of the government that a facility belongs to."""
    if "government_code" not in frame or "public" in frame:
        return
    given = ~frame["government_code"].isin(["", "0", "-", "/"])
    frame["public"] = pd.Series(
        [True if one else None for one in given], index=frame.index, dtype=object
    )
    remarks.note(
        "public-derived",
        Text(
            "填有政府办卫生机构隶属关系代码的机构按公立读取, 其余未知",
            "those with a code of a government are public; unknown for the others",
        ),
        keys=frame.index[given],
        column="government_code",
    )


def _not_established(frame: pd.DataFrame, remarks: Remarks) -> None:
    """Do not count health centres of townships that no longer exist, as branches."""
    if "established" not in frame or "class" not in frame:
        return
    centre = frame["class"].str.upper().str.startswith("C2")
    centre |= frame["class"].str.endswith("卫生院")
    given = frame.get("branch", pd.Series(data=False, index=frame.index)).isin([True])
    former = centre & frame["established"].isin([False]) & ~given
    if not former.any():
        return
    frame["branch"] = given | former
    remarks.note(
        "not-established",
        Text(
            "非建制乡镇卫生院与分支机构一样, 不计入每乡镇一所",
            "health centres of former townships are not counted, like branches",
        ),
        keys=frame.index[former],
        column="established",
    )

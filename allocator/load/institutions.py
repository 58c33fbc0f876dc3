"""The institution code of the health statistics: what it says of a facility.

22 characters: 9 of the organisation, 6 of the county (GB/T 2260), 2 of the economic
type (GB/T 12402, first two digits), 4 of the class (WS 218), 1 of the management class
(1 非营利, 2 营利, 9 other). Source: 卫生机构(组织)分类与代码 WS 218-2002, section 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from allocator.errors import Text

if TYPE_CHECKING:
    from allocator.load.remarks import Remarks

CODE = re.compile(
    r"^(?P<organisation>[0-9A-Z]{8}-?[0-9A-Z])(?P<region>[1-8]\d{5})(?P<economy>\d{2})"
    r"(?P<class>[A-P]\d{3})(?P<management>[129])$"
)
# GB/T 12402: 11 国有全资, 12 集体全资. Public hospitals are those two in the health
# statistics (中国卫生健康统计年鉴, 主要指标解释: 公立医院).
PUBLIC_ECONOMIES = frozenset({"11", "12"})


def read_institution_codes(frame: pd.DataFrame, remarks: Remarks) -> None:
    """Add ``class``, ``region_code`` and ``public`` from codes, where these lack.

    Parameters
    ----------
    frame
        Sites with ``site_id``; columns are added in place.
    remarks
        Receives a note on what was read.
    """
    found = frame["site_id"].str.upper().str.extract(CODE)
    known = found["class"].notna()
    if not known.any():
        return
    added = []
    if "class" not in frame:
        frame["class"] = found["class"].fillna("").map(_class)
        added.append("class")
    if "region_code" not in frame:
        frame["region_code"] = found["region"].fillna("")
        added.append("region_code")
    if "public" not in frame and "government_code" not in frame:
        values = [
            code in PUBLIC_ECONOMIES if isinstance(code, str) else None
            for code in found["economy"]
        ]
        frame["public"] = pd.Series(values, index=frame.index, dtype=object)
        added.append("public")
    if added:
        remarks.note(
            "read-from-code",
            Text(
                f"由 22 位机构代码读出 {'、'.join(added)}",
                f"{', '.join(added)} read from the institution codes",
            ),
            keys=frame.index[known],
            column="site_id",
        )


def _class(code: str) -> str:
    """Return a class as packs name it: groups without classes have the letter alone."""
    return code.removesuffix("000")

"""Degrees, minutes and seconds, as surveyors and GPS receivers write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from allocator.errors import Text

if TYPE_CHECKING:
    import pandas as pd

    from allocator.load.remarks import Remarks

MINUTES_OF_DEGREE, SECONDS_OF_DEGREE = 60.0, 3600.0

_NUMBER = r"(\d+(?:\.\d+)?)"
# Marks are told apart by what they are and never guessed from bare numbers: 115.5230
# stays a decimal degree.
_FORM = re.compile(
    rf"(东经|西经|北纬|南纬|[NSEW])?\s*([-−]?){_NUMBER}\s*(?:°|º|˚|度)"
    rf"(?:\s*{_NUMBER}\s*(?:′|'|’|‘|´|分))?"
    rf"(?:\s*{_NUMBER}\s*(?:″|\"|”|“|''|′′|’’|秒))?"
    r"\s*([NSEW])?",
    re.IGNORECASE,
)
_NEGATIVE = frozenset({"西经", "南纬", "S", "W"})
_WIDE = str.maketrans("０１２３４５６７８９．＇＂－　", "0123456789.'\"- ")


def parse_sexagesimal(text: str) -> float | None:
    """Return decimal degrees of ``115°52′30″``; None where it is no such text.

    Parameters
    ----------
    text
        Signs are ° ′ ″, their look-alikes, or 度 分 秒; minutes and seconds may lack.
        东经, 北纬, E, N may stand before or, as letters, after; 西经, 南纬, W, S make
        it negative. Minutes and seconds of 60 or more are refused, and so are fractions
        of any but the last part.
    """
    match = _FORM.fullmatch(text.translate(_WIDE).strip())
    if match is None:
        return None
    before, sign, degrees, minutes, seconds, after = match.groups()
    parts = [degrees, minutes, seconds]
    given = [part for part in parts if part is not None]
    if seconds is not None and minutes is None:
        return None
    if any("." in part for part in given[:-1]):
        return None
    minute, second = float(minutes or 0), float(seconds or 0)
    if minute >= MINUTES_OF_DEGREE or second >= MINUTES_OF_DEGREE:
        return None
    value = float(degrees) + minute / MINUTES_OF_DEGREE + second / SECONDS_OF_DEGREE
    marks = {mark.upper() for mark in (before, after) if mark}
    if len(marks) > 1 or (marks and sign):
        return None
    return -value if sign or marks & _NEGATIVE else value


def read_sexagesimal(text: pd.Series, column: str, remarks: Remarks) -> pd.Series:
    """Return cells with degrees, minutes and seconds turned into decimal degrees.

    Every other cell stays as it is, and whatever is no number is then a finding.
    """
    candidates = text.str.contains(r"[°º˚度]", regex=True)
    if not candidates.any():
        return text
    values = text[candidates].map(parse_sexagesimal).dropna()
    if values.empty:
        return text
    remarks.note(
        "degrees-sexagesimal",
        Text("度分秒已换算为十进制度", "degrees, minutes, seconds made decimal"),
        keys=values.index,
        column=column,
        values=text[values.index],
    )
    read = text.copy()
    read[values.index] = [repr(float(value)) for value in values]
    return read

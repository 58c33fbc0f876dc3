"""Codes of units in their several forms, and what spreadsheets make of them.

A code of the statistics office has 12 digits: six of the county (GB/T 2260), three of
the township, three of the village. Trailing groups of zeros are often left off, so
360102000000 is the county 360102, and 360102001000 the zone 360102001.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})")
COUNTY, ZONE, VILLAGE = 6, 9, 12
FORMS = (COUNTY, ZONE, VILLAGE)


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet turned a code into a number such as 3.60112E+11."""
    return bool(SCIENTIFIC.fullmatch(text))


def short_code(text: str) -> str:
    """Return a code without trailing groups of zeros; other text is returned as it is.

    Only codes of 9 and 12 digits have such groups.
    """
    code = text.strip()
    if not (code.isascii() and code.isdigit()):
        return code
    if len(code) == VILLAGE and code.endswith("000"):
        code = code[:ZONE]
    if len(code) == ZONE and code.endswith("000"):
        code = code[:COUNTY]
    return code


def forms(code: str) -> set[str]:
    """Return all forms of a code: with 6, 9 and 12 digits, where that is the same."""
    short = short_code(code)
    if not (short.isascii() and short.isdigit()) or len(short) not in FORMS:
        return {code}
    return {code} | {short.ljust(n, "0") for n in FORMS if n >= len(short)}


def shown_as(code: str, text: str) -> bool:
    """Whether a spreadsheet that shows ``text`` may hold the code, in any of its forms.

    Parameters
    ----------
    code
        Digits.
    text
        A number in scientific notation, ``3.60112E+11`` say: rounded to the digits that
        are shown.
    """
    match = SCIENTIFIC.fullmatch(text)
    if match is None:
        return False
    digits, exponent = match[2] or "", int(match[3])
    step = Decimal(1).scaleb(-len(digits))
    wanted = Decimal(match[1] + "." + digits) if digits else Decimal(match[1])
    for form in forms(code):
        if not (form.isascii() and form.isdigit()) or len(form) != exponent + 1:
            continue
        try:
            value = Decimal(form).scaleb(-exponent).quantize(step, ROUND_HALF_UP)
        except InvalidOperation:
            continue
        if value == wanted:
            return True
    return False


class KnownCodes:
    """Codes that may be referred to, to be found in any of their forms.

    Parameters
    ----------
    codes
        As the table that is referred to has them.
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = list(codes)
        self._by_form: dict[str, list[str]] = {}
        self._by_digits: dict[str, list[str]] = {}
        for code in self.codes:
            self._by_form.setdefault(short_code(code), []).append(code)
            self._by_digits.setdefault(_without_zeros(code), []).append(code)

    def same(self, text: str) -> str | None:
        """Return the code of which this is another form; None where not just one.

        Other forms are 6, 9 and 12 digits for one unit, and lost leading zeros.
        """
        found = self._by_form.get(short_code(text), [])
        if not found and (digits := _without_zeros(text)):
            found = self._by_digits.get(digits, [])
        return found[0] if len(found) == 1 else None


def _without_zeros(text: str) -> str:
    return text.lstrip("0") if text.isascii() and text.isdigit() else ""


def recover(text: str, known: Iterable[str]) -> list[str]:
    """Return the known codes that a spreadsheet may show as this number."""
    return [code for code in known if shown_as(code, text)]

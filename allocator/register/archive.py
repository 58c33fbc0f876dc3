"""The written workbook's file: values of formulas kept, and no time in it."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
FORMULA = re.compile(
    r'<c r="(?P<cell>[A-Z]+\d+)"(?P<rest>[^>]*)>(?P<formula><f[^>]*/>|<f[^>]*>.*?</f>)'
    r"<v\s*/?>(?:</v>)?</c>",
    re.DOTALL,
)
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")

type Value = str | float | bool
type Values = Mapping[str, Mapping[str, Value]]


def finish_workbook(
    written: Path, target: Path, values: Values, modified: bytes | None
) -> None:
    """Rewrite a workbook with the last values of formulas and without times.

    A workbook that was just written holds formulas without values until a spreadsheet
    opens it; programs that read it meanwhile would see blanks.

    Parameters
    ----------
    written
        The workbook as it was saved.
    target
        Where to.
    values
        By the name of the sheet's part and the cell, what a formula came to.
    modified
        When the original was last changed, as its properties say; None: as saved.
    """
    with (
        zipfile.ZipFile(written) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            content = source.read(name)
            if values.get(name):
                content = _with_values(content.decode(), values[name]).encode()
            if name == "docProps/core.xml" and modified is not None:
                content = MODIFIED.sub(rb"\g<1>" + modified + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, FIRST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)


def read_modified(path: Path) -> bytes | None:
    """Return when a workbook was last changed, as its properties say."""
    with zipfile.ZipFile(path) as archive:
        if "docProps/core.xml" not in archive.namelist():
            return None
        match = re.search(
            rb"<dcterms:modified[^>]*>([^<]*)<", archive.read("docProps/core.xml")
        )
    return match[1] if match else None


def _with_values(text: str, values: Mapping[str, Value]) -> str:
    def fill(match: re.Match[str]) -> str:
        value = values.get(match["cell"])
        if value is None:
            return match[0]
        kind, shown = _value(value)
        head = f'<c r="{match["cell"]}"{match["rest"]}{kind}>'
        return f"{head}{match['formula']}<v>{shown}</v></c>"

    return FORMULA.sub(fill, text)


def _value(value: Value) -> tuple[str, str]:
    if isinstance(value, bool):
        return ' t="b"', str(int(value))
    if isinstance(value, str):
        return ' t="str"', escape(value)
    return "", repr(value)

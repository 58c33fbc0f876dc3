"""Parts of a Word file that python-docx does not make: fields, bookmarks, borders."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Pt
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from docx.document import Document as WordDocument
    from docx.shared import Length
    from docx.table import Table as WordTable
    from docx.text.paragraph import Paragraph as WordParagraph

    from allocator.report.model import Table

_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
_BORDER = "808080"
_SHADE = "E8EDF3"
# Pictures are printed at 200 dots an inch with 256 colours: sharp, and a tenth of the
# bytes of the maps for print.
_DOTS, _COLOURS = 200, 256
_EMU_OF_ONE_INCH = 914_400


def add_field(
    place: WordParagraph,
    code: str,
    shown: str = "",
    *,
    part: Literal["all", "begin", "end"] = "all",
) -> None:
    """Add a field: what Word computes, and what stands there until it does.

    Parameters
    ----------
    place
        The paragraph.
    code, shown
        The field's code and its present result.
    part
        ``begin`` leaves it open for results that are written next; ``end`` closes it.
    """
    if part in ("all", "begin"):
        _field_mark(place, "begin")
        run = place.add_run()
        words = OxmlElement("w:instrText")
        words.set(qn("xml:space"), "preserve")
        words.text = code
        run._r.append(words)  # noqa: SLF001
        _field_mark(place, "separate")
    if part == "all":
        place.add_run(shown)
    if part in ("all", "end"):
        _field_mark(place, "end")


def _field_mark(place: WordParagraph, kind: str) -> None:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    place.add_run()._r.append(mark)  # noqa: SLF001


def bookmark(
    place: WordParagraph,
    name: str,
    number: int,
    words: str,
    *,
    open_: bool = True,
    close: bool = True,
) -> None:
    """Write words under a bookmark, to which links and cross-references lead."""
    if open_:
        start = OxmlElement("w:bookmarkStart")
        start.set(qn("w:id"), str(number))
        start.set(qn("w:name"), name)
        place._p.append(start)  # noqa: SLF001
    if words:
        place.add_run(words)
    if close:
        end = OxmlElement("w:bookmarkEnd")
        end.set(qn("w:id"), str(number))
        place._p.append(end)  # noqa: SLF001


def caption_bookmark(sequence: str, number: int) -> str:
    """Return the name under which a caption's label and number can be referred to."""
    return f"_Ref{sequence}{number:03d}"


def add_table(document: WordDocument, table: Table, size: float, width: Length) -> None:
    """Add a table with its heading repeated on every page.

    Parameters
    ----------
    document, table
        Where, and what.
    size
        Of the font, points.
    width
        Of the text.
    """
    grid = document.add_table(rows=0, cols=len(table.columns))
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    grid.autofit = False
    _set_borders(grid)
    whole = sum(column.width for column in table.columns)
    widths = [int(width * column.width / whole) for column in table.columns]
    for column, wide in zip(grid.columns, widths, strict=True):
        column.width = Emu(wide)
    last = len(table.rows) - 1
    _add_row(grid, table, [c.heading for c in table.columns], widths, size, head=True)
    for at, cells in enumerate(table.rows):
        _add_row(grid, table, cells, widths, size, total=table.total and at == last)


def _add_row(
    grid: WordTable,
    table: Table,
    texts: tuple[str, ...] | list[str],
    widths: list[int],
    size: float,
    *,
    head: bool = False,
    total: bool = False,
) -> None:
    row = grid.add_row()  # type: ignore[no-untyped-call]
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    for cell, text, column, wide in zip(
        row.cells, texts, table.columns, widths, strict=True
    ):
        cell.width = Emu(wide)
        place = cell.paragraphs[0]
        place.style = "Table Heading" if head or total else "Table Text"
        place.add_run(text).font.size = Pt(size)
        align = "center" if head else column.align
        place.alignment = _ALIGN[align]
        if head:
            shade = OxmlElement("w:shd")
            shade.set(qn("w:val"), "clear")
            shade.set(qn("w:fill"), _SHADE)
            cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001


def _set_borders(grid: WordTable) -> None:
    properties = grid._tbl.tblPr  # noqa: SLF001
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "4"), ("color", _BORDER)):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    properties.append(borders)
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        gap = OxmlElement(f"w:{side}")
        gap.set(qn("w:w"), "60")
        gap.set(qn("w:type"), "dxa")
        margins.append(gap)
    properties.append(margins)


def add_picture(place: WordParagraph, path: Path, width: Length, words: str) -> None:
    """Add a picture as wide as the text, with words for those who cannot see it."""
    shape = place.add_run().add_picture(io.BytesIO(_small(path, width)), width=width)
    shape._inline.docPr.set("descr", words)  # noqa: SLF001


def _small(path: Path, width: Length) -> bytes:
    """Return a picture as small as print allows."""
    with Image.open(path) as picture:
        wide = min(picture.width, round(width / _EMU_OF_ONE_INCH * _DOTS))
        high = round(picture.height * wide / picture.width)
        plain = picture.convert("RGB").resize((wide, high), Image.Resampling.LANCZOS)
    few = plain.quantize(_COLOURS, dither=Image.Dither.NONE)
    held = io.BytesIO()
    few.save(held, format="PNG", optimize=True)
    return held.getvalue()

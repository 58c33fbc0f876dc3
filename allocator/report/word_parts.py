"""Parts of a Word file that python-docx does not make: fields, bookmarks, borders."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Literal

    from docx.document import Document as WordDocument
    from docx.shared import Length
    from docx.text.paragraph import Paragraph as WordParagraph

    from allocator.report.model import Align, Table

_SIDES = ("top", "left", "bottom", "right", "insideH", "insideV")
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
    for side in _SIDES
)
_MARGINS = "".join(f'<w:{side} w:w="60" w:type="dxa"/>' for side in ("left", "right"))
_SHADE = "E8EDF3"
# Pictures are printed at 190 dots an inch or more with 256 colours: sharp, and a tenth
# of the bytes of the maps for print.
_DOTS, _COLOURS = 190, 256
_EMU_OF_ONE_INCH = 914_400
_EMU_OF_ONE_TWIP = 635


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

    Its XML is written whole: python-docx makes tables cell by cell, and a list of a
    hundred facilities takes it seconds.

    Parameters
    ----------
    document, table
        Where, and what.
    size
        Of the font, points.
    width
        Of the text.
    """
    twips = width / _EMU_OF_ONE_TWIP
    whole = sum(column.width for column in table.columns)
    widths = [int(twips * column.width / whole) for column in table.columns]
    aligns = [column.align for column in table.columns]
    headings = [column.heading for column in table.columns]
    last = len(table.rows) - 1 if table.total else -1
    centred: list[Align] = ["center"] * len(aligns)
    rows = [_row(headings, widths, centred, size, head=True)]
    rows += [
        _row(cells, widths, aligns, size, bold=at == last)
        for at, cells in enumerate(table.rows)
    ]
    columns = "".join(f'<w:gridCol w:w="{wide}"/>' for wide in widths)
    xml = (
        f"<w:tbl {nsdecls('w')}><w:tblPr>"
        f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f"<w:tblBorders>{_BORDERS}</w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{_MARGINS}</w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )
    # The last element of the body holds the page; what is added stands before it.
    document.element.body.sectPr.addprevious(parse_xml(xml))


def _row(
    texts: Sequence[str],
    widths: Sequence[int],
    aligns: Sequence[Align],
    size: float,
    *,
    head: bool = False,
    bold: bool = False,
) -> str:
    """Return a row; ``bold`` ones have the font of headings."""
    style = "TableHeading" if head or bold else "TableText"
    look = f'<w:shd w:val="clear" w:color="auto" w:fill="{_SHADE}"/>' if head else ""
    half = round(size * 2)
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{wide}" w:type="dxa"/>{look}'
        f'<w:vAlign w:val="center"/></w:tcPr><w:p><w:pPr><w:pStyle w:val="{style}"/>'
        f'<w:jc w:val="{align}"/></w:pPr><w:r><w:rPr><w:sz w:val="{half}"/></w:rPr>'
        f'<w:t xml:space="preserve">{escape(_allowed(text))}</w:t></w:r></w:p></w:tc>'
        for text, wide, align in zip(texts, widths, aligns, strict=True)
    )
    repeated = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{cells}</w:tr>"


def _allowed(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(c for c in text if c.isprintable() or c in "\t\n")


def add_picture(place: WordParagraph, path: Path, width: Length, words: str) -> None:
    """Add a picture as wide as the text, with words for those who cannot see it."""
    shape = place.add_run().add_picture(io.BytesIO(_small(path, width)), width=width)
    shape._inline.docPr.set("descr", words)  # noqa: SLF001


def _small(path: Path, width: Length) -> bytes:
    """Return a picture as small as print allows."""
    with Image.open(path) as picture:
        times = max(int(picture.width / (width / _EMU_OF_ONE_INCH * _DOTS)), 1)
        plain = picture.reduce(times).convert("RGB")
    few = plain.quantize(_COLOURS, dither=Image.Dither.NONE)
    held = io.BytesIO()
    few.save(held, format="PNG", compress_level=6)
    return held.getvalue()

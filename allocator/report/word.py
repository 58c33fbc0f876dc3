"""The report as ``report.docx``: real heading styles, captions that Word can count.

Fonts are named, not embedded: a computer that lacks 仿宋_GB2312 shows another. East
Asian text has a font of its own in Word (``w:eastAsia``); python-docx does not set it.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import (
    WD_ALIGN_PARAGRAPH,
    WD_LINE_SPACING,
    WD_TAB_ALIGNMENT,
    WD_TAB_LEADER,
)
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt, RGBColor

from allocator.report.model import Figure, Paragraph, Table, begins_wide, is_wide
from allocator.report.word_parts import (
    add_field,
    add_picture,
    add_table,
    bookmark,
    caption_bookmark,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from docx.document import Document as WordDocument
    from docx.section import Section
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph as WordParagraph

    from allocator.report.model import Block, Report
    from allocator.report.templates import Templates

# Two runs must give the same bytes, so the file does not say when it was made.
_CREATED = datetime.datetime(2000, 1, 1)  # Word's own dates have no zone
_ZIP_DATE = (2000, 1, 1, 0, 0, 0)
_RIGHT, _DOTS = WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
_LONG_MM, _SHORT_MM = 297, 210  # A4
_WIDE_MARGIN_MM = 20
_COVER_PT = 160.0  # above the title on the cover
_LINE_OF_TABLE = 1.25  # line height of small text, in sizes of its font


def write_word(
    report: Report, templates: Templates, pictures: Mapping[str, Path], path: Path
) -> None:
    """Write the report for Word.

    Parameters
    ----------
    report, templates
        The content, and how it looks.
    pictures
        The PNG of every figure, by name.
    path
        The file to write; one that exists is replaced.
    """
    document = Document()
    _set_styles(document, templates)
    _set_properties(document, report)
    _set_page(document.sections[0], templates)
    writer = _Writer(document, report, templates, pictures)
    writer.cover()
    writer.contents()
    for chapter in report.chapters:
        first = chapter.blocks or chapter.sections[0].blocks
        writer.heading(chapter.title, 1, wide=begins_wide(first))
        writer.blocks(chapter.blocks)
        for section in chapter.sections:
            writer.heading(section.title, 2, wide=begins_wide(section.blocks))
            writer.blocks(section.blocks)
    held = io.BytesIO()
    document.save(held)
    path.write_bytes(_with_fixed_dates(held.getvalue()))


class _Writer:
    """Writes blocks one after the other, turning the page for wide tables."""

    def __init__(
        self,
        document: WordDocument,
        report: Report,
        templates: Templates,
        pictures: Mapping[str, Path],
    ) -> None:
        self.document, self.report = document, report
        self.templates, self.pictures = templates, pictures
        self.headings = 0
        self.captions = 0
        self.wide = False

    def cover(self) -> None:
        logo = self.templates.logo
        if logo is not None and logo.is_file():
            place = self.document.add_paragraph(style="Cover Line")
            add_picture(
                place,
                logo,
                Mm(self.templates.number("cover.logo_mm")),
                self.report.title,
            )
        self.document.add_paragraph(self.report.title, style="Title")
        for line in self.report.lines:
            self.document.add_paragraph(line, style="Cover Line")

    def contents(self) -> None:
        """Add the table of contents as a field that already holds the headings."""
        title = self.document.add_paragraph(
            self.report.contents, style="Contents Title"
        )
        title.paragraph_format.page_break_before = True
        entries: list[tuple[str, int]] = []
        for chapter in self.report.chapters:
            entries.append((chapter.title, 1))
            entries += [(section.title, 2) for section in chapter.sections]
        first: WordParagraph | None = None
        last: WordParagraph | None = None
        for number, (words, level) in enumerate(entries, start=1):
            last = self.document.add_paragraph(style=f"TOC {level}")
            if first is None:
                first = last
                add_field(first, ' TOC \\o "1-2" \\h \\z \\u ', part="begin")
            _add_entry(last, words, f"_Toc{number:06d}")
        if last is not None:
            add_field(last, "", part="end")

    def heading(self, words: str, level: int, *, wide: bool) -> None:
        turned = wide != self.wide
        if turned:
            self._turn(wide=wide)
        place = self.document.add_paragraph(style=f"Heading {level}")
        if level == 1 and self.headings == 0 and not turned:
            place.paragraph_format.page_break_before = True
        self.headings += 1
        bookmark(place, f"_Toc{self.headings:06d}", self.headings, words)

    def blocks(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            wide = is_wide(block)
            if wide != self.wide and not isinstance(block, Paragraph):
                self._turn(wide=wide)
            match block:
                case Paragraph():
                    style = "Note" if block.note else "Normal"
                    self.document.add_paragraph(block.text, style=style)
                case Table():
                    self._table(block)
                case Figure():
                    self._figure(block)

    def _turn(self, *, wide: bool) -> None:
        self.wide = wide
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        _set_page(section, self.templates, wide=wide)

    def _caption(
        self, word: str, sequence: str, number: int, caption: str
    ) -> WordParagraph:
        self.captions += 1
        place = self.document.add_paragraph(style="Caption")
        name = caption_bookmark(sequence, number)
        bookmark(place, name, 10_000 + self.captions, f"{word} ", close=False)
        add_field(place, f" SEQ {sequence} \\* ARABIC ", str(number))
        bookmark(place, name, 10_000 + self.captions, "", open_=False)
        place.add_run(
            f"　{caption}" if self.report.language == "zh" else f". {caption}"
        )
        return place

    def _table(self, table: Table) -> None:
        word = self.report.table_word
        place = self._caption(word, "Table", table.number, table.caption)
        place.paragraph_format.keep_with_next = True
        size = "table.wide_size_pt" if table.wide else "table.size_pt"
        section = self.document.sections[-1]
        width = _text_width(section)
        add_table(self.document, table, self.templates.number(size), width)
        self.document.add_paragraph(style="After Table")

    def _figure(self, figure: Figure) -> None:
        place = self.document.add_paragraph(style="Picture")
        add_picture(
            place, self.pictures[figure.picture], Mm(figure.width_mm), figure.caption
        )
        self._caption(self.report.figure_word, "Figure", figure.number, figure.caption)


def _add_entry(place: WordParagraph, words: str, anchor: str) -> None:
    """Write a line of the table of contents that leads to its heading."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), anchor)
    link.set(qn("w:history"), "1")
    run = place.add_run(words)
    link.append(run._r)  # noqa: SLF001 (python-docx has no links of its own)
    place._p.append(link)  # noqa: SLF001
    place.add_run("\t")
    add_field(place, f" PAGEREF {anchor} \\h ", "")


def _text_width(section: Section) -> Emu:
    lengths = (section.page_width, section.left_margin, section.right_margin)
    whole, left, right = (int(length or 0) for length in lengths)
    return Emu(whole - left - right)


# --- Looks ----------------------------------------------------------------------------


def _set_page(page: Section, templates: Templates, *, wide: bool = False) -> None:
    """Set size, margins and the page number of a section."""
    long, short = Mm(_LONG_MM), Mm(_SHORT_MM)
    page.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = (long, short) if wide else (short, long)
    for side in ("top", "bottom", "left", "right"):
        own = Mm(templates.number(f"page.{side}_mm"))
        margin = Mm(_WIDE_MARGIN_MM) if wide else own
        setattr(page, f"{side}_margin", margin)
    footer = page.footer
    footer.is_linked_to_previous = False
    place = footer.paragraphs[0]
    if not place.runs:
        place.style = "Footer"
        place.add_run("— ")
        add_field(place, " PAGE ", "1")
        place.add_run(" —")


def _set_styles(document: WordDocument, templates: Templates) -> None:
    style, number = templates.style, templates.number
    line = Pt(number("page.line_pt"))
    body, size = str(style["body.font"]), number("body.size_pt")
    small = number("table.size_pt")
    kai = str(style["heading2.font"])
    latin = str(style["font.latin"])
    looks = {
        "Normal": (body, size, {"indent": 2, "line": line}),
        "Title": (
            str(style["title.font"]),
            number("title.size_pt"),
            {"centre": True, "space": _COVER_PT},
        ),
        "Cover Line": (kai, size, {"centre": True, "line": line}),
        "Contents Title": (str(style["heading1.font"]), size, {"centre": True}),
        "TOC 1": (str(style["heading1.font"]), 12.0, {"tab": True}),
        "TOC 2": (body, 12.0, {"tab": True, "left": 2}),
        "Heading 1": (
            str(style["heading1.font"]),
            number("heading1.size_pt"),
            {"indent": 2, "line": line, "outline": True},
        ),
        "Heading 2": (
            kai,
            number("heading2.size_pt"),
            {
                "indent": 2,
                "line": line,
                "outline": True,
            },
        ),
        "Caption": (
            str(style["caption.font"]),
            number("caption.size_pt"),
            {"centre": True, "space": 4.0},
        ),
        "Note": (body, small, {}),
        "Picture": (body, small, {"centre": True, "next": True}),
        "After Table": (body, 6.0, {}),
        "Table Text": (str(style["table.font"]), small, {}),
        "Table Heading": (str(style["table.heading_font"]), small, {"centre": True}),
        "Footer": ("宋体", 14.0, {"centre": True}),
    }
    for name, (font, points, options) in looks.items():
        known = name in [one.name for one in document.styles]
        one = (
            document.styles[name]
            if known
            else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        )
        _set_style(one, font, latin, points, options)  # type: ignore[arg-type]


def _set_style(
    style: ParagraphStyle,
    font: str,
    latin: str,
    points: float,
    options: Mapping[str, object],
) -> None:
    """Set font, size and paragraph of one style.

    Parameters
    ----------
    style, font, latin, points
        The style, its fonts for Chinese and for other text, its size.
    options
        ``indent`` and ``left`` in characters, ``line`` a fixed height, ``centre``,
        ``space`` above in points, ``next`` keeps with the next, ``tab`` a page number
        at the right, ``outline`` stays a heading.
    """
    style.font.name, style.font.size = latin, Pt(points)
    style.font.bold = style.font.italic = False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{kind}"), None)
    fonts.set(qn("w:eastAsia"), font)
    fonts.set(qn("w:hAnsi"), latin)
    paragraph = style.paragraph_format
    paragraph.space_before = Pt(float(options.get("space", 0.0)))  # type: ignore[arg-type]
    paragraph.space_after = Pt(0)
    line = options.get("line")
    if line is not None:
        paragraph.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        paragraph.line_spacing = line
    else:
        paragraph.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
        paragraph.line_spacing = _LINE_OF_TABLE
    paragraph.alignment = (
        WD_ALIGN_PARAGRAPH.CENTER if options.get("centre") else WD_ALIGN_PARAGRAPH.LEFT
    )
    paragraph.keep_with_next = bool(options.get("next") or options.get("outline"))
    _set_indent(style, int(options.get("indent", 0)), int(options.get("left", 0)))  # type: ignore[call-overload]
    borders = style.element.get_or_add_pPr().find(qn("w:pBdr"))
    if borders is not None:
        borders.getparent().remove(borders)
    if options.get("tab"):
        paragraph.tab_stops.add_tab_stop(Mm(156), _RIGHT, _DOTS)


def _set_indent(style: ParagraphStyle, first: int, left: int) -> None:
    """Indent by characters, as 首行缩进2字符 does: it follows the size of the font."""
    style.paragraph_format.first_line_indent = Pt(0)
    indent = style.element.get_or_add_pPr().get_or_add_ind()
    points = float(style.font.size.pt) if style.font.size is not None else 0.0
    indent.set(qn("w:firstLineChars"), str(first * 100))
    indent.set(qn("w:firstLine"), str(int(first * points * 20)))
    if left:
        indent.set(qn("w:left"), str(int(left * points * 20)))


def _set_properties(document: WordDocument, report: Report) -> None:
    properties = document.core_properties
    properties.title = report.title
    properties.author = ""
    properties.comments = ""
    properties.language = "zh-CN" if report.language == "zh" else "en"
    properties.created = properties.modified = _CREATED
    properties.last_modified_by = ""
    properties.revision = 1
    # Page numbers of the table of contents are filled in when Word opens the file.
    update = OxmlElement("w:updateFields")
    update.set(qn("w:val"), "true")
    document.settings.element.append(update)


def _with_fixed_dates(data: bytes) -> bytes:
    """Return a zip file with every entry's date fixed."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # the same on every system
            new.writestr(entry, old.read(name))
    return held.getvalue()

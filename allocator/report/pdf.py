"""The report as ``report.pdf``: set by typst with bundled fonts and bookmarks."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from allocator.report.model import (
    Figure,
    Paragraph,
    Table,
    begins_wide,
    is_wide,
)
from allocator.resources import chinese_font, templates_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from allocator.report.model import Block, Report
    from allocator.report.templates import Templates

# A PDF of a screen is read smaller than Word's page: sizes of running text by this.
_SMALLER = 0.75


def write_pdf(
    report: Report, templates: Templates, pictures: Mapping[str, Path], path: Path
) -> None:
    """Write the report as PDF.

    Parameters
    ----------
    report, templates
        The content, and how it looks.
    pictures
        The PDF of every figure, by name.
    path
        The file to write; one that exists is replaced.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(templates_folder() / "report" / "report.typ", folder)
        for picture, file in pictures.items():
            shutil.copy(file, folder / f"{picture}{file.suffix}")
        logo = templates.logo
        if logo is not None and logo.is_file():
            shutil.copy(logo, folder / f"logo{logo.suffix}")
        data = _data(report, templates, pictures)
        content = json.dumps(data, ensure_ascii=False)
        (folder / "data.json").write_text(content, encoding="utf-8")
        compiled = typst.compile(
            str(folder / "report.typ"),
            root=str(folder),
            font_paths=[str(chinese_font().parent)],
            ignore_system_fonts=True,
        )
    path.write_bytes(compiled)


def _data(
    report: Report, templates: Templates, pictures: Mapping[str, Path]
) -> dict[str, Any]:
    number = templates.number
    logo = templates.logo
    return {
        "language": report.language,
        "title": report.title,
        "lines": list(report.lines),
        "contents": report.contents,
        "table_word": report.table_word,
        "figure_word": report.figure_word,
        "logo": f"logo{logo.suffix}" if logo is not None and logo.is_file() else None,
        "style": {
            "title": number("title.size_pt"),
            "heading1": number("heading1.size_pt") * _SMALLER * 1.2,
            "heading2": number("heading2.size_pt") * _SMALLER * 1.05,
            "body": number("body.size_pt") * _SMALLER,
            "caption": number("caption.size_pt") * 0.9,
            "table": number("table.size_pt") * 0.9,
            "wide": number("table.wide_size_pt") * 0.85,
            "logo": number("cover.logo_mm"),
            **{
                side: number(f"page.{side}_mm")
                for side in ("top", "bottom", "left", "right")
            },
        },
        "parts": list(_parts(report, pictures)),
    }


def _parts(report: Report, pictures: Mapping[str, Path]) -> Iterator[dict[str, Any]]:
    """Yield runs of blocks that stand on pages of one direction."""
    part: dict[str, Any] = {"wide": False, "blocks": []}
    for wide, block in _stream(report, pictures):
        if wide is not None and wide != part["wide"]:
            if part["blocks"]:
                yield part
            part = {"wide": wide, "blocks": []}
        part["blocks"].append(block)
    yield part


def _stream(
    report: Report, pictures: Mapping[str, Path]
) -> Iterator[tuple[bool | None, dict[str, Any]]]:
    """Yield every block with the direction that it asks for; None: as it is."""
    for chapter in report.chapters:
        first = chapter.blocks or chapter.sections[0].blocks
        yield begins_wide(first), _heading(chapter.title, 1)
        for block in chapter.blocks:
            yield _asked(block), _block(block, pictures)
        for section in chapter.sections:
            yield begins_wide(section.blocks), _heading(section.title, 2)
            for block in section.blocks:
                yield _asked(block), _block(block, pictures)


def _asked(block: Block) -> bool | None:
    return None if isinstance(block, Paragraph) else is_wide(block)


def _heading(words: str, level: int) -> dict[str, Any]:
    return {"kind": "heading", "level": level, "text": words}


def _block(block: Block, pictures: Mapping[str, Path]) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "text": block.text, "note": block.note}
        case Table():
            return {
                "kind": "table",
                "number": block.number,
                "caption": block.caption,
                "wide": block.wide,
                "total": block.total,
                "columns": [
                    {"heading": c.heading, "width": c.width, "align": c.align}
                    for c in block.columns
                ],
                "rows": [list(row) for row in block.rows],
            }
        case Figure():
            file = f"{block.picture}{pictures[block.picture].suffix}"
            return {
                "kind": "figure",
                "number": block.number,
                "caption": block.caption,
                "file": file,
                "width": block.width_mm,
            }

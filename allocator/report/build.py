"""Putting the chapters of the report together."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.report.annex import annex
from allocator.report.appraisal import appraisal, carrying
from allocator.report.desk import Desk
from allocator.report.model import Figure, Paragraph, Report, Table
from allocator.report.plan import facilities, investment, layout
from allocator.report.present import aims, background
from allocator.report.values import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from allocator.outcome import Outcome
    from allocator.report.model import Block, Chapter
    from allocator.report.templates import Templates

_COVER = ("kind", "year", "standing")


def build_report(
    outcome: Outcome, templates: Templates, pictures: Iterable[str]
) -> Report:
    """Return the report on an outcome as plain data.

    Parameters
    ----------
    outcome
        What the run found.
    templates
        The words, in the language of the outcome.
    pictures
        Names of the figures that there are; others are left out.
    """
    desk = Desk(outcome, templates, values_of(outcome), frozenset(pictures))
    lines = [
        line
        for name in _COVER
        for line in templates.paragraphs(f"cover.{name}", desk.values)
    ]
    return Report(
        title=templates.say("cover.title", desk.values),
        lines=tuple(lines),
        contents=templates.say("contents.title", desk.values),
        table_word=desk.say(Text("表", "Table")),
        figure_word=desk.say(Text("图", "Figure")),
        chapters=_numbered(
            [
                background(desk),
                aims(desk),
                layout(desk),
                facilities(desk),
                investment(desk),
                appraisal(desk),
                carrying(desk),
                annex(desk),
            ]
        ),
        language=outcome.language,
    )


def _numbered(chapters: Iterable[Chapter]) -> tuple[Chapter, ...]:
    """Count tables and figures in the order in which they stand."""
    tables, figures = itertools.count(1), itertools.count(1)

    def counted(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        found: list[Block] = []
        alone = False  # whether anything but text stands above
        for block in blocks:
            if isinstance(block, Table):
                found.append(replace(block, number=next(tables)))
            elif isinstance(block, Figure):
                number = next(figures)
                found.append(replace(block, number=number, shares_page=not alone))
            else:
                found.append(block)
            alone |= not isinstance(block, Paragraph)
        return tuple(found)

    return tuple(
        replace(
            chapter,
            blocks=counted(chapter.blocks),
            sections=tuple(
                replace(section, blocks=counted(section.blocks))
                for section in chapter.sections
            ),
        )
        for chapter in chapters
    )

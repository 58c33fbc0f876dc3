"""What every chapter is written with: words, tables, figures, headings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator.report.model import (
    Align,
    Block,
    Chapter,
    Column,
    Figure,
    Paragraph,
    Section,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from allocator.errors import Text
    from allocator.outcome import Outcome
    from allocator.report.templates import Templates

_DIGITS = "〇一二三四五六七八九十"
_TEN = 10


@dataclass
class Desk:
    """The outcome that is written about, its words, and the number of the chapter.

    Parameters
    ----------
    outcome, templates, values
        What is written from.
    pictures
        The figures that there are.
    """

    outcome: Outcome
    templates: Templates
    values: Mapping[str, str]
    pictures: frozenset[str]
    _chapters: int = field(default=0, init=False)

    def say(self, text: Text) -> str:
        """Return a text in the language of the report."""
        return text.say(self.outcome.language)

    def text(self, name: str) -> list[Block]:
        """Return the paragraphs of a template."""
        found = self.templates.paragraphs(name, self.values)
        return [Paragraph(text) for text in found]

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str]],
        *,
        total: bool = False,
        wide: bool = False,
    ) -> list[Block]:
        """Return a table; none without rows. `build` numbers it."""
        cells = tuple(tuple(" ".join(c.split()) for c in row) for row in rows)
        if len(cells) <= int(total):
            return []
        caption = self.templates.say(f"tables.{name}", self.values)
        return [Table(0, caption, tuple(columns), cells, total=total, wide=wide)]

    def figure(self, name: str) -> list[Block]:
        """Return a figure; none where there is no picture. `build` numbers it."""
        if name not in self.pictures:
            return []
        caption = self.templates.say(f"figures.{name}", self.values)
        return [Figure(0, caption, name)]

    def column(
        self, heading: Text, width: float = 1.0, align: Align = "left"
    ) -> Column:
        """Return a column with its heading in the language of the report."""
        return Column(self.say(heading), width, align)

    def number(self, heading: Text, width: float = 1.0) -> Column:
        """Return a column of numbers."""
        return self.column(heading, width, "right")

    def chapter(
        self,
        name: str,
        sections: Sequence[tuple[str, list[Block]]],
        blocks: Sequence[Block] = (),
        *,
        numbered: bool = True,
    ) -> Chapter:
        """Return a chapter; sections without anything in them are left out.

        Parameters
        ----------
        name
            Of the chapter in the templates; the sections are named after it.
        sections
            Names and what is in them.
        blocks
            What stands before the sections.
        numbered
            Whether the chapter is counted; an annex is not.
        """
        kept = [(part, held) for part, held in sections if held]
        titles = [
            self._section(
                number, self.templates.say(f"{name}.{part}.title", self.values)
            )
            for number, (part, _) in enumerate(kept, start=1)
        ]
        made = tuple(
            Section(title, tuple(held))
            for title, (_, held) in zip(titles, kept, strict=True)
        )
        title = self.templates.say(f"{name}.title", self.values)
        return Chapter(self._heading(title, numbered=numbered), tuple(blocks), made)

    def _heading(self, title: str, *, numbered: bool) -> str:
        zh = self.outcome.language == "zh"
        if not numbered:
            return f"附录　{title}" if zh else f"Annex: {title}"
        self._chapters += 1
        if zh:
            return f"{chinese_number(self._chapters)}、{title}"
        return f"{self._chapters}. {title}"

    def _section(self, number: int, title: str) -> str:
        if self.outcome.language == "zh":
            return f"（{chinese_number(number)}）{title}"
        return f"({number}) {title}"


def chinese_number(number: int) -> str:
    """Return 1 to 99 in Chinese: 一, 十, 十二, 二十."""
    tens, ones = divmod(number, _TEN)
    start = "" if tens == 0 else ("" if tens == 1 else _DIGITS[tens]) + "十"
    return start + (_DIGITS[ones] if ones else "")

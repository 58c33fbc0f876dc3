"""What the tests of the report are made from, and how its files are read back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from allocator.audit import REACH_COLUMNS
from allocator.maps import draw_comparison, draw_figure, figures_of
from tests.comparisons import make_comparison
from tests.outcomes import make_outcome, with_groups

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.errors import Language
    from allocator.outcome import Outcome


def reported(
    language: Language = "zh", site_name: str = "大塘坪塆垱沄卫生院"
) -> Outcome:
    """Return the small outcome with reach, groups and changes: all that is reported.

    80 % of the town and none of the country are in reach today; with the plan all of
    the town.
    """
    outcome = with_groups(make_outcome(language=language, site_name=site_name))
    rows = [
        ("T-3", "clinic", "360101001", 50000.0, 40000.0, 50000.0),
        ("T-3", "clinic", "360101200", 12000.0, 0.0, 0.0),
        ("T-3", "clinic", "360102100", 30000.0, 30000.0, 30000.0),
    ]
    compared = make_comparison(language=language, site_name=site_name)
    return replace(
        outcome,
        reach=pd.DataFrame(rows, columns=list(REACH_COLUMNS)),
        changes=partial(draw_comparison, compared),
    )


def drawn(outcome: Outcome, folder: Path) -> dict[str, Path]:
    """Draw every map of an outcome and return where they are."""
    pictures = {name: folder / f"{name}.png" for name in figures_of(outcome)}
    for name, path in pictures.items():
        draw_figure(outcome, name, path)
    return pictures


def word_text(path: Path) -> str:
    """Return the text of a Word file in its order, a line a paragraph or cell."""
    body = Document(str(path)).element.body
    return "\n".join(
        "".join(node.text or "" for node in place.iter(qn("w:t")))
        for place in body.iter(qn("w:p"))
    )


def pdf_text(path: Path) -> str:
    """Return the text of a PDF without the breaks that setting put in."""
    pages = [page.extract_text() for page in PdfReader(path).pages]
    return "\n".join(pages).replace("\u200b", "")

"""Charts: a frontier as tables, as a picture for print and as a page for the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.charts.figures import (
    FrontierReport,
    certificate,
    plans_of,
    points_table,
    sites_table,
    summary,
)
from allocator.charts.page import write_page_of
from allocator.charts.static import draw_frontier
from allocator.export import write_csv, write_json

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "frontier.json"  # every folder of a frontier has it

__all__ = [
    "MARKER",
    "FrontierReport",
    "certificate",
    "plans_of",
    "points_table",
    "sites_table",
    "summary",
    "write_frontier",
]


def write_frontier(report: FrontierReport, folder: Path, *, linked: bool) -> None:
    """Write tables, chart, page and certificate of a frontier.

    Parameters
    ----------
    report
        What was found.
    folder
        An existing folder.
    linked
        Whether the folder gets the run of each point, to which the page links.
    """
    write_csv(points_table(report), folder / "frontier.csv")
    write_csv(sites_table(report), folder / "sites.csv")
    write_json(certificate(report), folder / MARKER)
    draw_frontier(report, folder / "frontier.png")
    write_page_of(report, folder / "frontier.html", linked=linked)

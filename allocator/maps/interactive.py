"""The map for the screen: ``map.html``, one file, see `onefile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.maps.content import page_data
from allocator.maps.onefile import write_page
from allocator.maps.words import heading

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.outcome import Outcome


def write_html(outcome: Outcome, path: Path) -> None:
    """Write the plan as one page.

    Parameters
    ----------
    outcome
        What the run found.
    path
        The file to write; one that exists is replaced.
    """
    write_page(
        path,
        template="map.html",
        styles=["map.css"],
        scripts=["base.js", "map.js"],
        data=page_data(outcome),
        title=heading(outcome),
        language=outcome.language,
    )

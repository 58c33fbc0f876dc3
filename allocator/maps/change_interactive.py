"""The page of two plans: ``compare.html``, one file, see `onefile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.maps.change_content import comparison_data
from allocator.maps.change_style import change_heading
from allocator.maps.onefile import write_page

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.compare import Comparison


def write_comparison_html(comparison: Comparison, path: Path) -> None:
    """Write what differs between two plans as one page.

    Parameters
    ----------
    comparison
        The plans side by side.
    path
        The file to write; one that exists is replaced.
    """
    write_page(
        path,
        template="compare.html",
        styles=["map.css", "compare.css"],
        scripts=["base.js", "compare.js"],
        data=comparison_data(comparison),
        title=change_heading(comparison),
        language=comparison.place.language,
    )

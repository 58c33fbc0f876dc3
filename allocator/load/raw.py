"""A file as it was read: text cells, and shapes for a layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyproj
    from numpy.typing import NDArray

    from allocator.load.grids import Grid
    from allocator.load.heading_rows import Head


@dataclass(frozen=True)
class Raw:
    """A file as it was read.

    Parameters
    ----------
    cells
        Text without spaces around it, blank cells empty. Columns are named by the
        planner's headings, which may repeat. The index names each row as the planner
        knows it, ``第12行`` say. Blank rows are left out.
    parts
        The levels of each heading, from the uppermost down.
    shapes
        Shapely geometries, one a row, None where there is none; None for a table.
    crs
        The coordinate system that the file states, or None.
    by_standard
        Whether a file of this format that states none holds WGS 84 degrees (GeoJSON).
    truncated
        Whether headings may be cut at 10 bytes.
    grid, head
        Of a table: its cells as they stand in the file, and where its headings are.
    rows
        Of a table: the row of the grid of each row of ``cells``.
    """

    cells: pd.DataFrame
    parts: list[tuple[str, ...]] = field(default_factory=list)
    shapes: NDArray[np.object_] | None = None
    crs: pyproj.CRS | None = None
    by_standard: bool = False
    truncated: bool = False
    grid: Grid | None = None
    head: Head | None = None
    rows: tuple[int, ...] = ()

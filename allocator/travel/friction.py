"""Travel over a friction surface: the least time from cell to cell.

A step leads to one of the eight neighbours and takes the mean friction of both cells
times the distance of their centres; cells without a value cannot be passed. Places are
taken at the centre of their cell; within one cell the straight distance counts.

Method: Weiss et al. 2018, Nature 553, 333-336 (a global map of travel time); the same
costs as ``skimage.graph.MCP_Geometric``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

from allocator.errors import Finding, Severity, Text
from allocator.progress import SILENT
from allocator.travel.fastest import Journeys
from allocator.travel.pairs import ROUNDING_MINUTES
from allocator.travel.straight import METRES_OF_ONE_KM, geodesic_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from allocator.area import PlanningArea
    from allocator.progress import Progress

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))  # and back
_CELLS_OF_ONE_STEP = 20_000_000


class Surface(Protocol):
    """What is needed of `allocator.load.friction.Friction`."""

    @property
    def minutes_per_metre(self) -> NDArray[np.float64]:
        """Friction by row and column, infinite where nobody passes."""

    @property
    def width_m(self) -> NDArray[np.float64]:
        """Width of the cells of each row, metres."""

    @property
    def height_m(self) -> NDArray[np.float64]:
        """Height of the cells of each row, metres."""

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Left and top edge, width and (negative) height of a cell, in ``crs``."""

    @property
    def crs(self) -> str:
        """The raster's own coordinate system."""

    @property
    def demand_cell(self) -> NDArray[np.int64]:
        """Cell of every demand point, -1 for none."""

    @property
    def site_cell(self) -> NDArray[np.int64]:
        """Cell of every site, -1 for none."""


def over_friction(
    area: PlanningArea,
    surface: Surface,
    *,
    max_minutes: float,
    table: str,
    progress: Progress = SILENT,
) -> tuple[Journeys, list[Finding]]:
    """Return the fastest journeys between demand points and sites.

    Parameters
    ----------
    area
        Its demand points and sites.
    surface
        Friction, and where they are on it.
    max_minutes
        Longer journeys are left out, inclusive.
    table
        Name of the file, for findings.
    progress
        Told how far the work is.
    """
    progress.step(Text("按阻力面计算出行时间", "computing travel over the surface"))
    graph, metres = grid_graph(surface)
    passable = np.isfinite(surface.minutes_per_metre).ravel()
    findings = []
    cells = []
    for places, cell, name in (
        (area.demand, surface.demand_cell, "demand"),
        (area.sites, surface.site_cell, "site"),
    ):
        on = (cell >= 0) & passable[np.maximum(cell, 0)]
        cells.append(np.where(on, cell, -1))
        findings += _off_surface(places, ~on, name, table)
    people, sites = np.flatnonzero(cells[0] >= 0), np.flatnonzero(cells[1] >= 0)
    parts = []
    step = max(1, _CELLS_OF_ONE_STEP // graph.shape[0])
    for begin in range(0, len(sites), step):
        chunk = sites[begin : begin + step]
        minutes, before = dijkstra(
            graph, indices=cells[1][chunk], limit=max_minutes, return_predecessors=True
        )
        for row, site in enumerate(chunk.tolist()):
            took = minutes[row][cells[0][people]]
            near = people[took <= max_minutes + ROUNDING_MINUTES]
            km = _km(metres, before[row], cells[0][near], minutes[row])
            parts.append(
                (near, np.full(len(near), site), minutes[row][cells[0][near]], km)
            )
        done = f"{min(begin + step, len(sites))}/{len(sites)}"
        progress.update(Text(f"{done} 个机构", f"{done} sites"))
    return _within_cells(area, surface, _joined(parts), cells, max_minutes), findings


def grid_graph(surface: Surface) -> tuple[csr_matrix, csr_matrix]:
    """Return minutes and metres between neighbouring cells that can be passed."""
    friction = surface.minutes_per_metre
    height, width = friction.shape
    number = np.arange(height * width, dtype=np.int32).reshape(height, width)
    rows: list[NDArray[Any]] = []
    for down, right in _STEPS:
        top = slice(0, height - down)
        left = slice(0, width - right) if right >= 0 else slice(-right, width)
        low = slice(down, height)
        far = slice(right, width) if right >= 0 else slice(0, width + right)
        mean = (friction[top, left] + friction[low, far]) / 2
        across = (surface.width_m[top] + surface.width_m[low]) / 2 * abs(right)
        along = (surface.height_m[top] + surface.height_m[low]) / 2 * down
        metres = np.broadcast_to(np.hypot(across, along)[:, None], mean.shape)
        good = np.isfinite(mean)
        here, there = number[top, left][good], number[low, far][good]
        rows.append(
            np.column_stack([here, there, mean[good] * metres[good], metres[good]])
        )
    steps = np.concatenate(rows)
    ends = steps[:, :2].astype(np.int32)
    size = (height * width, height * width)
    both = (
        np.concatenate([ends[:, 0], ends[:, 1]]),
        np.concatenate([ends[:, 1], ends[:, 0]]),
    )
    minutes = coo_matrix((np.tile(steps[:, 2], 2), both), shape=size).tocsr()
    return minutes, coo_matrix((np.tile(steps[:, 3], 2), both), shape=size).tocsr()


def _km(
    metres: csr_matrix,
    before: NDArray[np.int32],
    cells: NDArray[np.int64],
    minutes: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the length of the ways to some cells, from the predecessors."""
    node = np.flatnonzero(np.isfinite(minutes))
    place = np.zeros(len(minutes), dtype=np.int64)
    place[node] = np.arange(len(node))
    root = before[node] < 0
    parent = np.where(root, node, before[node])
    km = np.where(
        root, 0.0, np.asarray(metres[parent, node]).ravel() / METRES_OF_ONE_KM
    )
    up = place[parent]
    while (up[up] != up).any():
        km, up = km + km[up], up[up]
    return np.asarray(km[place[cells]])


def _joined(parts: Sequence[tuple[NDArray[Any], ...]]) -> Journeys:
    empty = (np.empty(0, np.int64),) * 2 + (np.empty(0),) * 2
    columns = [np.concatenate(c) for c in zip(empty, *parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return Journeys(
        columns[0][order].astype(np.int32),
        columns[1][order].astype(np.int32),
        columns[2][order],
        columns[3][order],
    )


def _within_cells(
    area: PlanningArea,
    surface: Surface,
    journeys: Journeys,
    cells: list[NDArray[np.int64]],
    max_minutes: float,
) -> Journeys:
    """Take the straight distance where both ends lie in one cell."""
    cell = cells[0][journeys.demand]
    same = cell == cells[1][journeys.site]
    straight = geodesic_km(area, journeys.demand[same], journeys.site[same])
    friction = surface.minutes_per_metre.ravel()[cell[same]]
    minutes, km = journeys.minutes.copy(), journeys.km.copy()
    minutes[same] = straight * METRES_OF_ONE_KM * friction
    km[same] = straight
    near = minutes <= max_minutes + ROUNDING_MINUTES
    return Journeys(journeys.demand[near], journeys.site[near], minutes[near], km[near])


def _off_surface(
    places: pd.DataFrame, lost: NDArray[np.bool_], name: str, table: str
) -> list[Finding]:
    if not lost.any():
        return []
    count = int(lost.sum())
    zh, en = (
        ("需求点", "demand points") if name == "demand" else ("机构或备选点", "sites")
    )
    return [
        Finding(
            f"{name}-off-surface",
            Text(
                f"{count} 个{zh}不在阻力面上, 或在不可通行的格网中",
                f"{count} {en} lie outside the surface or where nobody passes",
            ),
            Severity.WARNING,
            table,
            tuple(places.index[lost]),
            remedy=Text(
                "换用覆盖全区的阻力面, 或改正坐标",
                "use a surface of the whole area, or correct the coordinates",
            ),
        )
    ]

"""Friction surfaces made in a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Grid:
    """A surface as `allocator.load.friction.Friction`, of cells of 1 km by default."""

    minutes_per_metre: np.ndarray
    width_m: np.ndarray
    height_m: np.ndarray
    demand_cell: np.ndarray
    site_cell: np.ndarray
    frame: tuple[float, float, float, float] = (500_000.0, 3_180_000.0, 1000.0, -1000.0)
    crs: str = "EPSG:4548"

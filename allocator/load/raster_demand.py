"""Demand points from a population raster: its people summed into cells of each zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyproj
import shapely
from rasterio.errors import RasterioError

from allocator.errors import Text
from allocator.load.coordinates import to_metres
from allocator.load.demand import share_out, with_units
from allocator.load.grid import at_centres
from allocator.load.pieces import cut_zones, points_of
from allocator.load.raster import (
    RasterValueError,
    open_raster,
    remark_unreadable,
)
from allocator.load.raster_sums import people_in, people_in_box
from allocator.load.shapes import mended

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from allocator.load.brief import DemandSection
    from allocator.load.coordinates import Numbers, Shapes, Stated
    from allocator.load.pieces import Pieces
    from allocator.load.places import Ground
    from allocator.load.raster import Raster
    from allocator.load.remarks import Remarks

# A raster of another year or source differs by some per cent everywhere; a zone that is
# off by more than this factor was probably drawn elsewhere, or its figure is wrong.
MOST_FACTOR = 3.0
MOST_UNCOVERED = 0.001  # share of a zone beyond the raster that may be the pen's width
MOST_LOST = 0.005  # share of the people in gaps or beyond zones that is worth a warning
MOST_DIFFERENCE = 0.05  # of a zone's population and the raster's, when not scaled


@dataclass(frozen=True)
class RasterPeople:
    """Demand points of a raster.

    Parameters
    ----------
    demand
        As in `allocator.area.PlanningArea`.
    zones
        The zones, every population known.
    source
        People of the raster in each zone, before scaling.
    """

    demand: pd.DataFrame
    zones: gpd.GeoDataFrame
    source: Numbers


@dataclass(frozen=True)
class _Read:
    """What was read: people of each piece, and of the land around."""

    of_pieces: Numbers
    in_box: float
    in_no_zone: float
    uncovered: Numbers


def demand_of_raster(
    path: Path,
    section: DemandSection,
    *,
    zones: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    ground: Ground,
    stated: Stated,
    remarks: Remarks,
) -> RasterPeople | None:
    """Return demand points with the raster's people; None with an error.

    Every zone is cut by cells of ``section.cell_m`` as in
    `allocator.load.grid.demand_of_grid`; the raster's people in a piece are its weight.
    With ``scale`` (the default) the weights share out the zone's population exactly;
    a zone without population takes the raster's people, rounded. Without ``scale``
    every zone has the raster's people, rounded, whatever its population says.

    Parameters
    ----------
    path
        The GeoTIFF.
    section
        ``[demand]`` of the brief.
    zones
        The zones; ``population`` is NaN where not given.
    counties, ground
        The counties, and the zones in metres.
    stated
        What the brief says of files that state no coordinate system.
    remarks
        Receives the findings.
    """
    if not _check_bare(zones, ground, remarks):
        return None
    shaped = np.flatnonzero(~shapely.is_missing(ground.polygons))
    pieces = cut_zones(ground.polygons[shaped], section.cell_m, remarks)
    if pieces is None:
        return None
    polygons = ground.polygons[shaped]
    with open_raster(
        path,
        band=section.band,
        nodata=section.nodata,
        per_km2=section.units == "per_km2",
        stated=stated,
        remarks=remarks,
    ) as raster:
        if raster is None:
            return None
        read = _read(raster, pieces, polygons, counties, ground.crs, remarks=remarks)
    if read is None or not _check_cover(read, zones.iloc[shaped], remarks):
        return None
    found = np.bincount(pieces.owner, weights=read.of_pieces, minlength=len(shaped))
    _check_outside(read, float(found.sum()), remarks)
    whole = _whole_people(zones.iloc[shaped], found, section, remarks)
    weight = np.where(found[pieces.owner] > 0, read.of_pieces, pieces.area_m2)
    has_people = whole[pieces.owner] > 0
    lived_in = pieces.where(has_people)
    parts = share_out(whole, lived_in.owner, weight[has_people])
    source = np.full(len(zones), np.nan)
    source[shaped] = found
    zones = _filled(zones, shaped, whole)
    frame = points_of(lived_in, parts, ground.zone_ids[shaped], ground)
    frame = pd.concat([frame, at_centres(zones, ground, remarks)])
    if frame.empty:
        _remark_nobody(remarks)
        return None
    demand = with_units(frame.rename_axis("demand_id"), zones)
    return RasterPeople(demand, zones, source)


def _check_bare(zones: gpd.GeoDataFrame, ground: Ground, remarks: Remarks) -> bool:
    shapeless = shapely.is_missing(ground.polygons)
    if shapeless.all():
        remarks.error(
            "raster-no-shapes",
            Text(
                "单元都没有图形, 栅格人口无处分配",
                "no zone has a shape: the raster cannot place anybody",
            ),
            remedy=Text(
                "换成面图层, 或改用 source = zones",
                "give a layer of polygons, or use source = zones",
            ),
        )
        return False
    bare = shapeless & zones["population"].isna().to_numpy()
    if bare.any():
        remarks.error(
            "population-unknown",
            Text("没有人口, 也没有图形", "no population, and no shape"),
            keys=_labels(zones, bare),
            column="population",
            remedy=Text("填写人口或补上图形", "give its population or its shape"),
        )
    return not bare.any()


def _remark_nobody(remarks: Remarks) -> None:
    remarks.error(
        "no-people",
        Text("栅格在所有单元内都没有人", "the raster has no people in any zone"),
        remedy=Text(
            "检查波段(band)、无数据值与范围", "check the band, nodata and the extent"
        ),
    )


def _remark_value(error: RasterValueError, remarks: Remarks) -> None:
    remarks.error(
        "raster-value",
        Text(
            "栅格中有不可能是人数的值, 可能是未声明的无数据值",
            "a cell holds what cannot be people: nodata that is not declared, perhaps",
        ),
        values=[f"{error.value:g}"],
        remedy=Text(
            f"核对单位; 是无数据时写 [demand] nodata = {error.value:g}",
            f"check the units; where it means no data, "
            f"write [demand] nodata = {error.value:g}",
        ),
    )


def _labels(zones: gpd.GeoDataFrame, which: NDArray[np.bool_]) -> list[str]:
    return [f"{zone} {name}" for zone, name in zones["name"][which].items()]


def _read(
    raster: Raster,
    pieces: Pieces,
    polygons: Shapes,
    counties: gpd.GeoDataFrame,
    crs: pyproj.CRS,
    *,
    remarks: Remarks,
) -> _Read | None:
    """Read the raster inside the pieces, around them, and where no zone is.

    Parameters
    ----------
    raster
        The open raster.
    pieces, polygons
        Pieces of zones, and the zones, in metres of ``crs``.
    counties
        The counties, in degrees.
    crs
        Of the pieces.
    remarks
        Receives an error when the file cannot be read, or holds what are no people.
    """
    here = _moved(polygons, crs, raster.crs)
    west, south, east, north = shapely.total_bounds(here)
    no_zone = _no_zone(polygons, counties, crs)
    beyond = shapely.area(shapely.difference(here, raster.box))
    try:
        return _Read(
            people_in(raster, _moved(pieces.shapes, crs, raster.crs)),
            people_in_box(raster, (west, south, east, north)),
            float(people_in(raster, _moved(no_zone, crs, raster.crs)).sum()),
            beyond / shapely.area(here),
        )
    except RasterValueError as error:
        _remark_value(error, remarks)
    except RasterioError as error:
        remark_unreadable(error, remarks)
    return None


def _no_zone(polygons: Shapes, counties: gpd.GeoDataFrame, crs: pyproj.CRS) -> Shapes:
    """Return the land of no zone inside counties, and in gaps between zones."""
    whole = shapely.union_all(polygons)
    outlines = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(whole)))
    stated = np.asarray(counties.geometry.to_numpy(), dtype=object)
    own = mended(to_metres(stated, crs))
    land = shapely.union_all(np.concatenate([outlines, own[~shapely.is_missing(own)]]))
    parts = shapely.get_parts(shapely.difference(land, whole))
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def _moved(shapes: Shapes, source: pyproj.CRS, target: pyproj.CRS) -> Shapes:
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    xy = shapely.get_coordinates(shapes)
    x, y = transformer.transform(xy[:, 0], xy[:, 1])
    moved = shapely.set_coordinates(
        np.array(shapes, dtype=object), np.column_stack([x, y])
    )
    return mended(moved)


def _check_cover(read: _Read, zones: gpd.GeoDataFrame, remarks: Remarks) -> bool:
    """Whether the raster lies where the zones are; warns of zones partly beyond it."""
    if len(zones) and (read.uncovered >= 1 - MOST_UNCOVERED).all():
        remarks.error(
            "raster-elsewhere",
            Text("栅格不在规划区内", "the raster lies outside the area"),
            remedy=Text(
                "检查栅格的坐标系与范围", "check its coordinate system and extent"
            ),
        )
        return False
    partly = read.uncovered > MOST_UNCOVERED
    if partly.any():
        remarks.warning(
            "raster-too-small",
            Text("栅格没有覆盖整个单元", "the raster does not cover the whole zone"),
            keys=_labels(zones, partly),
            values=[f"{share:.1%}" for share in read.uncovered[partly]],
            remedy=Text("换范围更大的栅格", "give a raster of a larger area"),
        )
    return True


def _check_outside(read: _Read, inside: float, remarks: Remarks) -> None:
    """Report people of the raster that are in no zone."""
    outside = max(0.0, read.in_box - inside)
    remarks.note(
        "raster-outside",
        Text(
            f"规划区外接矩形内, 栅格有 {outside:,.0f} 人不在任何单元(含邻区); "
            f"单元内 {inside:,.0f} 人",
            f"in the box around the area {outside:,.0f} people of the raster are in "
            f"no zone (neighbouring areas too); in zones are {inside:,.0f}",
        ),
    )
    if read.in_no_zone > MOST_LOST * inside:
        remarks.warning(
            "raster-in-no-zone",
            Text(
                "县界之内或单元之间的空地上, "
                f"栅格有 {read.in_no_zone:,.0f} 人不属于任何单元",
                f"inside the counties, or in gaps between zones, "
                f"{read.in_no_zone:,.0f} people of the raster are in no zone",
            ),
            remedy=Text(
                "核对单元边界是否缺漏; 缩放时这些人口已含在单元人口中",
                "check for missing zones; zone totals already count these people",
            ),
        )


def _whole_people(
    zones: gpd.GeoDataFrame, found: Numbers, section: DemandSection, remarks: Remarks
) -> NDArray[np.int64]:
    """Return the whole people of each zone that is cut, and report how they differ."""
    population = zones["population"].to_numpy(dtype=float)
    given = np.isfinite(population)
    own = np.rint(found)
    if section.scale is False:
        _tell_difference(zones, found, given, remarks)
        return own.astype(np.int64)
    empty = given & (population > 0) & (found <= 0)
    if empty.any():
        remarks.warning(
            "raster-empty-zone",
            Text(
                "栅格在这些单元没有人, 人口按面积分摊",
                "the raster has nobody in these zones: people are spread by area",
            ),
            keys=_labels(zones, empty),
            values=[f"{people:,.0f} 人" for people in population[empty]],
            remedy=Text("核对栅格与单元边界", "check the raster and the borders"),
        )
    _tell_factors(zones, found, given & ~empty, remarks)
    return np.where(given, population, own).astype(np.int64)


def _tell_factors(
    zones: gpd.GeoDataFrame,
    found: Numbers,
    which: NDArray[np.bool_],
    remarks: Remarks,
) -> None:
    population = zones["population"].to_numpy(dtype=float)
    factor = np.ones(len(found))
    np.divide(population, found, out=factor, where=which & (found > 0))
    if which.any():
        whole = population[which].sum() / max(found[which].sum(), np.finfo(float).tiny)
        remarks.note(
            "raster-scaled",
            Text(
                f"栅格人口按单元缩放, 全区系数 {whole:.3f}, "
                f"各单元 {factor[which].min():.3f} 到 {factor[which].max():.3f}",
                f"people of the raster are scaled by zone: {whole:.3f} in all, "
                f"{factor[which].min():.3f} to {factor[which].max():.3f} by zone",
            ),
        )
    odd = (
        which & (population > 0) & ((factor > MOST_FACTOR) | (factor < 1 / MOST_FACTOR))
    )
    if odd.any():
        remarks.warning(
            "raster-factor",
            Text(
                f"单元人口与栅格相差 {MOST_FACTOR:g} 倍以上",
                f"population and raster differ by more than {MOST_FACTOR:g} times",
            ),
            keys=_labels(zones, odd),
            values=[f"×{value:.2f}" for value in factor[odd]],
            remedy=Text(
                "核对人口、边界与栅格的年份",
                "check figure, borders and the raster's year",
            ),
        )


def _tell_difference(
    zones: gpd.GeoDataFrame,
    found: Numbers,
    given: NDArray[np.bool_],
    remarks: Remarks,
) -> None:
    population = np.nan_to_num(zones["population"].to_numpy(dtype=float))
    differs = given & (np.abs(found - population) > MOST_DIFFERENCE * population)
    if differs.any():
        pairs = zip(found[differs], population[differs], strict=True)
        remarks.warning(
            "demand-total",
            Text(
                "栅格人口与单元人口相差超过 5%, 需求点用栅格人口",
                "people of the raster differ from the zone's by more than 5 %; "
                "demand points have the raster's",
            ),
            keys=_labels(zones, differs),
            values=[f"{there:.0f} / {stated:.0f}" for there, stated in pairs],
            remedy=Text("删去 scale = false 即按单元人口缩放", "or let them be scaled"),
        )


def _filled(
    zones: gpd.GeoDataFrame, shaped: NDArray[np.int_], whole: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """Return the zones with the raster's people where they state none."""
    unknown = zones["population"].isna().to_numpy()
    if not unknown.any():
        return zones
    people = zones["population"].to_numpy(dtype=float)
    by_raster = people.copy()
    by_raster[shaped] = whole
    return zones.assign(
        population=np.where(unknown, by_raster, people).astype(np.int64)
    )

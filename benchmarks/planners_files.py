"""Seconds and memory from a planner's files to a travel table, by size.

    python benchmarks/planners_files.py [--out FILE] [SIZE ...]   # 0.1 0.33 1

A made-up country on disk, as a planner would have it: 3,000 zones and 30 counties
(GeoPackage), 5,000 sites (csv in GBK, no zones stated), a population raster of 1 GB in
tiles of 256 (100 people a cell at most, a tenth of it nodata), and a crooked grid of
500,000 road lines (GeoPackage). The raster is shared out over cells that make 200,000
demand points; journeys go up to 30 minutes along the roads. A smaller size is a smaller
country of the same density, so that everyone has as many sites in reach.

Files are made first and not timed. Each size is read in a process of its own, since
memory is measured at its peak, and nothing is taken from a cache.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.transform import from_origin
from rasterio.windows import Window

from allocator.errors import errors_in
from allocator.load import read_area, read_brief
from allocator.pipeline.travelling import read_travel
from allocator.policy import combine

ZONES, POINTS, SITES, EDGES = 3_000, 200_000, 5_000, 500_000
RASTER_CELLS = 16_384**2  # of 4 bytes: 1.07 GB
CRS = "EPSG:4527"  # CGCS2000, 3-degree zone 39: easting 39,500,000 at 117 E
ORIGIN = np.array([39_300_000.0, 2_900_000.0])
SPACING_M = 1_000.0  # between roads
ZONES_OF_COUNTY = 100
NODATA, NODATA_SHARE = -9999.0, 0.1
KIB_OF_ONE_GIB = 2**20
BRIEF = """[brief]
name = "made up"
[area]
zones = "zones.gpkg"
counties = "counties.gpkg"
sites = "sites.csv"
crs = "{crs}"
[demand]
source = "raster"
file = "people.tif"
cell_m = {cell_m}
[travel]
method = "network"
file = "roads.gpkg"
max_minutes = 30
cache = false
[policy]
packs = ["national"]
"""


def make_files(folder: Path, size: float) -> None:
    """Write the files of one size; the same for the same size."""
    rng = np.random.default_rng(1)
    side = round(math.sqrt(EDGES * size / 2))
    span = side * SPACING_M
    _write_units(folder, round(math.sqrt(ZONES * size)), span, rng)
    count = round(SITES * size)
    xy = ORIGIN + rng.uniform(0.01, 0.99, (count, 2)) * span
    sites = pd.DataFrame(
        {
            "机构编号": [f"S{i:05d}" for i in range(count)],
            "机构名称": [f"第{i}卫生院" for i in range(count)],
            "经度": xy[:, 0].round(1),
            "纬度": xy[:, 1].round(1),
            "实有床位": rng.integers(0, 120, count),
        }
    )
    sites.to_csv(folder / "sites.csv", index=False, encoding="gbk")
    _write_roads(folder / "roads.gpkg", side, rng)
    _write_people(folder / "people.tif", size, span, rng)
    cell_m = max(100, round(span / math.sqrt(POINTS * size) * 1.07))
    text = BRIEF.format(crs=CRS, cell_m=cell_m)
    (folder / "brief.toml").write_text(text, encoding="utf-8")


def _write_units(
    folder: Path, side: int, span: float, rng: np.random.Generator
) -> None:
    """Write zones, a crooked grid without gaps, and the counties they make."""
    grid = np.stack(np.meshgrid(*[np.arange(side + 1.0)] * 2, indexing="ij"), axis=-1)
    inner = grid[1:-1, 1:-1]
    inner += rng.uniform(-0.3, 0.3, inner.shape)
    grid = ORIGIN + grid * (span / side)
    rings = [grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]]
    shapes = shapely.polygons(np.stack(rings, axis=2).reshape(-1, 4, 2))
    county = np.arange(len(shapes)) // ZONES_OF_COUNTY
    codes = [f"{360100 + c + 1}" for c in county]
    zones = gpd.GeoDataFrame(
        {
            "乡镇代码": [
                f"{code}{100 + i % ZONES_OF_COUNTY:03d}" for i, code in enumerate(codes)
            ],
            "名称": [f"第{i}镇" for i in range(len(shapes))],
            "县区代码": codes,
            "常住人口": rng.integers(8_000, 90_000, len(shapes)),
        },
        geometry=shapes,
        crs=CRS,
    )
    zones.to_file(folder / "zones.gpkg")
    counties = zones.dissolve("县区代码", as_index=False)[["县区代码", "geometry"]]
    counties["名称"] = [f"第{i}县" for i in range(len(counties))]
    counties.to_file(folder / "counties.gpkg")


def _write_roads(path: Path, side: int, rng: np.random.Generator) -> None:
    """Write a grid of side x side crossings; every tenth line is a main road."""
    x, y = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    xy = np.stack([x, y], axis=-1) + rng.uniform(0.2, 0.8, (side, side, 2))
    xy = ORIGIN + xy * SPACING_M
    lines, classes = [], []
    for first, last, number in (
        (xy[:-1], xy[1:], np.broadcast_to(y[:-1], (side - 1, side))),
        (xy[:, :-1], xy[:, 1:], np.broadcast_to(x[:, :-1], (side, side - 1))),
    ):
        ends = np.stack([first.reshape(-1, 2), last.reshape(-1, 2)], axis=1)
        lines.append(shapely.linestrings(ends))
        classes.append(np.where(number.ravel() % 10 == 0, "国道", "乡道"))
    frame = {"道路等级": np.concatenate(classes)}
    gpd.GeoDataFrame(frame, geometry=np.concatenate(lines), crs=CRS).to_file(path)


def _write_people(
    path: Path, size: float, span: float, rng: np.random.Generator
) -> None:
    """Write people block by block, as no planner's machine would hold them at once."""
    cells = round(math.sqrt(RASTER_CELLS * size))
    pixel = span / cells
    north_west = (ORIGIN[0], ORIGIN[1] + span)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=cells,
        width=cells,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=from_origin(*north_west, pixel, pixel),
        nodata=NODATA,
        tiled=True,
        blockxsize=256,
        blockysize=256,
    ) as out:
        for row in range(0, cells, 1024):
            shape = (min(1024, cells - row), cells)
            block = rng.random(shape, dtype=np.float32) ** 4 * 100
            block[rng.random(shape, dtype=np.float32) < NODATA_SHARE] = NODATA
            out.write(block, 1, window=Window(0, row, cells, shape[0]))


def measure(folder: Path) -> dict[str, float]:
    """Read the files of a folder up to the travel table."""
    started = time.perf_counter()
    brief, findings = read_brief(folder / "brief.toml")
    if brief is None:
        raise SystemExit("\n".join(f.message.en for f in findings))
    area, findings = read_area(brief)
    if area is None:
        raise SystemExit("\n".join(f.message.en for f in errors_in(findings)[:9]))
    read = time.perf_counter()
    policy, _ = combine([])
    travel = read_travel(brief, area, policy, [])
    done = time.perf_counter()
    return {
        "zones": len(area.zones),
        "points": len(area.demand),
        "sites": len(area.sites),
        "raster_mb": round((folder / "people.tif").stat().st_size / 1e6),
        "pairs": len(travel.pairs),
        "read_s": round(read - started, 1),
        "travel_s": round(done - read, 1),
        "total_s": round(done - started, 1),
        "peak_gib": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_OF_ONE_GIB, 2
        ),
    }


def main() -> None:
    """Measure the sizes asked for and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sizes", nargs="*", type=float, default=[0.1, 0.33, 1.0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one)))
        return
    rows = []
    for size in asked.sizes:
        with tempfile.TemporaryDirectory() as made:
            make_files(Path(made), size)
            command = [sys.executable, __file__, "--one", made]
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        rows.append({"size": size, **json.loads(ran.stdout)})
        if len(rows) == 1:
            print("  ".join(f"{name:>9}" for name in rows[0]))
        print("  ".join(f"{value:>9,}" for value in rows[-1].values()), flush=True)
    for name in ("total_s", "peak_gib"):
        if len(rows) > 1:
            slope = math.log(rows[-1][name] / rows[0][name])
            slope /= math.log(rows[-1]["size"] / rows[0]["size"])
            print(f"{name} grows with size to the power of {slope:.2f}")
    if asked.out:
        asked.out.write_text(json.dumps(rows, indent=1) + os.linesep, encoding="utf-8")


if __name__ == "__main__":
    main()

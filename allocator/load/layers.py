"""Layers: attributes as text, and shapes, through GDAL."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
from pyproj.exceptions import CRSError

from allocator.errors import Text
from allocator.load.base_tables import check_tables
from allocator.load.grids import (
    MOST_COLUMNS,
    cell_text,
    remark_empty,
    remark_unreadable,
    remark_wide,
)
from allocator.load.raw import Raw

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from allocator.load.remarks import Remarks

# Layers by ending, with the bytes that such a file must begin with. GDAL looks at the
# content and not at the ending: without this, a .json that holds a virtual data source
# would make it fetch other files and addresses.
LAYERS: dict[str, bytes] = {
    ".geojson": b"{",
    ".json": b"{",
    ".gpkg": b"SQLite format 3\0",
    ".shp": b"\x00\x00\x27\x0a",
    ".fgb": b"fgb",
}


def read_layer(path: Path, remarks: Remarks) -> Raw | None:
    """Read the first layer of a file; None with a finding when it cannot be read."""
    if not check_magic(path, remarks):
        return None
    frame = read_frame(path, remarks)
    if frame is None:
        return None
    if "geometry" not in frame.columns:
        remarks.error(
            "layer-no-geometry",
            Text("图层没有几何图形", "the layer has no geometry"),
            remedy=Text("换一个有图形的图层", "give a layer that has shapes"),
        )
        return None
    if not len(frame):
        remark_empty(Text("图层中没有要素", "the layer has no features"), remarks)
        return None
    if len(frame.columns) > MOST_COLUMNS:
        remark_wide(len(frame.columns), remarks)
        return None
    names = [f"第{i + 1}个要素" for i in range(len(frame))]
    shapes = np.asarray(frame["geometry"].to_numpy(), dtype=object)
    texts = frame.drop(columns="geometry")
    cells = pd.DataFrame(
        {
            c: [cell_text(v).strip() for v in texts[c].to_numpy(dtype=object)]
            for c in texts
        },
        index=names,
        dtype=str,
    )
    is_geojson = path.suffix.lower() in {".geojson", ".json"}
    # GDAL fills in WGS 84 where a GeoJSON file itself states nothing.
    crs = None if is_geojson and not states_crs(path) else frame.crs
    return Raw(
        cells,
        [(str(name),) for name in cells.columns],
        shapes,
        crs,
        by_standard=is_geojson,
        truncated=path.suffix.lower() == ".shp",
    )


def check_magic(path: Path, remarks: Remarks) -> bool:
    """Return whether a file begins as its ending says; a finding where it does not."""
    magic = LAYERS[path.suffix.lower()]
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        remark_unreadable(error.strerror or str(error), remarks)
        return False
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if plain.startswith(magic) or head.startswith(magic):
        return path.suffix.lower() != ".gpkg" or check_tables(path, remarks)
    remark_unreadable(f"{path.suffix} 的文件头不对 / wrong file header", remarks)
    return False


def states_crs(path: Path) -> bool:
    """Whether a GeoJSON file has the ``crs`` member that older software writes."""
    return re.search(rb'"crs"\s*:\s*\{', path.read_bytes()) is not None


def read_frame(path: Path, remarks: Remarks) -> gpd.GeoDataFrame | None:
    """Return the GeoDataFrame of the first layer, or None with a finding."""
    encodings: tuple[str | None, ...] = (None,)
    if path.suffix.lower() == ".shp" and not _has_cpg(path):
        encodings = ("UTF-8", "GB18030")
    try:
        with warnings.catch_warnings():
            # Reading the layer gives the same warnings again.
            warnings.simplefilter("ignore")
            names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except (pyogrio.errors.DataSourceError, IndexError, ValueError) as error:
        remark_unreadable(str(error), remarks)
        return None
    if not names:
        remark_empty(Text("文件中没有图层", "the file has no layer"), remarks)
        return None
    if len(names) > 1:
        remarks.warning(
            "layer-first",
            Text(
                f"有 {len(names)} 个图层, 只读取第一个“{names[0]}”",
                f"{len(names)} layers: only the first, {names[0]}, is read",
            ),
            remedy=Text("把要用的图层单独导出", "export the layer that is meant"),
        )
    remarks.account.layer = names[0]
    for encoding in encodings:
        try:
            frame = _read_quietly(path, names[0], encoding, remarks)
        except UnicodeDecodeError:
            continue
        except (
            pyogrio.errors.DataSourceError,
            pyogrio.errors.DataLayerError,
            pyogrio.errors.FeatureError,
            pyogrio.errors.GeometryError,
            CRSError,
            IndexError,
            ValueError,
        ) as error:
            remark_unreadable(str(error), remarks)
            return None
        remarks.account.encoding = encoding or ""
        if encoding == "GB18030":
            remarks.note(
                "file-encoding",
                Text(
                    "没有 .cpg, 属性按 GB18030 读取",
                    "no .cpg: attributes read as GB18030",
                ),
            )
        return frame
    remarks.error(
        "file-encoding",
        Text("属性表不是 UTF-8 或 GB18030", "attributes are not UTF-8 or GB18030"),
        remedy=Text("补上 .cpg, 或另存为 gpkg", "add a .cpg, or save it as gpkg"),
    )
    return None


def _has_cpg(path: Path) -> bool:
    return any(path.with_suffix(suffix).exists() for suffix in (".cpg", ".CPG"))


def _read_quietly(
    path: Path, layer: str, encoding: str | None, remarks: Remarks
) -> gpd.GeoDataFrame:
    """Read a layer; what GDAL warns of becomes a finding instead of noise."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # A shape that cannot be made is then None, which is a finding with its row.
        frame = pyogrio.read_dataframe(
            path, layer=layer, encoding=encoding, on_invalid="warn"
        )
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        remarks.warning(
            "layer-warning", Text(f"GDAL 提示: {message}", f"GDAL: {message}")
        )
    return frame

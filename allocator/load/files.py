"""Opening the files that planners give, as rows of text and, for layers, shapes.

Everything is text at first, so that ids keep their leading zeros. Whatever is wrong
with a file becomes a finding.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
from pyproj.exceptions import CRSError
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from allocator.errors import Text
from allocator.load.headings import understand

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pyproj
    from numpy.typing import NDArray

    from allocator.load.remarks import Remarks
    from allocator.tables import Table

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
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
HEADING_ROWS = 10  # a title and a note may stand above the headings


@dataclass(frozen=True)
class Raw:
    """A file as it was read: text cells, and shapes for a layer.

    Parameters
    ----------
    cells
        Text without spaces around it, blank cells empty. Columns are named by the
        planner's headings, which may repeat. The index names each row as the planner
        knows it, ``第12行`` say.
    shapes
        Shapely geometries, one a row, None where there is none; None for a table.
    crs
        The coordinate system that the file states, or None.
    by_standard
        Whether a file of this format that states none holds WGS 84 degrees (GeoJSON).
    truncated
        Whether headings may be cut at 10 bytes.
    """

    cells: pd.DataFrame
    shapes: NDArray[np.object_] | None = None
    crs: pyproj.CRS | None = None
    by_standard: bool = False
    truncated: bool = False


def read_raw(path: Path, table: Table, remarks: Remarks) -> Raw | None:
    """Read a file of any accepted format; None when it cannot be read.

    Parameters
    ----------
    path
        The file; its ending decides how it is read.
    table
        The kind of table that is expected, to find the row of headings.
    remarks
        Receives the findings.
    """
    suffix = path.suffix.lower()
    if not _check_file(path, remarks):
        return None
    if suffix in {".csv", ".txt", ".tsv"}:
        return _read_csv(path, table, remarks)
    if suffix in WORKBOOKS:
        return _read_workbook(path, table, remarks)
    if suffix in LAYERS:
        return _read_layer(path, remarks)
    known = "csv, xlsx, xls, geojson, gpkg, shp, fgb"
    remarks.error(
        "format-unknown",
        Text(f"不认识的文件格式 {suffix}", f"the file format {suffix} is not known"),
        remedy=Text(f"另存为 {known} 之一", f"save it as one of {known}"),
    )
    return None


def _check_file(path: Path, remarks: Remarks) -> bool:
    try:
        if path.is_file():
            if path.stat().st_size:
                return True
            remarks.error("file-empty", Text("文件是空的", "the file is empty"))
        elif path.exists():
            remarks.error(
                "file-unreadable",
                Text("这是文件夹, 不是文件", "this is a folder, not a file"),
                values=[path],
            )
        else:
            _remark_missing(path, remarks)
    except OSError as error:
        _remark_unreadable(error.strerror or str(error), remarks)
    return False


def _remark_missing(path: Path, remarks: Remarks) -> None:
    remarks.error(
        "file-missing",
        Text(f"找不到文件 {path}", f"there is no file {path}"),
        remedy=Text(
            "检查路径; 相对路径从任务文件所在文件夹算起",
            "check the path; it is relative to the folder of the brief",
        ),
    )


def _remark_unreadable(reason: str, remarks: Remarks) -> None:
    reason = " ".join(reason.split())[:200]
    remarks.error(
        "file-unreadable",
        Text(f"文件无法读取: {reason}", f"the file cannot be read: {reason}"),
        remedy=Text(
            "文件可能损坏或格式与后缀不符, 请重新导出",
            "it may be damaged or not what its ending says; export it again",
        ),
    )


def decode(raw: bytes, remarks: Remarks) -> str | None:
    """Decode text as UTF-8 or GB18030, or UTF-16 by its mark; report the choice."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if encoding == "gb18030":
            remarks.note(
                "file-encoding", Text("按 GB18030 编码读取", "read as GB18030")
            )
        return text
    remarks.error(
        "file-encoding",
        Text("不是 UTF-8 或 GB18030 编码的文本", "not text in UTF-8 or GB18030"),
        remedy=Text("另存为 UTF-8 的 csv", "save it as csv in UTF-8"),
    )
    return None


def _read_csv(path: Path, table: Table, remarks: Remarks) -> Raw | None:
    try:
        text = decode(path.read_bytes(), remarks)
    except OSError as error:
        _remark_unreadable(error.strerror or str(error), remarks)
        return None
    if text is None:
        return None
    first = text.lstrip().partition("\n")[0]
    separator = max(",\t;", key=first.count)
    try:
        top = _first_rows(text, separator)
        heading = _heading_row(top, table)
        grid = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            skiprows=heading,
        )
    except pd.errors.EmptyDataError:
        remarks.error("file-empty", Text("文件是空的", "the file is empty"))
        return None
    except (pd.errors.ParserError, csv.Error) as error:
        _remark_uneven(str(error), remarks)
        return None
    # Lines shorter than the headings end in missing cells.
    return _table_from(grid.fillna(""), heading, remarks)


def _first_rows(text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [row for _, row in zip(range(HEADING_ROWS), reader, strict=False)]


def _remark_uneven(reason: str, remarks: Remarks) -> None:
    match = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", reason)
    if match is None:
        _remark_unreadable(reason, remarks)
        return
    expected, line, found = match.groups()
    remarks.error(
        "row-too-long",
        Text(
            f"表头有 {expected} 列, 这一行有 {found} 列",
            f"{expected} headings, but this row has {found} cells",
        ),
        keys=[f"第{line}行"],
        remedy=Text(
            "检查多余的逗号; 含逗号的文字要加双引号",
            "look for a stray comma; text with commas needs double quotes",
        ),
    )


def _heading_row(rows: list[list[str]], table: Table) -> int:
    """Return which of the first rows has most headings that are understood."""
    counts = [len(understand(row, table, truncated=False)) for row in rows]
    if not counts or max(counts) == 0:
        return next((i for i, row in enumerate(rows) if any(row)), 0)
    return counts.index(max(counts))


def _table_from(grid: pd.DataFrame, heading: int, remarks: Remarks) -> Raw | None:
    """Make a table of which the first row holds the headings.

    Parameters
    ----------
    grid
        Text cells; the first row holds the headings.
    heading
        How many rows of the file stand above ``grid``.
    remarks
        Receives the findings.
    """
    if heading:
        remarks.note(
            "heading-row",
            Text(f"第{heading + 1}行作为表头", f"row {heading + 1} holds the headings"),
        )
    names = pd.Index([f"第{heading + 2 + i}行" for i in range(len(grid) - 1)])
    stripped = {
        position: [text.strip() for text in grid.iloc[1:, position].tolist()]
        for position in range(grid.shape[1])
    }
    cells = pd.DataFrame(stripped, index=names, dtype=str)
    cells.columns = pd.Index([text.strip() for text in grid.iloc[0]])
    filled = (cells != "").any(axis=1).to_numpy(dtype=bool)
    if not filled.any():
        remarks.error("table-empty", Text("表中没有数据行", "the table has no rows"))
        return None
    return Raw(cells[filled])


def _read_workbook(path: Path, table: Table, remarks: Remarks) -> Raw | None:
    try:
        with CalamineWorkbook.from_path(path) as book:
            shown = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.visible == SheetVisibleEnum.Visible
            ]
            name = (shown or book.sheet_names)[0]
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        _remark_unreadable(str(error), remarks)
        return None
    if len(shown) > 1:
        remarks.note(
            "sheet-first",
            Text(f"只读取第一个工作表“{name}”", f"only the first sheet {name} is read"),
        )
    if not rows:
        remarks.error("table-empty", Text("表中没有数据行", "the table has no rows"))
        return None
    grid = [[cell_text(cell) for cell in row] for row in rows]
    heading = _heading_row(grid[:HEADING_ROWS], table)
    frame = pd.DataFrame(grid[heading:], dtype=str)
    return _table_from(frame.fillna(""), heading, remarks)


def cell_text(cell: object) -> str:
    """Return a cell as the text that a planner sees: 360102.0 is ``360102``."""
    if cell is None or cell is pd.NaT:
        return ""
    if isinstance(cell, (float, np.floating)):
        if np.isnan(cell):
            return ""
        return str(int(cell)) if float(cell).is_integer() else repr(float(cell))
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (list, tuple, np.ndarray)):
        return ";".join(cell_text(part) for part in cell)
    return str(cell)


def _read_layer(path: Path, remarks: Remarks) -> Raw | None:
    if not _check_magic(path, remarks):
        return None
    frame = _read_features(path, remarks)
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
        remarks.error(
            "table-empty", Text("图层中没有要素", "the layer has no features")
        )
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
    crs = None if is_geojson and not _states_crs(path) else frame.crs
    return Raw(cells, shapes, crs, is_geojson, path.suffix.lower() == ".shp")


def _check_magic(path: Path, remarks: Remarks) -> bool:
    magic = LAYERS[path.suffix.lower()]
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        _remark_unreadable(error.strerror or str(error), remarks)
        return False
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(magic):
        return True
    if head.startswith(magic):
        return True
    _remark_unreadable(f"{path.suffix} 的文件头不对 / wrong file header", remarks)
    return False


def _states_crs(path: Path) -> bool:
    """Whether a GeoJSON file has the ``crs`` member that older software writes."""
    return re.search(rb'"crs"\s*:\s*\{', path.read_bytes()) is not None


def _read_features(path: Path, remarks: Remarks) -> gpd.GeoDataFrame | None:
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
        _remark_unreadable(str(error), remarks)
        return None
    if not names:
        remarks.error("table-empty", Text("文件中没有图层", "the file has no layer"))
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
            _remark_unreadable(str(error), remarks)
            return None
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


@dataclass(frozen=True)
class Features:
    """A layer as GDAL reads it, for layers too large to be read as text.

    Parameters
    ----------
    frame
        Typed columns and ``geometry``.
    crs
        The coordinate system that the file states, or None.
    by_standard
        As in `Raw`.
    """

    frame: gpd.GeoDataFrame
    crs: pyproj.CRS | None
    by_standard: bool


def read_features(path: Path, remarks: Remarks) -> Features | None:
    """Read a layer with its columns as they are; None when it cannot be read.

    Parameters
    ----------
    path
        A file of one of `LAYERS`.
    remarks
        Receives the findings.
    """
    if not (_check_file(path, remarks) and _check_magic(path, remarks)):
        return None
    frame = _read_features(path, remarks)
    if frame is None:
        return None
    is_geojson = path.suffix.lower() in {".geojson", ".json"}
    crs = None if is_geojson and not _states_crs(path) else getattr(frame, "crs", None)
    return Features(frame, crs, is_geojson)


# A block of OpenStreetMap data begins with the length of its header, then this.
_OSM_MAGIC = b"\x0a\x09OSMHeader"


def read_osm_lines(path: Path, where: str, remarks: Remarks) -> Features | None:
    """Read the lines of an OpenStreetMap extract (``.osm.pbf``).

    Parameters
    ----------
    path
        The extract.
    where
        Which lines, in GDAL's SQL.
    remarks
        Receives the findings.
    """
    if not _check_file(path, remarks):
        return None
    try:
        with path.open("rb") as file:
            head = file.read(32)
        if not head[4:].startswith(_OSM_MAGIC):
            _remark_unreadable(".osm.pbf 的文件头不对 / wrong file header", remarks)
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(path, layer="lines", where=where)
    except (
        OSError,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        ValueError,
    ) as error:
        _remark_unreadable(str(error), remarks)
        return None
    return Features(frame, frame.crs, by_standard=True)

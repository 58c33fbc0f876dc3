"""Hostile files in the place of a table, a layer, a raster, a brief or a pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.small_task import write_task
from tests.trust import hostile_books as books
from tests.trust import hostile_layers as layers
from tests.trust import hostile_runs as runs
from tests.trust.hostile_cases import (
    INPUT,
    MB,
    POLICY,
    Case,
    Place,
    brief_case,
    sites_case,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# --- Workbooks ------------------------------------------------------------------------

BOMBS = "workbooks of a few kilobytes or megabytes that become gigabytes"
ENTITIES = "workbooks whose XML declares entities"
_CELL = "<row><c><v>1</v></c></row>"
_TEXT = "<si><t>" + "a" * 1000 + "</t></si>"
_LAUGHS = (
    "<!DOCTYPE x ["
    '<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">'
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)


def _far(cell: str, row: int) -> str:
    return books.sheet(f"{books.FILLED}<row r='{row}'><c r='{cell}'><v>1</v></c></row>")


def _entity(place: Place, kind: str) -> str:
    target = place.outside / "secret.txt"
    address = target.as_uri() if kind == "file" else f"http://{place.address}/x.dtd"
    return f'<!DOCTYPE x [<!ENTITY j SYSTEM "{address}">]>'


def _book(name: str, file: str, content: bytes | Callable[[Place], bytes]) -> Case:
    return sites_case(BOMBS, name, file, content)


def _books() -> Iterable[Case]:
    """Yield workbooks that grow."""
    one = '<row r="1">' + '<c t="s"><v>0</v></c>' * 9000 + "</row>"
    prefixed = books.sheet(
        "<x:row xmlns:x='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        "<x:c r = 'ZZ1048576'><x:v>1</x:v></x:c></x:row>"
    )
    parts: dict[str, str] = {
        "a cell in the last row and column": _far("XFD1048576", 1048576),
        "a cell beyond the last row and column": _far("ZZZZ4000000000", 9),
        "a cell far off behind a prefix": prefixed,
        "a row far off whose cell does not say where it is": books.sheet(
            "<row r='4000000000'><c><v>1</v></c></row>"
        ),
        "a cell far off behind a comment": books.sheet(
            f"{books.FILLED}<!-- <c r='A1'/> --><row r='1048576'>"
            "<c r='XFD1048576'><v>1</v></c></row>"
        ),
        "one merged block of the whole sheet": books.sheet(
            books.FILLED,
            "<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>",
        ),
        "a sheet in UTF-16 with a cell far off": _far("XFD1048576", 1048576),
    }
    for name, xml in parts.items():
        raw: str | bytes = xml.encode("utf-16") if "UTF-16" in name else xml
        yield _book(name, "s.xlsx", books.xlsx({books.SHEET: raw}))
    yield _book(
        "a long text shown in 9,000 cells",
        "s.xlsx",
        books.xlsx(
            {books.SHEET: books.sheet(one), books.STRINGS: books.strings("a" * MB)}
        ),
    )
    yield _book(
        "many sheets, each with a cell far off",
        "s.xlsx",
        books.xlsx(
            {
                f"xl/worksheets/sheet{n}.xml": _far("AZ99999", 99999)
                for n in range(1, 99)
            }
        ),
    )
    yield _book(
        "70,000 parts", "s.xlsx", books.xlsx({}, **{f"x{n}": "" for n in range(70_000)})
    )
    for name, piece in (
        (books.SHEET, _CELL),
        (books.STRINGS, _TEXT),
        ("xl/styles.xml", _TEXT),
        ("xl/media/image1.png", " " * 1000),
    ):
        yield _book(f"{name} of 4 GB", "s.xlsx", books.inflating(name, piece, 4000))
        yield _book(
            f"{name} of 1 GB that says 100 bytes",
            "s.xlsx",
            books.inflating(name, piece, 1000, stated=100),
        )
    yield _book("xls with a cell far off", "s.xls", books.xls((0, 0), (65535, 65535)))
    yield _book("xlsb with a cell far off", "s.xlsb", books.xlsb((1048575, 16383)))
    for name, row in (
        ("a row of 16,384 columns repeated a million times", (1_000_000, 16_384)),
        ("a cell repeated 8 million times", (1_000_000, 9)),
        ("repeats beyond any number", (10**30, 10**30)),
    ):
        rows, columns = row
        content = books.ods(books.ods_row("x", rows=rows, columns=columns))
        yield _book(f"ods with {name}", "s.ods", content)
    spaces = '<text:s text:c="2000000000"/>'
    yield _book(
        "ods with 2,000,000,000 spaces", "s.ods", books.ods(books.ods_row(spaces))
    )
    yield _book(
        "ods of 1 GB",
        "s.ods",
        books.inflating("content.xml", books.ods_row("x"), 1000, stated=100),
    )


def _entities() -> Iterable[Case]:
    shown = '<row r="1"><c r="A1" t="str"><v>&j;</v></c></row>'

    def add(name: str, part: str, make: Callable[[str], str], kind: str) -> Case:
        def content(place: Place) -> bytes:
            doctype = _LAUGHS if kind == "laughs" else _entity(place, kind)
            return books.xlsx({part: make(doctype)})

        return sites_case(ENTITIES, name, "s.xlsx", content)

    def of_sheet(doctype: str) -> str:
        return books.sheet(shown, doctype=doctype)

    def of_strings(doctype: str) -> str:
        return books.strings("&j;", doctype=doctype)

    def of_book(doctype: str) -> str:
        return doctype + books.XLSX["xl/workbook.xml"].replace('"a"', '"&j;"')

    for kind in ("laughs", "file", "http"):
        yield add(f"sheet: {kind}", books.SHEET, of_sheet, kind)
        yield add(f"texts: {kind}", books.STRINGS, of_strings, kind)
        yield add(f"workbook: {kind}", "xl/workbook.xml", of_book, kind)
        yield sites_case(
            ENTITIES,
            f"ods: {kind}",
            "s.ods",
            lambda place, kind=kind: books.ods(  # type: ignore[misc]
                books.ods_row("&j;"),
                _LAUGHS if kind == "laughs" else _entity(place, kind),
            ),
        )
    for ending in ("qml", "qgs", "kml", "gml", "xml", "svg"):
        yield sites_case(
            ENTITIES,
            f"{ending} in the place of a table",
            f"s.{ending}",
            lambda place: f"{_entity(place, 'file')}<x>&j;</x>".encode(),
        )


# --- Text tables ----------------------------------------------------------------------

TABLES = "text tables of absurd shape"
_HEAD = b"site_id,name,lon,lat,status,zone_id,class\n"


def _tables() -> Iterable[Case]:
    """Yield text tables."""
    rows = b"A1,x,115.9,28.8,existing,360901100,C210\n"
    cases: dict[str, tuple[bytes | Callable[[Place], bytes], bool]] = {
        "one line of 100 MB": (lambda _: b"a" * 100 * MB, True),
        "one line of 100 MB of commas": (lambda _: b"," * 100 * MB, True),
        "a quotation mark never closed, 100 MB": (
            lambda _: _HEAD + b'"' + rows * (100 * MB // len(rows)),
            True,
        ),
        "100 MB of Chinese without an end of line": (
            lambda _: "南".encode() * (100 * MB // 3),
            True,
        ),
        "a million columns": (
            b",".join(b"c%d" % n for n in range(10**6)) + b"\n1",
            True,
        ),
        "5,000 columns": (b",".join(b"c%d" % n for n in range(5000)) + b"\n1", False),
        "a row of a million cells": (_HEAD + rows + b"x," * 10**6 + b"\n", False),
        "a million blank lines": (_HEAD + b"\n" * 10**6, False),
        "NUL bytes": (_HEAD + b"A1\0,x\n", False),
        "numbers beyond any number": (
            _HEAD + b"A1,x,1e400,-1e400,existing,360901100,C210\n",
            False,
        ),
        "a number of 100,000 digits": (
            _HEAD + b"A1,x," + b"9" * 10**5 + b",1,existing,360901100,C210\n",
            False,
        ),
        "an id of 900,000 letters": (_HEAD + b"A" * 900_000 + rows[2:] * 2, False),
        "only quotation marks": (_HEAD + b'"' * 10**6, False),
        "UTF-7 and escapes": (_HEAD + b"+ADw-script+AD4-\x1b[2J,\x07\n", False),
    }
    for name, (content, heavy) in cases.items():
        yield sites_case(TABLES, name, "s.csv", content, heavy=heavy)


# --- Briefs and packs -----------------------------------------------------------------

TOML = "briefs and packs of absurd shape"
_DEEP = 10_000


def _shapes() -> dict[str, str]:
    """Return TOML that is fine to the eye of a parser or not, by what is wrong."""
    return {
        "lists 10,000 deep": "x = " + "[" * _DEEP + "]" * _DEEP,
        "tables 10,000 deep": "x = " + "{a = " * _DEEP + "1" + "}" * _DEEP,
        "lists 400 deep": "x = " + "[" * 400 + "]" * 400,
        "a key of 10,000 parts": ".".join("a" * _DEEP) + " = 1",
        "a key of 200,000 parts": ".".join("a" * 200_000) + " = 1",
        "a heading of 10,000 parts": "[" + ".".join("a" * _DEEP) + "]\nx = 1",
        "a number of 100,000 digits": "x = " + "9" * 100_000,
        "a hexadecimal number of 100,000 digits": "x = 0x" + "f" * 100_000,
        "a number beyond any number": "x = 1e999999999",
        "a key of 4 MB": "a" * 4_000_000 + " = 1",
        "50,000 keys": "\n".join(f"k{n} = 1" for n in range(50_000)),
        "50,000 tables": "[[x]]\n" * 50_000,
        "a day that is none": "x = 2024-13-45",
        "a date of year 0": "x = 0000-00-00T00:00:00",
        "text of 4 MB": 'x = "' + "a" * 4_000_000 + '"',
        "a surrogate": 'x = "\\ud800"',
    }


def _toml() -> Iterable[Case]:
    """Yield briefs and packs."""
    huge = b"# " + b"a" * (100 * MB)

    def of(name: str, file: str, extra: str | bytes, code: int) -> Case:
        def write(place: Place) -> list[str]:
            brief = write_task(place.folder)
            raw = extra if isinstance(extra, bytes) else extra.encode()
            path = place.folder / file
            path.write_bytes(raw + b"\n" + path.read_bytes())
            return ["check", str(brief), "--json"]

        return Case(TOML, f"{file}: {name}", write, (code,))

    for file, code in (("brief.toml", INPUT), ("small.toml", POLICY)):
        yield of("100 MB", file, huge, code)
        for name, text in _shapes().items():
            yield of(name, file, text, code)
    yield from _deep_rules()


def _deep_rules() -> Iterable[Case]:
    """Yield packs that are deep where depth is allowed: within a rule."""
    deep = {
        "any_of 300 deep": "any_of = [{ kind = 'indicator', " * 300 + "}]" * 300,
        "share 300 deep": "share = " + "[" * 300 + "'$x'" + "]" * 300,
        "a key of a rule of 10,000 parts": ".".join("a" * _DEEP) + " = '$x'",
        "scope of 2,000 parts": "scope." + ".".join("a" * 2000) + " = '$x'",
    }
    for name, text in deep.items():

        def write(place: Place, text: str = text) -> list[str]:
            brief = write_task(place.folder, small=("share = 1.0", text))
            return ["check", str(brief), "--json"]

        yield Case(TOML, f"small.toml: {name}", write, (POLICY,))


# --- Paths ----------------------------------------------------------------------------

_EITHER = (INPUT, POLICY)
PATHS = "addresses, virtual paths and paths out of the folder"
_VIRTUAL = (
    "/vsicurl/http://{address}/z.geojson",
    "/VSICURL/http://{address}/z.geojson",
    "\\\\\\\\vsicurl\\\\http:\\\\\\\\{address}\\\\z.geojson",
    "\\\\vsicurl\\\\http:\\\\\\\\{address}\\\\z.geojson",
    "  /vsicurl/http://{address}/z.geojson",
    "./vsicurl/../../vsicurl/http://{address}/z.geojson",
    "/vsizip/vsicurl/http://{address}/z.zip",
    "/vsizip/{{../outside/a.zip}}/z.shp",
    "/vsistdin/",
    "/vsimem/z.geojson",
    "http://{address}/z.geojson",
    "HTTP://{address}/z.geojson",
    "file://{outside}/secret.csv",
    "GeoJSON:http://{address}/z.geojson",
    "WFS:http://{address}/",
    "PG:host={address}",
    "\\\\\\\\{address}\\\\share\\\\z.csv",
    "//{address}/share/z.csv",
    "\\\\\\\\?\\\\UNC\\\\{address}\\\\share\\\\z.csv",
    "z.vrt",
    "z.csv\\u0000.geojson",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/mem",
)


def _paths() -> Iterable[Case]:
    """Yield briefs that name files that they must not."""
    for text in _VIRTUAL:

        def named(place: Place, text: str = text) -> str:
            shown = text.format(address=place.address, outside=place.outside)
            return f'"{shown}"'

        yield brief_case(PATHS, f"zones: {text}", '"zones.csv"', named)
        yield brief_case(PATHS, f"pack: {text}", '"small.toml"', named, codes=_EITHER)
    for ending in ("vrt", "geojson", "json", "gpkg", "shp", "fgb", "csv", "xlsx"):
        yield sites_case(
            PATHS,
            f"a virtual layer called {ending}",
            f"s.{ending}",
            lambda place: layers.virtual_layer(place.address),
        )


def cases() -> list[Case]:
    """Return every hostile file, in a fixed order."""
    return [
        *_books(),
        *_entities(),
        *layers.cases(),
        *_tables(),
        *_toml(),
        *_paths(),
        *runs.cases(),
    ]

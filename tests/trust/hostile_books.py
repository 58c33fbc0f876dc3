"""Workbooks that are small on disk and are not when they are read."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    f'ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
    f'Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" '
    'Target="sharedStrings.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    "</Relationships>",
}
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
FILLED = '<row r="1"><c r="A1" t="inlineStr"><is><t>site_id</t></is></c></row>'
_ODS = "urn:oasis:names:tc:opendocument:xmlns"
_PIECE = 1 << 20


def sheet(rows: str, after: str = "", doctype: str = "") -> str:
    """Return the XML of a sheet."""
    return (
        f'<?xml version="1.0"?>{doctype}<worksheet xmlns="{_MAIN}">'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def strings(*texts: str, doctype: str = "") -> str:
    """Return the XML of the list of texts."""
    shown = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return f'<?xml version="1.0"?>{doctype}<sst xmlns="{_MAIN}">{shown}</sst>'


def xlsx(parts: dict[str, str | bytes], **more: str) -> bytes:
    """Return a workbook of parts; those of a plain one are there where not given."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (XLSX | {SHEET: sheet(FILLED)} | more | parts).items():
            archive.writestr(name, content)
    return target.getvalue()


def ods(rows: str, doctype: str = "") -> bytes:
    """Return an OpenDocument spreadsheet of one table."""
    content = (
        f'<?xml version="1.0"?>{doctype}<office:document-content '
        f'xmlns:office="{_ODS}:office:1.0" xmlns:table="{_ODS}:table:1.0" '
        f'xmlns:text="{_ODS}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="a">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _ods(content.encode())


def _ods(content: bytes) -> bytes:
    target = io.BytesIO()
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{_ODS}:manifest:1.0"><m:file-entry '
            f'm:full-path="/" m:media-type="{kind}"/></m:manifest>',
        )
        archive.writestr("content.xml", content)
    return target.getvalue()


def ods_row(text: str, *, rows: int = 1, columns: int = 1) -> str:
    """Return a row of one cell, both said to repeat."""
    return (
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell '
        f'office:value-type="string" table:number-columns-repeated="{columns}">'
        f"<text:p>{text}</text:p></table:table-cell></table:table-row>"
    )


def inflating(
    name: str, piece: str, megabytes: int, *, stated: int | None = None
) -> bytes:
    """Return a workbook with a part that repeats a piece for many megabytes.

    Parameters
    ----------
    name
        The part.
    piece
        What is repeated, between the beginning and the end of the part.
    megabytes
        How long the part is when it is unpacked.
    stated
        How long it says to be, bytes; None: the truth.
    """
    before, after = (sheet("|") if "sheet" in name else strings("|")).split("|")
    if not name.endswith(".xml"):
        before, after = "\x89PNG", ""
    body = (piece * (_PIECE // len(piece) + 1)).encode()
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = squeeze.compress(before.encode()) + squeeze.flush(zlib.Z_FULL_FLUSH)
    once = squeeze.compress(body) + squeeze.flush(zlib.Z_FULL_FLUSH)
    last = squeeze.compress(after.encode()) + squeeze.flush()
    times = megabytes * _PIECE // len(body)
    size = len(before) + times * len(body) + len(after)
    raw = head + once * times + last
    plain = xlsx({}) if not name.startswith("content") else ods("")
    return _with_part(plain, name, raw, size if stated is None else stated)


def _with_part(plain: bytes, name: str, raw: bytes, size: int) -> bytes:
    """Return an archive with one part more, compressed already."""
    marks = []
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        held = {one: archive.read(one) for one in archive.namelist() if one != name}
    parts = [(one, content, content, 0) for one, content in held.items()]
    for one, content, whole, method in [*parts, (name, raw, b"", 8)]:
        length = size if one == name else len(whole)
        common = struct.pack(
            "<5H3I2H", 20, 0, method, 0, 33, zlib.crc32(whole), len(content), length,
            len(one), 0,
        )  # fmt: skip
        marks.append((one, common, target.tell()))
        target.write(b"PK\3\4" + common + one.encode() + content)
    start = target.tell()
    for one, common, at in marks:
        target.write(b"PK\1\2" + struct.pack("<H", 20) + common)
        target.write(struct.pack("<3H2I", 0, 0, 0, 0, at) + one.encode())
    count, length = len(marks), target.tell() - start
    target.write(
        b"PK\5\6" + struct.pack("<4H2IH", 0, 0, count, count, length, start, 0)
    )
    return target.getvalue()


def xls(*cells: tuple[int, int]) -> bytes:
    """Return an Excel 97 workbook with numbers at (row, column), from 0."""
    stream = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    at = len(stream) + 4 + 8 + 1 + 4  # behind the list of the one sheet
    stream += _record(0x85, struct.pack("<IBBBB", at, 0, 0, 1, 0) + b"a")
    stream += _record(0x0A, b"")
    stream += _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
    for row, column in cells:
        stream += _record(0x0203, struct.pack("<HHHd", row, column, 0, 1.0))
    stream += _record(0x0A, b"")
    return _compound(stream.ljust(4096, b"\0"))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _compound(stream: bytes) -> bytes:
    """Return a compound file with one stream, ``Workbook``."""
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    sectors = len(stream) // 512
    table = [0xFFFFFFFD, end, *range(3, 2 + sectors), end]
    table += [free] * (128 - len(table))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, end, 0, end, 0)
    head += struct.pack("<109I", 0, *[free] * 108)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        body = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
        body += struct.pack("<III", free, free, child) + bytes(36)
        return body + struct.pack("<IQ", start, size)

    folder = entry("Root Entry", 5, 1, end, 0)
    folder += entry("Workbook", 2, free, 2, len(stream))
    folder += bytes(256)
    return head + struct.pack("<128I", *table) + folder + stream


def xlsb_sheet(*cells: tuple[int, int]) -> bytes:
    """Return the records of a sheet of an xlsb workbook, with numbers."""
    body = b"\x81\x01\x00" + b"\x94\x01\x10" + bytes(16) + b"\x91\x01\x00"
    for row, column in cells:
        body += b"\x00\x04" + struct.pack("<I", row)
        body += b"\x05\x10" + struct.pack("<IId", column, 0, 1.0)
    return body + b"\x92\x01\x00" + b"\x82\x01\x00"


def xlsb(*cells: tuple[int, int]) -> bytes:
    """Return an xlsb workbook with numbers at (row, column), from 0."""
    name = "a".encode("utf-16-le")
    link = struct.pack("<I", 4) + "rId1".encode("utf-16-le")
    body = struct.pack("<II", 0, 1) + link + struct.pack("<I", 1) + name
    book = b"\x83\x01\x00" + b"\x8f\x01\x00"
    book += b"\x9c\x01" + bytes([len(body)]) + body + b"\x90\x01\x00" + b"\x84\x01\x00"
    relations = XLSX["xl/_rels/workbook.xml.rels"].replace("sheet1.xml", "sheet1.bin")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", XLSX["[Content_Types].xml"])
        archive.writestr("_rels/.rels", XLSX["_rels/.rels"].replace(".xml", ".bin"))
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", relations)
        archive.writestr("xl/worksheets/sheet1.bin", xlsb_sheet(*cells))
    return target.getvalue()

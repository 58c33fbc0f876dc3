"""How large a workbook becomes when it is read, before a reader is let near it.

A workbook of a few kilobytes can state a cell in the last row of the last column, hold
a part that inflates to gigabytes, or show one long text in a million cells. The reader
makes room for all of it at once, and where there is no room the program ends. What is
here takes the file apart in small pieces and stops at the limits.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from functools import partial
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.load.grids import remark_unreadable
from allocator.load.sheet_records import measure_records, measure_xls
from allocator.load.sheet_xml import (
    Forbidden,
    Measure,
    Strings,
    TooLarge,
    measure_ods,
    measure_sheet,
    measure_strings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from allocator.load.remarks import Remarks

# A sheet of all 1,048,576 rows that Excel has with seven columns keeps within these;
# reading one takes about a gigabyte of memory.
MOST_CELLS = 8_000_000  # from the first to the last that is filled, blanks among them
MOST_INFLATED = 400_000_000  # bytes of all parts together
MOST_TEXT = 400_000_000  # bytes of the texts of all cells
MOST_PARTS = 10_000
_PIECE = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")  # before each part of a zip archive


def check_extent(path: Path, remarks: Remarks, *, most_cells: int = MOST_CELLS) -> bool:
    """Return whether a workbook is of a size that can be read; else with a finding.

    Parameters
    ----------
    path
        The workbook; its ending says of which format.
    remarks
        Receives the finding: ``workbook-too-large`` for what is beyond a limit,
        ``workbook-refused`` for what no spreadsheet program writes,
        ``file-unreadable`` for what is no workbook.
    most_cells
        How many cells a sheet may have from the first to the last.
    """
    try:
        if path.suffix.lower() == ".xls":
            measure_xls(path.read_bytes(), most_cells=most_cells)
        else:
            _measure_archive(path, most_cells)
    except TooLarge as error:
        _remark_size(error.what, remarks)
    except Forbidden as error:
        _remark_forbidden(str(error), remarks)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, struct.error) as error:
        remark_unreadable(str(error), remarks)
    else:
        return True
    return False


def _remark_size(what: Text, remarks: Remarks) -> None:
    remarks.error(
        "workbook-too-large",
        Text(
            f"工作簿读出来过大: {what.zh}",
            f"the workbook is too large when it is read: {what.en}",
        ),
        remedy=Text(
            "删去远处误填的单元格、用不到的工作表, 或另存为 csv",
            "remove cells far off and sheets that are not needed, or save it as csv",
        ),
    )


def _remark_forbidden(reason: str, remarks: Remarks) -> None:
    remarks.error(
        "workbook-refused",
        Text(
            f"含有表格软件不会写出的内容: {reason}",
            f"it holds what no spreadsheet program writes: {reason}",
        ),
        remedy=Text(
            "用表格软件打开并另存为新的 xlsx",
            "open it in a spreadsheet program and save it as a new xlsx",
        ),
    )


def _measure_archive(path: Path, most: int) -> None:
    """Measure all parts of a zip archive, whatever their names.

    Raises
    ------
    TooLarge, Forbidden, zipfile.BadZipFile, zlib.error, OSError, ValueError
        As `check_extent` reports them.
    """
    suffix = path.suffix.lower()
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise TooLarge(Text(f"{len(parts)} 个部分", f"{len(parts)} parts"))
    inflated, strings = 0, Strings()
    sheets: list[tuple[Measure, Callable[[], Iterator[bytes]]]] = []
    for part in parts:
        inflated += sum(len(piece) for piece in _pieces(path, part, inflated))

        again = partial(_pieces, path, part, 0)
        if suffix == ".ods":
            measure_ods(again, most_cells=most, most_text=MOST_TEXT)
        elif suffix == ".xlsb":
            measure_records(again(), most_cells=most)
        else:
            sheets.append((measure_sheet(again, most_cells=most), again))
            strings = max(strings, measure_strings(again), key=lambda s: s.inflated)
    cells = sum(measure.cells for measure, _ in sheets)
    if cells > most:
        raise TooLarge(Text(f"各表共 {cells:,} 格", f"{cells:,} cells in all sheets"))
    _check_texts(sheets, strings)


def _check_texts(
    sheets: list[tuple[Measure, Callable[[], Iterator[bytes]]]], strings: Strings
) -> None:
    """Refuse cells that together show far more text than the file holds.

    The bound that is quick to tell comes first, then the sum.
    """
    longest = strings.longest()
    for measure, again in sheets:
        if measure.strings * longest <= MOST_TEXT:
            continue
        exact = measure_sheet(again, most_cells=MOST_CELLS, exact=True)
        lengths = strings.lengths()
        shown = sum(
            lengths[at] * times
            for at, times in exact.shown.items()
            if at < len(lengths)
        )
        if shown > MOST_TEXT:
            raise TooLarge(
                Text(f"文字 {shown:,} 字节", f"{shown:,} bytes of text in its cells")
            )


def _pieces(path: Path, part: zipfile.ZipInfo, before: int) -> Iterator[bytes]:
    """Yield a part of an archive as it inflates, whatever size it states.

    Parameters
    ----------
    path, part
        The archive and the part.
    before
        Bytes of the parts before it.

    Raises
    ------
    TooLarge
        When all parts together inflate to more than `MOST_INFLATED`.
    """
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Forbidden(f"{part.filename}: zip {part.compress_type}")
    if part.file_size + before > MOST_INFLATED:
        raise _inflates(part.file_size + before)
    count = before
    for piece in _inflated(path, part):
        count += len(piece)
        if count > MOST_INFLATED:
            raise _inflates(count)
        yield piece


def _inflates(count: int) -> TooLarge:
    return TooLarge(
        Text(f"解压后 {count:,} 字节以上", f"{count:,} bytes or more when unpacked")
    )


def _inflated(path: Path, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.header_offset)
        header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        file.seek(header[-2] + header[-1], 1)
        left = part.compress_size
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        stored = part.compress_type == zipfile.ZIP_STORED
        while left > 0 and (raw := file.read(min(left, _PIECE // 16))):
            left -= len(raw)
            if stored:
                yield raw
                continue
            while raw:
                yield inflater.decompress(raw, _PIECE)
                raw = inflater.unconsumed_tail

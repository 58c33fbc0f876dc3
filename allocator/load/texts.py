"""Tables in text files: encodings, separators and quotation marks."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from allocator.errors import Text
from allocator.load.grids import Grid, remark_unreadable
from allocator.load.heading_rows import HEADING_ROWS, heading_score

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.load.remarks import Remarks
    from allocator.tables import Table

SEPARATORS = {
    ",": "comma",
    "\t": "tab",
    ";": "semicolon",
    "|": "bar",
    "，": "full-width comma",
    "；": "full-width semicolon",
}
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# A comma or a tab between other characters of UTF-16 shows as one of these.
UTF_16_SIGNS = {"utf-16-le": (b",\0", b"\t\0"), "utf-16-be": (b"\0,", b"\0\t")}
LARGEST_FIELD = 100_000  # characters of one cell; more is an unclosed quotation mark
LONGEST_LINE = 1_000_000  # characters
MOST_SCORED = 2000  # cells of a row that are looked at to tell the separator


def decode(raw: bytes, remarks: Remarks) -> str | None:
    """Decode text as UTF-8 or GB18030, or UTF-16; report the choice."""
    for encoding in _encodings(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        # The mark of UTF-16 with a byte order in its name is left in the text.
        text = text.removeprefix("\ufeff")
        remarks.account.encoding = encoding.removesuffix("-sig").upper()
        if encoding == "gb18030":
            remarks.note(
                "file-encoding", Text("按 GB18030 编码读取", "read as GB18030")
            )
        elif encoding in UTF_16_SIGNS:
            remarks.note("file-encoding", Text("按 UTF-16 编码读取", "read as UTF-16"))
        return text
    remarks.error(
        "file-encoding",
        Text("不是 UTF-8 或 GB18030 编码的文本", "not text in UTF-8 or GB18030"),
        remedy=Text("另存为 UTF-8 的 csv", "save it as csv in UTF-8"),
    )
    return None


def _encodings(raw: bytes) -> list[str]:
    if raw.startswith(UTF_16_MARKS):
        return ["utf-16"]
    unmarked = [
        encoding
        for encoding, signs in UTF_16_SIGNS.items()
        if len(raw) % 2 == 0 and any(sign in raw for sign in signs)
    ]
    return unmarked or ["utf-8-sig", "gb18030"]


def read_text_grid(path: Path, table: Table, remarks: Remarks) -> Grid | None:
    """Read csv, tsv or txt as rows of cells; None with a finding when it cannot be.

    The separator is the one by which most headings are understood.
    """
    try:
        text = decode(path.read_bytes(), remarks)
    except OSError as error:
        remark_unreadable(error.strerror or str(error), remarks)
        return None
    if text is None:
        return None
    if not text.strip():
        remarks.error(
            "file-empty",
            Text("文件是空的", "the file is empty"),
            remedy=Text(
                "检查导出是否完整, 或换一个文件", "export it again, or another one"
            ),
        )
        return None
    if _longest_line(text) > LONGEST_LINE:
        remarks.error(
            "line-too-long",
            Text(
                f"有一行超过 {LONGEST_LINE:,} 个字符",
                f"a line has more than {LONGEST_LINE:,} characters",
            ),
            remedy=Text(
                "检查换行是否丢失, 或另存为 xlsx",
                "see whether line breaks were lost, or save it as xlsx",
            ),
        )
        return None
    separator = _choose_separator(text, table)
    remarks.account.separator = SEPARATORS[separator]
    rows = _parse(text, separator, remarks)
    if rows is None:
        return None
    return Grid([[cell.strip() for cell in row] for row in rows])


def _longest_line(text: str) -> int:
    """Return the length of the longest line, characters, without copying the text."""
    end = "\n" if "\n" in text else "\r"
    longest = start = 0
    while start <= len(text):
        stop = text.find(end, start)
        stop = len(text) if stop < 0 else stop
        longest = max(longest, stop - start)
        start = stop + 1
    return longest


def _choose_separator(text: str, table: Table) -> str:
    lines = "\n".join(text.splitlines()[: HEADING_ROWS + 2])

    def score(separator: str) -> tuple[float, int]:
        try:
            rows = list(csv.reader(io.StringIO(lines, newline=""), delimiter=separator))
        except csv.Error:
            return (-1.0, 0)
        rows = [row[:MOST_SCORED] for row in rows]
        return (heading_score(Grid(rows), table), lines.count(separator))

    return max(SEPARATORS, key=score)


def _parse(text: str, separator: str, remarks: Remarks) -> list[list[str]] | None:
    csv.field_size_limit(LARGEST_FIELD)
    # Strictly, the reader tells of marks that are never closed; but it also refuses
    # marks inside a cell ("甲"中心), which are read as they stand.
    rows: list[list[str]] = []
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, strict=True
        )
        rows.extend(reader)
    except csv.Error as error:
        number = len(rows) + 1
        if "expected after" not in str(error):
            _remark_quotes(number, str(error), remarks)
            return None
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        except csv.Error as again:
            _remark_quotes(number, str(again), remarks)
            return None
        remarks.warning(
            "quote-inside",
            Text(
                "单元格中间有双引号, 按原样读取", "a double quote inside a cell is kept"
            ),
            keys=[f"第{number}行"],
            remedy=Text(
                "检查这一行有没有并入下一行; 文字中的双引号应写两次",
                "see whether rows ran together; inside text, double the quote",
            ),
        )
    return rows


def _remark_quotes(number: int, reason: str, remarks: Remarks) -> None:
    remarks.error(
        "file-unreadable",
        Text(
            f"第{number}行起的双引号没有结束",
            f"a double quote opened at row {number} is never closed",
        ),
        keys=[f"第{number}行"],
        values=[reason],
        remedy=Text(
            "补上或删去这个双引号, 或另存为 xlsx",
            "close or remove it, or save as xlsx",
        ),
    )

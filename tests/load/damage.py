"""Good files with random damage, for the fuzz tests of the readers."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tests.load.bad_tables import CASES, book, cells
from tests.load.small_area import (
    SITES_CSV,
    brief_with,
    write_area,
    zones_csv,
    zones_frame,
)

if TYPE_CHECKING:
    import random
    from pathlib import Path

SCRAPS = [
    b"",
    b"nan",
    b"inf",
    b"-1",
    b"1e309",
    b"\xff",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"0",
    b"\0",
    "合计".encode(),
    "单位：万人\n".encode(),
    "注：".encode(),
    b"3.60102E+11",
    "，".encode("gbk"),
    b"\xef\xbb\xbf",
    b";;;;;;",
    b"\xff\xfe",
    b"{}[]",
    b"null",
]
WORDS = [
    "",
    "x",
    "合计",
    "小计",
    "注：a",
    "-",
    "１２",
    "1,000",
    "4万人",
    "3.60102E+11",
    "360102001000",
    "000",
    "湾里区",
    "330104",
    "是",
    "existing",
    "='1'",
    "a\nb",
    "1e400",
    "-0",
    "٣",
    "²",
    "1e5",
    "常住人口(万人)",
    "代码",
    "zone_id",
    "人口",
    "单位:千人",
    "\u3000",
    "9" * 40,
]
NAMES = ("zones.csv", "zones.xlsx", "zones.geojson", "sites.csv", "sites.xlsx")
type Damaged = tuple[str, bytes]


def damaged(chance: random.Random) -> Damaged:
    """Return a name and content of a file that was good once."""
    name = chance.choice(NAMES)
    suffix = name.partition(".")[2]
    if suffix == "geojson":
        return name, scraped(zones_frame().to_json().encode(), chance)
    text = zones_csv() if name.startswith("zones") else SITES_CSV
    corpus = [
        content
        for case in CASES
        for key, content in case.files.items()
        if key == name and isinstance(content, bytes) and content
    ]
    if chance.random() < 1 / 2:
        return name, scraped(chance.choice(corpus), chance)
    rows = cells(text)
    for _ in range(chance.randint(0, 8)):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(WORDS)
    if chance.random() < 1 / 3:
        rows.insert(chance.randrange(len(rows) + 1), [chance.choice(WORDS)])
    if chance.random() < 1 / 5:
        rows.insert(1, [chance.choice(WORDS) for _ in rows[0]])
    if suffix == "xlsx":
        content = book([[cell or None for cell in row] for row in rows])
    else:
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        content = out.getvalue().encode(chance.choice(["utf-8", "gb18030", "utf-16"]))
    return name, scraped(content, chance) if chance.random() < 1 / 2 else content


def scraped(content: bytes, chance: random.Random) -> bytes:
    """Return content with a few bytes replaced, cut out or put in."""
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(content) + 1)
        length = chance.choice([0, 0, 1, 1, 2, 5, 20, len(content)])
        content = content[:at] + chance.choice(SCRAPS) + content[at + length :]
    return content


def write_damaged(folder: Path, file: Damaged) -> Path:
    """Write a small area with one file damaged, and return its brief."""
    name, content = file
    stem = name.partition(".")[0]
    (folder / name).write_bytes(content)
    brief = write_area(folder, brief__toml=brief_with(**{stem: name}))
    (folder / name).write_bytes(content)
    return brief

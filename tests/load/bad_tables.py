"""Tables as planners have them, dirty or broken, and what must be said of each.

Every case is the small task with other files; the codes are those of findings that must
be there. Exit code 0 means that the table is read although it is dirty.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import openpyxl

from tests.cli.small_task import BRIEF, COSTS, COUNTIES, SITES, ZONES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

READ, REFUSED = 0, 3


@dataclass(frozen=True)
class Case:
    """One dirty or broken input.

    Parameters
    ----------
    name
        What is wrong, in words.
    files
        Content by file name, put over the small task.
    codes
        Codes of findings that must be there.
    exit_code
        Of ``allocator check``.
    brief
        Replacements in the brief, in order.
    """

    name: str
    files: dict[str, bytes | Callable[[], bytes]]
    codes: frozenset[str]
    exit_code: int = REFUSED
    brief: tuple[tuple[str, str], ...] = field(default=())

    def brief_text(self) -> str:
        """Return the brief of the case."""
        text = BRIEF
        for old, new in self.brief:
            assert old in text, (self.name, old)
            text = text.replace(old, new)
        return text


def cells(text: str) -> list[list[str]]:
    """Return csv without quotes as rows of cells."""
    return [line.split(",") for line in text.strip().split("\n")]


def csv(text: str, *changes: tuple[str, str], encoding: str = "utf-8") -> bytes:
    """Return a table with parts of its text replaced, each once."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode(encoding)


def book(
    *sheets: Sequence[Sequence[object]],
    merges: Sequence[str] = (),
    hidden: Sequence[int] = (),
) -> bytes:
    """Return a workbook of sheets; merges are of the last one."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for number, rows in enumerate(sheets):
        sheet = made.create_sheet(f"表{number + 1}")
        for row in rows:
            sheet.append(list(row))
        if number in hidden:
            sheet.sheet_state = "hidden"
    for merge in merges:
        made.worksheets[-1].merge_cells(merge)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def zones(*changes: tuple[str, str], encoding: str = "utf-8") -> dict[str, bytes]:
    return {"zones.csv": csv(ZONES, *changes, encoding=encoding)}


def sites(*changes: tuple[str, str], encoding: str = "utf-8") -> dict[str, bytes]:
    return {"sites.csv": csv(SITES, *changes, encoding=encoding)}


def ok(name: str, files: dict[str, bytes], *codes: str, **more: object) -> Case:
    brief = more.get("brief", ())
    assert isinstance(brief, tuple)
    return Case(name, dict(files), frozenset(codes), READ, brief)


def bad(name: str, files: dict[str, bytes], *codes: str, **more: object) -> Case:
    brief = more.get("brief", ())
    assert isinstance(brief, tuple)
    return Case(name, dict(files), frozenset(codes), REFUSED, brief)


AS_BOOK = (('"zones.csv"', '"zones.xlsx"'),)
SITES_AS_BOOK = (('"sites.csv"', '"sites.xlsx"'),)
NO_COUNTIES = (('counties = "counties.csv"\n', ""),)
ROWS = cells(ZONES)
HEAD = ROWS[0]
BODY = ROWS[1:]
# 22 characters: 9 organisation, 6 county, 2 economy, 4 class, 1 management.
CODED = """机构代码,机构名称,经度,纬度,乡镇街道代码,状态
12345678936090111C2101,北镇中心卫生院,115.900,28.801,360901100,现有
22345678936090211C2101,南镇中心卫生院,116.101,28.500,360902100,现有
32345678X36090211C2201,西乡卫生院,116.001,28.500,360902200,现有
42345678936090117B1002,东街道备选一,115.901,28.700,360901001,备选
52345678936090117B1002,东街道备选二,115.910,28.710,360901001,备选
"""
REPORT_COLUMNS = (
    "序号,机构名称,机构ID,组织机构代码,卫生机构类别代码,行政区划代码,乡镇街道代码,"
    "政府办卫生机构隶属关系代码,是否分支机构,是否建制乡镇卫生院,服务人口数（人）,"
    "执业医师,注册护士,编制床位(张),实有床位(张),年末服务(常住)人口数,经度,纬度,状态"
)
REPORT = f"""{REPORT_COLUMNS}
1,北镇中心卫生院,A1,X1,C210,360901,360901100,5,N,Y,20000,8,9,30,35,20000,115.9,28.801,现有
2,南镇中心卫生院,A2,X2,C210,360902,360902100,5,N,Y,30000,7,9,30,28,30000,116.101,28.5,现有
3,西乡卫生院,A3,X3,C220,360902,360902200,,N,N,10000,3,4,10,10,10000,116.001,28.5,现有
4,东街道备选一,B1,X4,B100,360901,360901001,,N,,,,,,,,115.901,28.7,备选
5,东街道备选二,B2,X5,B100,360901,360901001,,N,,,,,,,,115.91,28.71,备选
"""
MERGED_HEAD: list[list[str | float]] = [
    ["小县乡镇人口表", "", "", "", "", "", "", "", ""],
    ["代码", "乡镇", "所属县区", "类型", "人口(万人)", "", "城乡", "坐标", ""],
    ["", "", "", "", "户籍", "常住", "", "经度", "纬度"],
]
MERGED = (
    *("A1:I1", "A2:A3", "B2:B3", "C2:C3", "D2:D3"),
    *("E2:F2", "G2:G3", "H2:I2"),
)


def merged_body() -> list[list[str | float]]:
    return [
        [r[0], r[1], r[2], r[3], 1.5, float(r[4]) / 1e4, r[5], float(r[6]), float(r[7])]
        for r in BODY
    ]


def with_counties(*texts: str) -> dict[str, bytes]:
    """Return the zones, each with another way to write its county."""
    lines = ZONES.strip().split("\n")
    rows = [line.split(",") for line in lines[1:]]
    for row, text in zip(rows, texts, strict=True):
        row[2] = text
    return {"zones.csv": "\n".join([lines[0], *map(",".join, rows)]).encode()}


HEADINGS = [
    ok(
        "headings over two merged rows",
        {"zones.xlsx": book([*MERGED_HEAD, *merged_body()], merges=MERGED)},
        "heading-row",
        "title-row-skipped",
        "unit-understood",
        brief=AS_BOOK,
    ),
    ok(
        "headings over two rows in csv, where merges are lost",
        {
            "zones.csv": "\n".join(
                ",".join(str(cell) for cell in row)
                for row in [*MERGED_HEAD, *merged_body()]
            ).encode()
        },
        "heading-row",
        "unit-understood",
    ),
    ok(
        "approved and present beds under one heading",
        {
            "sites.xlsx": book(
                [
                    [*cells(SITES)[0], "床位", ""],
                    ["", "", "", "", "", "", "", "编制", "实有"],
                    *([*row, 10, 12] for row in cells(SITES)[1:]),
                ],
                merges=("H1:I1",),
            )
        },
        "heading-row",
        brief=SITES_AS_BOOK,
    ),
    ok("title above", zones(("zone_id,", "乡镇一览表\nzone_id,")), "title-row-skipped"),
    ok(
        "unit of people above the headings",
        zones(
            ("zone_id,", "单位：万人\nzone_id,"),
            ("40000", "4"),
            ("20000", "2"),
            ("30000", "3"),
            ("10000", "1"),
        ),
        "unit-line",
    ),
    ok(
        "unit of money above the headings",
        {"costs.csv": csv(COSTS, ("service", "单位：万元\nservice"))},
        "unit-line",
    ),
    bad(
        "unknown unit above the headings",
        zones(("zone_id,", "单位：十万人\nzone_id,")),
        "unit-unknown",
    ),
    ok(
        "who fills in the table is no unit",
        zones(("zone_id,", "单位：小县卫健委\nzone_id,")),
        "title-row-skipped",
    ),
    ok(
        "unit in the heading",
        zones(
            ("population", "常住人口（千人）"),
            ("40000", "40"),
            ("20000", "20"),
            ("30000", "30"),
            ("10000", "10"),
        ),
        "unit-understood",
    ),
    ok("unit after a slash", zones(("population", "常住人口/人"))),
    bad("unknown multiple", zones(("population", "人口(十万人)")), "unit-unknown"),
    ok("unit that is none", zones(("population", "人口(2023年)")), "unit-assumed"),
    ok("year before the heading", zones(("population", "2023年常住人口"))),
    ok("mark of a required column", zones(("population", "*常住人口"))),
    ok(
        "money in thousands",
        {"costs.csv": csv(COSTS, ("capital_wan", "总投资(千元)"))},
        "unit-understood",
    ),
    bad("two headings for one column", zones(("urban", "常住人口")), "column-twice"),
    ok(
        "better of two headings",
        zones(("population", "常住人口"), ("urban", "总人口"), ("是", "1")),
        "column-chosen",
    ),
    bad("misspelt column", zones(("population", "populaton")), "column-missing"),
    bad(
        "no heading is understood",
        {"zones.csv": b"a,b,c\n1,2,3\n"},
        "column-missing",
    ),
    ok(
        "column without a heading", zones(("urban", ""), ("是", "甲")), "column-unnamed"
    ),
    ok(
        "blank columns between",
        {
            "zones.csv": ZONES.replace(",kind", ",,kind")
            .replace("36090", "36090")
            .replace(",街道,", ",,街道,")
            .replace(",镇,", ",,镇,")
            .replace(",乡,", ",,乡,")
            .encode()
        },
    ),
    ok(
        "no column of places",
        {
            "sites.csv": "\n".join(
                ",".join(r[:2] + r[4:]) for r in cells(SITES)
            ).encode()
        },
        "placed-at-zone-centre",
    ),
]

ROWS_LEFT_OUT = [
    ok(
        "total that agrees",
        {"zones.csv": (ZONES + "合 计,,,,100000\n").encode()},
        "total-row-skipped",
    ),
    ok(
        "total that does not agree",
        {"zones.csv": (ZONES + "总计：,,,,99000\n").encode()},
        "total-row-skipped",
        "total-differs",
    ),
    ok(
        "total of the city",
        {"zones.csv": (ZONES + ",全市,,,100000\n").encode()},
        "total-row-skipped",
    ),
    ok(
        "subtotals of counties",
        zones(
            ("360902100", ",甲区小计,,,60000,,,\n360902100"),
        ),
        "total-row-skipped",
    ),
    ok(
        "subtotal that does not agree",
        zones(("360902100", ",甲区小计,,,61000,,,\n360902100")),
        "total-differs",
    ),
    ok(
        "counties among the zones",
        zones(
            ("360901001", "360901,甲区,,,60000,,,\n360901001"),
            ("360902100", "360902,乙县,,,40000,,,\n360902100"),
        ),
        "parent-row-skipped",
    ),
    ok(
        "notes and signatures below",
        {
            "zones.csv": (
                ZONES + "注：年末数\n资料来源：统计局\n填表人：张三\n"
            ).encode()
        },
        "note-row-skipped",
    ),
    ok(
        "note that runs on",
        {"zones.csv": (ZONES + "说明：\n一是口径\n二是时点\n").encode()},
        "note-row-skipped",
    ),
    ok(
        "headings again after a page break",
        zones(("360902100", f"{','.join(HEAD)}\n360902100")),
        "heading-repeated",
    ),
    ok("blank rows between", zones(("360902100", ",,,,,,,\n\n360902100"))),
    ok(
        "text merged over rows",
        {
            "zones.xlsx": book(
                [
                    HEAD,
                    BODY[0],
                    [*BODY[1][:2], "", *BODY[1][3:]],
                    *BODY[2:],
                ],
                merges=("C2:C3",),
            )
        },
        "merged-filled",
        brief=AS_BOOK,
    ),
    bad(
        "figure merged over rows",
        {
            "zones.xlsx": book(
                [HEAD, BODY[0], [*BODY[1][:4], "", *BODY[1][5:]], *BODY[2:]],
                merges=("E2:E3",),
            )
        },
        "merged-number",
        "value-missing",
        brief=AS_BOOK,
    ),
    bad(
        "nothing but a total",
        {"zones.csv": f"{','.join(HEAD)}\n合计,,,,5".encode()},
        "table-empty",
    ),
]

FILES = [
    ok("csv in GBK", zones(encoding="gbk"), "file-encoding"),
    ok(
        "csv in GB18030 with a rare character",
        zones(("西乡", "㙍乡"), encoding="gb18030"),
        "file-encoding",
    ),
    ok("csv in UTF-16 with its mark", zones(encoding="utf-16")),
    ok("csv in UTF-16 without its mark", zones(encoding="utf-16-le"), "file-encoding"),
    ok("semicolons", {"zones.csv": ZONES.replace(",", ";").encode()}),
    ok("tabs", {"zones.csv": ZONES.replace(",", "\t").encode()}),
    ok("bars", {"zones.csv": ZONES.replace(",", "|").encode()}),
    ok(
        "full-width commas",
        {"zones.csv": ZONES.replace(",", "，").encode("gbk")},
        "file-encoding",
    ),
    ok(
        "title with commas above semicolons",
        {"zones.csv": f"表一,人口,分乡镇,初稿\n{ZONES.replace(',', ';')}".encode()},
        "title-row-skipped",
    ),
    ok("line break in a cell", zones(("东街道", '"东\n街道"'))),
    ok("quotation mark inside a cell", zones(("东街道", '"东"街道')), "quote-inside"),
    bad("quotation mark never closed", zones(("东街道", '"东街道')), "file-unreadable"),
    bad("comma too many", zones(("东街道,", "东,街道,")), "row-too-long"),
    ok(
        "commas at the ends of rows",
        {"zones.csv": ZONES.replace("\n", ",,\n").encode()},
    ),
    bad("no bytes", {"zones.csv": b""}, "file-empty"),
    bad("only blanks", {"zones.csv": b" \n\n "}, "file-empty"),
    bad("only headings", {"zones.csv": ",".join(HEAD).encode()}, "table-empty"),
    bad("no text", {"zones.csv": bytes(range(256)) * 4}, "file-encoding"),
    bad(
        "csv called xlsx",
        {"zones.xlsx": ZONES.encode()},
        "file-unreadable",
        brief=AS_BOOK,
    ),
    bad(
        "half a workbook",
        {"zones.xlsx": book(ROWS)[:900]},
        "file-unreadable",
        brief=AS_BOOK,
    ),
    ok(
        "first sheet is empty",
        {"zones.xlsx": book([], ROWS)},
        "sheet-chosen",
        brief=AS_BOOK,
    ),
    ok(
        "first sheet is a cover",
        {"zones.xlsx": book([["封面"], ["2023年"]], ROWS)},
        "sheet-chosen",
        brief=AS_BOOK,
    ),
    ok(
        "hidden sheet before",
        {"zones.xlsx": book(ROWS, ROWS, hidden=(0,))},
        "sheet-chosen",
        brief=AS_BOOK,
    ),
    ok(
        "two sheets with these headings",
        {"zones.xlsx": book(ROWS, ROWS)},
        "sheet-several",
        brief=AS_BOOK,
    ),
    bad(
        "no sheet has anything",
        {"zones.xlsx": book([], [])},
        "table-empty",
        brief=AS_BOOK,
    ),
    bad(
        "unknown format",
        {"zones.docx": b"PK"},
        "format-unknown",
        brief=(('"zones.csv"', '"zones.docx"'),),
    ),
    bad(
        "file that is not there",
        {},
        "file-missing",
        brief=(('"zones.csv"', '"zonen.csv"'),),
    ),
]

NUMBERS = [
    ok("full-width digits", zones(("40000", "４００００"))),
    ok("thousands separators", zones(("40000", '"40,000"'))),
    ok("unit in the cell", zones(("40000", "4万人")), "unit-in-cell"),
    bad("words for a number", zones(("40000", "约4万")), "not-a-number"),
    bad("negative people", zones(("40000", "-40000")), "number-negative"),
    bad("no people stated", zones(("40000", "—")), "value-missing"),
    bad("far too many people", zones(("40000", "40000000000")), "number-too-large"),
    ok("fractions of people", zones(("40000", "40000.4")), "number-rounded"),
    ok(
        "people in 万人, unsaid",
        zones(("40000", "4.1"), ("20000", "2.2"), ("30000", "3.3"), ("10000", "1.4")),
        "unit-suspect",
    ),
    bad(
        "swapped coordinates",
        zones(("115.900,28.700", "28.700,115.900")),
        "axes-swapped",
    ),
    bad("unknown kind", zones((",街道,", ",园区,")), "choice-unknown"),
    ok("kind in other words", zones((",街道,", ",街道办事处,"))),
    ok(
        "no column of kinds",
        {"zones.csv": "\n".join(",".join(r[:3] + r[4:]) for r in ROWS).encode()},
        "kind-derived",
    ),
]

CODES = [
    ok(
        "county of a zone by name",
        with_counties("甲区", "甲区", "乙县", "乙县"),
        "reference-by-name",
    ),
    ok(
        "county in 12 digits",
        with_counties("360901000000", "360901", "360902000000", "360902"),
        "reference-by-code",
    ),
    ok(
        "county in 9 digits",
        with_counties("360901000", "360901", "360902", "360902"),
        "reference-by-code",
    ),
    ok(
        "zone in 12 digits",
        sites(("360901100,C210", "360901100000,C210")),
        "reference-by-code",
    ),
    bad(
        "code of a village",
        sites(("360901100,C210", "360901100201,C210")),
        "zone-unknown",
    ),
    ok(
        "county code as a number of a spreadsheet",
        with_counties("3.60901E+11", "360901", "360902", "360902"),
        "id-recovered",
    ),
    ok(
        "zone code as a number, told by the name of the row",
        sites(("360902200,C220", "3.60902E+11,C220")),
        "id-recovered",
    ),
    bad(
        "zone code as a number, not to be told",
        sites(("西乡卫生院", "卫生院"), ("360902200,C220", "3.60902E+11,C220")),
        "id-scientific",
    ),
    bad("own code as a number", zones(("360901001", "3.60901E+11")), "id-scientific"),
    ok(
        "counties as numbers, told by the zones",
        {"counties.csv": csv(COUNTIES, ("360901,", "3.60901E+11,"))},
        "id-recovered",
    ),
    ok(
        "no file of counties, codes in several forms",
        with_counties("360901000000", "360901", "360902", "360902"),
        "reference-by-code",
        brief=NO_COUNTIES,
    ),
    ok(
        "old name with one successor",
        {
            "zones.csv": csv(
                ZONES, (",360901,街道", ",湾里区,街道"), (",360901,镇", ",360112,镇")
            ),
            "counties.csv": csv(COUNTIES, ("360901,甲区", "360112,新建区")),
        },
        "code-old",
    ),
    ok(
        "old code with one successor",
        {
            "zones.csv": csv(
                ZONES, (",360901,街道", ",360105,街道"), (",360901,镇", ",360112,镇")
            ),
            "counties.csv": csv(COUNTIES, ("360901,甲区", "360112,新建区")),
        },
        "code-old",
    ),
    bad(
        "old code with two successors",
        {
            "zones.csv": csv(
                ZONES,
                (",360901,街道", ",330104,街道"),
                (",360901,镇", ",330102,镇"),
                (",360902,", ",330114,"),
                (",360902,", ",330114,"),
            ),
            "counties.csv": csv(
                COUNTIES,
                ("360901,甲区", "330102,上城区"),
                ("360902,乙县", "330114,钱塘区"),
            ),
        },
        "code-old",
    ),
    bad(
        "unknown county",
        with_counties("360909", "360901", "360902", "360902"),
        "county-unknown",
    ),
    bad("id twice", zones(("360901100", "360901001")), "id-twice"),
]

REGISTERS = [
    ok(
        "institution codes of 22 characters",
        {"sites.csv": CODED.encode()},
        "read-from-code",
    ),
    ok(
        "annual report of primary care",
        {"sites.csv": REPORT.encode()},
        "column-chosen",
        "public-derived",
        "not-established",
    ),
    ok(
        "register without status",
        {
            "sites.csv": "\n".join(
                ",".join(r[:4] + r[5:]) for r in cells(SITES)
            ).encode()
        },
        "status-assumed",
    ),
    ok("class in words", sites(("C220", "乡镇卫生院")), "class-by-name"),
    ok("class as code and name", sites(("C220", "C220 乡卫生院")), "class-by-name"),
    bad("class that is none", sites(("C220", "C22O")), "class-unknown"),
    ok("class that no rule knows", sites(("C220", "D211")), "class-unlisted"),
    bad(
        "status that is none",
        sites((",existing,360902200", ",maybe,360902200")),
        "choice-unknown",
    ),
    bad(
        "zone by a name that is none",
        sites(("360902200,C220", "西西乡,C220")),
        "zone-unknown",
    ),
]

CASES = [*HEADINGS, *ROWS_LEFT_OUT, *FILES, *NUMBERS, *CODES, *REGISTERS]

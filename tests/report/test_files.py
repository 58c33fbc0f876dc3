"""The two files of a report, opened again."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from PIL import Image
from pypdf import PdfReader

from allocator.maps import write_html
from allocator.report import write_report
from allocator.workbook import write_workbook
from tests.report.reports import drawn, pdf_text, reported, word_text

if TYPE_CHECKING:
    from pathlib import Path

RARE = "大塘坪塆垱沄卫生院"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return drawn(reported(), tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pictures: dict[str, Path]) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(reported(), pictures, folder)
    return folder


def test_word_has_headings_that_can_be_navigated(folder: Path) -> None:
    document = Document(str(folder / "report.docx"))
    headings = [
        (p.style.name, p.text)
        for p in document.paragraphs
        if p.style is not None and str(p.style.name).startswith("Heading")
    ]
    assert headings[:2] == [
        ("Heading 1", "一、规划背景与现状"),
        ("Heading 2", "（一）人口与行政区划"),
    ]
    assert headings[-1] == ("Heading 2", "（五）数据文件")


@pytest.mark.parametrize(
    ("style", "font", "points"),
    [
        ("Title", "方正小标宋简体", 22),
        ("Heading 1", "黑体", 16),
        ("Heading 2", "楷体_GB2312", 16),
        ("Normal", "仿宋_GB2312", 16),
    ],
)
def test_word_has_the_fonts_of_official_documents(
    folder: Path, style: str, font: str, points: float
) -> None:
    one = Document(str(folder / "report.docx")).styles[style]
    fonts = one.element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == font
    assert one.font.size.pt == points


def test_lines_of_word_are_28_points_apart(folder: Path) -> None:
    normal = Document(str(folder / "report.docx")).styles["Normal"]
    assert normal.paragraph_format.line_spacing.pt == 28


def test_word_has_contents_page_numbers_and_counted_captions(folder: Path) -> None:
    with zipfile.ZipFile(folder / "report.docx") as file:
        body = file.read("word/document.xml").decode()
        footers = [n for n in file.namelist() if n.startswith("word/footer")]
        assert all(" PAGE " in file.read(name).decode() for name in footers)
    assert ' TOC \\o "1-2"' in body
    assert body.count(" SEQ Table ") > 12
    assert body.count(" SEQ Figure ") == 9
    anchors = set(re.findall(r'w:anchor="(\w+)"', body))
    assert anchors <= set(re.findall(r'w:name="(\w+)"', body))


def test_bookmarks_of_word_have_names_and_ids_of_their_own(folder: Path) -> None:
    with zipfile.ZipFile(folder / "report.docx") as file:
        body = file.read("word/document.xml").decode()
    for pattern in (r'bookmarkStart w:id="(\d+)"', r'bookmarkStart[^>]*name="(\w+)"'):
        found = re.findall(pattern, body)
        assert len(found) == len(set(found)) > 0


def test_wide_tables_and_maps_lie_on_their_long_side(folder: Path) -> None:
    sections = Document(str(folder / "report.docx")).sections
    sides = [section.orientation for section in sections]
    assert {WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE} == set(sides)
    pages = PdfReader(folder / "report.pdf").pages
    assert {page.mediabox.width > page.mediabox.height for page in pages} == {
        True,
        False,
    }


def test_no_table_of_word_runs_off_its_page(folder: Path) -> None:
    document = Document(str(folder / "report.docx"))
    widest = max(
        int(s.page_width or 0) - int(s.left_margin or 0) - int(s.right_margin or 0)
        for s in document.sections
    )
    for table in document.tables:
        width = sum(int(column.width or 0) for column in table.columns)
        assert 0 < width <= widest


def test_the_pdf_has_bookmarks_for_every_heading(folder: Path) -> None:
    titles = flat(PdfReader(folder / "report.pdf").outline)
    document = Document(str(folder / "report.docx"))
    headings = [
        p.text
        for p in document.paragraphs
        if p.style is not None and str(p.style.name).startswith("Heading")
    ]
    assert titles == headings


def flat(outline: list[Any]) -> list[str]:
    titles: list[str] = []
    for one in outline:
        if isinstance(one, list):
            titles += flat(one)
        else:
            titles.append(str(one.title))
    return titles


def test_rare_characters_are_in_the_pdf_and_none_is_missing(folder: Path) -> None:
    text = pdf_text(folder / "report.pdf").replace("\n", "")
    assert RARE in text
    assert "\ufffd" not in text
    assert "〓" not in text


def test_every_font_of_the_pdf_is_in_it(folder: Path) -> None:
    for page in PdfReader(folder / "report.pdf").pages:
        fonts = page["/Resources"].get("/Font", {})  # type: ignore[attr-defined]
        for font in fonts.values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_a_report_has_the_same_bytes_again(
    folder: Path, pictures: dict[str, Path], tmp_path: Path
) -> None:
    write_report(reported(), pictures, tmp_path)
    for name in ("report.docx", "report.pdf"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_text_table_map_and_workbook_have_the_totals_of_the_certificate(
    folder: Path, tmp_path: Path
) -> None:
    outcome = reported()
    write_workbook(outcome, tmp_path / "plan.xlsx")
    write_html(outcome, tmp_path / "map.html")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)
    cells = {
        cell
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    }
    word = word_text(folder / "report.docx")
    pdf = pdf_text(folder / "report.pdf")
    page = (tmp_path / "map.html").read_text("utf-8")
    totals = outcome.certificate["totals"]
    for name, words in (
        ("capital_wan", "2,214"),
        ("yearly_wan", "177.25"),
        ("people", "92,000"),
        ("covered_people", "80,000"),
    ):
        assert float(words.replace(",", "")) == totals[name]
        assert words in word, name
        assert words in pdf, name
    assert {totals["capital_wan"], totals["yearly_wan"]} <= cells
    assert {totals["people"]} <= cells
    assert "投资 2,214 万元" in page


def test_sums_of_the_tables_are_the_totals(folder: Path) -> None:
    totals = reported().certificate["totals"]
    document = Document(str(folder / "report.docx"))
    checked = 0
    for table in document.tables:
        head = [cell.text for cell in table.rows[0].cells]
        last = [cell.text for cell in table.rows[-1].cells]
        for name, heading in (
            ("capital_wan", "投资(万元)"),
            ("yearly_wan", "年运行费(万元)"),
        ):
            if heading in head and "合计" in last:
                shown = last[head.index(heading)].replace(",", "")
                assert float(shown) == totals[name]
                checked += 1
    assert checked == 7


def test_both_files_have_the_same_numbers(folder: Path) -> None:
    pattern = re.compile(r"\d[\d,]*\d\.?\d*%?")
    word = set(pattern.findall(word_text(folder / "report.docx")))
    pdf = set(pattern.findall(pdf_text(folder / "report.pdf").replace("\n", " ")))
    lost = {n for n in word - pdf if "," in n or "%" in n}
    assert lost == set()


def test_a_logo_stands_on_the_cover(tmp_path: Path, pictures: dict[str, Path]) -> None:
    own = tmp_path / "own"
    own.mkdir()
    Image.new("RGB", (120, 60), "#b00020").save(own / "logo.png")
    (own / "style.toml").write_text('[cover]\nlogo = "logo.png"\n', encoding="utf-8")
    outcome = replace(reported(), templates=own)
    write_report(outcome, pictures, tmp_path)
    shapes = Document(str(tmp_path / "report.docx")).inline_shapes
    assert len(shapes) == len(pictures) + 1
    assert len(PdfReader(tmp_path / "report.pdf").pages[0].images) == 1


def test_a_name_of_the_planner_is_never_markup(tmp_path: Path) -> None:
    name = '#panic("x") *b* $a$ <i>&amp; "'
    outcome = reported(site_name=name)
    write_report(outcome, {}, tmp_path)
    assert name in word_text(tmp_path / "report.docx")
    shown = pdf_text(tmp_path / "report.pdf").replace("\n", "").replace(" ", "")
    assert name.replace(" ", "") in shown.replace("“", '"').replace("”", '"')


@pytest.mark.slow
def test_another_program_opens_report_and_workbook(
    folder: Path, tmp_path: Path
) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice on this machine")
    write_workbook(reported(), tmp_path / "plan.xlsx")
    shutil.copyfile(folder / "report.docx", tmp_path / "report.docx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    files = [str(tmp_path / "report.docx"), str(tmp_path / "plan.xlsx")]
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir"]
    subprocess.run(
        [*command, str(tmp_path), *files], check=True, capture_output=True, timeout=300
    )
    report = pdf_text(tmp_path / "report.pdf").replace("\n", "")
    assert RARE in report
    assert "机构设置一览表" in report
    assert len(PdfReader(tmp_path / "report.pdf").pages) > 10
    sheets = pdf_text(tmp_path / "plan.pdf").replace("\n", "")
    assert RARE in sheets
    assert "投资估算(万元)" in sheets

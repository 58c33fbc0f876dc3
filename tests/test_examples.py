"""The kept example is of today: of the sample's files, of the packs, of the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document
from PIL import Image
from pypdf import PdfReader

from allocator.maps import FIGURES, write_html
from allocator.provenance import fingerprint
from allocator.report import read_templates
from allocator.resources import packs_folder, samples_folder
from allocator.workbook import SHEETS, write_workbook
from tests.report.reports import reported

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "reports" / "examples" / "nanchang"
IMAGES = ROOT / "docs" / "images"
AGAIN = "run `make examples`"
MOST_BYTES = 8_000_000
MOST_PICTURE_BYTES = 200_000


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXAMPLE / "kept.json").read_text("utf-8"))
    return content


def test_the_example_rests_on_todays_sample_and_packs(kept: dict[str, Any]) -> None:
    assert len(kept["inputs"]) == 7
    for one in kept["inputs"]:
        own = samples_folder() / "nanchang" / one["file"]
        path = own if one["path"] else packs_folder() / one["file"]
        assert fingerprint(path)["sha256"] == one["sha256"], f"{path.name}: {AGAIN}"


def headings() -> list[tuple[str, str]]:
    document = Document(str(EXAMPLE / "report.docx"))
    return [
        (str(p.style.name), p.text)
        for p in document.paragraphs
        if p.style is not None and str(p.style.name).startswith("Heading")
    ]


def test_the_report_has_the_chapters_and_sections_of_today() -> None:
    templates, _ = read_templates(None, "zh")
    names = "background aims layout sites investment appraisal carrying appendix"
    chapters = [text for style, text in headings() if style == "Heading 1"]
    for name, text in zip(names.split(), chapters, strict=True):
        assert text.endswith(templates.words[f"{name}.title"]), AGAIN
    titles = {
        words
        for key, words in templates.words.items()
        if key.count(".") == 2 and key.endswith(".title")
    }
    sections = [
        text.split("）")[1] for style, text in headings() if style == "Heading 2"
    ]
    assert len(sections) > 20
    assert set(sections) <= titles, AGAIN


def test_pdf_and_word_have_one_outline_and_the_totals(kept: dict[str, Any]) -> None:
    pdf = "".join(
        page.extract_text() for page in PdfReader(EXAMPLE / "report.pdf").pages
    )
    capital = f"{kept['totals']['capital_wan']:,.0f}"
    assert capital in pdf
    assert all(
        text.replace("　", "") in pdf.replace("　", "") for _, text in headings()
    )


def test_the_workbook_has_the_columns_of_today(
    kept: dict[str, Any], tmp_path: Path
) -> None:
    write_workbook(reported(), tmp_path / "plan.xlsx")
    today = openpyxl.load_workbook(tmp_path / "plan.xlsx", read_only=True)
    book = openpyxl.load_workbook(EXAMPLE / "plan.xlsx", data_only=True)
    absent = {SHEETS["gaps"].zh}
    assert set(book.sheetnames) == {text.zh for text in SHEETS.values()} - absent
    for name in ("机构设置附表", "指标表", "条款评估", "资源配置"):
        head = next(today[name].iter_rows(max_row=1, values_only=True))
        assert [cell.value for cell in book[name][1]] == list(head), AGAIN
    rows = list(book["机构设置附表"].iter_rows(values_only=True))
    at = rows[0].index("投资估算(万元)")
    assert rows[-1][at] == pytest.approx(kept["totals"]["capital_wan"])


def test_the_map_is_the_page_of_today(tmp_path: Path) -> None:
    write_html(reported(), tmp_path / "map.html")
    made = (tmp_path / "map.html").read_text("utf-8")
    example = (EXAMPLE / "map.html").read_text("utf-8")
    scripts = [page.rpartition("<script")[2] for page in (made, example)]
    assert scripts[0] == scripts[1], AGAIN
    assert len(example) < 1_000_000


def test_the_example_is_small_and_has_no_date() -> None:
    files = sorted(EXAMPLE.iterdir())
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    assert {file.name for file in files} == {
        "README.md",
        "kept.json",
        "map.html",
        "map.png",
        "plan.xlsx",
        "report.docx",
        "report.pdf",
    }
    assert "seconds" not in (EXAMPLE / "kept.json").read_text("utf-8")


def test_the_gallery_is_small_and_shown_in_both_readmes() -> None:
    pictures = sorted(IMAGES.glob("gallery-*.png"))
    names = {picture.stem.removeprefix("gallery-") for picture in pictures}
    assert names == set(FIGURES) - {"phases", "changes"}  # the sample has one phase
    for picture in pictures:
        assert picture.stat().st_size < MOST_PICTURE_BYTES, picture.name
        with Image.open(picture) as image:
            assert image.width >= 1000
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text("utf-8")
        assert all(f"docs/images/{p.name}" in text for p in pictures), readme

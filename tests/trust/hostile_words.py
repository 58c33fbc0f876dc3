"""Names, reasons and clauses that a spreadsheet, a browser or a typesetter would run.

A small task has them wherever a planner may write text; every command that writes files
is run on it, and every file that they leave is opened again.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
from pypdf import PdfReader

from tests.cli.small_task import FILES
from tests.review.served import BROWSERS, Watched, chromium
from tests.trust.contained import CANARY, empty
from tests.trust.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.trust.contained import Container

FORMULAS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://127.0.0.1/";"x")',
    "+1977+1",
    "-1977-1",
    "@SUM(1977,1)",
    "\t=1977+1",
    "\r=1977+1",
    '=IMPORTXML("http://127.0.0.1/","//a")&1977',
)
RUN = "window.pwned=1"
MARKUP = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"</script><svg onload={RUN}>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"javascript:{RUN}",
    f"${{{RUN}}}`<iframe srcdoc='<script>parent.pwned=1</script>'>",
    '#read("/etc/passwd")#eval("1+1")$x^2$@nobody<label>',
    '<w:fldSimple w:instr="INCLUDETEXT /etc/passwd"/>]]>&lt;',
)
_PAYLOADS = ("cmd|", "HYPERLINK(", "1977", "IMPORTXML(")
_STARTS = ("=", "+", "-", "@", "\t", "\r")
_OWN = {"小县办法", "小县试算", "社区卫生服务中心", "急救站"}
_NAMES = (
    ("zones.csv", "东街道"),
    ("zones.csv", "西乡"),
    ("counties.csv", "甲区"),
    ("sites.csv", "北镇中心卫生院"),
    ("sites.csv", "南镇中心卫生院"),
    ("sites.csv", "西乡卫生院"),
    ("sites.csv", "东街道备选一"),
    ("sites.csv", "东街道备选二"),
    ("small.toml", "小县办法"),
    ("small.toml", "社区卫生服务中心"),
    ("small.toml", "急救站"),
    ("small.toml", "在中心乡镇卫生院设立急救站"),
    ("small.toml", 'clause = "二"'),
    ("brief.toml", "小县试算"),
)


def write_task(folder: Path, words: tuple[str, ...]) -> Path:
    """Write the small task with words in the place of its names."""
    folder.mkdir(parents=True)
    texts = dict(FILES)
    for position, (name, old) in enumerate(_NAMES):
        word = words[position % len(words)]
        if name.endswith(".csv"):
            cell = io.StringIO()
            csv.writer(cell, lineterminator="").writerow([word])
            quoted = cell.getvalue()
            new = f",{quoted}," if "," + old + "," in texts[name] else quoted
            texts[name] = texts[name].replace(f",{old},", new, 1)
        else:
            key, _, _ = old.rpartition(' = "')
            shown = json.dumps(word, ensure_ascii=False)
            new = f"{key} = {shown}" if key else shown
            target = old if key else f'"{old}"'
            texts[name] = texts[name].replace(target, new, 1)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    return folder / "brief.toml"


def decisions(words: tuple[str, ...]) -> str:
    """Return a table of decisions with words for who, why and the name of a site."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "site_id",
            "service",
            "verdict",
            "reviewer",
            "reason",
            "date",
            "lon",
            "lat",
            "name",
        ]
    )
    centre, station = "community_health_center", "emergency_station"
    writer.writerows(
        [
            ["B2", centre, "lock", words[0], words[1], "2025-01-02", "", "", ""],
            ["A1", station, "accept", words[2], words[3], "2025-01-02", "", "", ""],
            ["A2", station, "accept", words[4], words[5], "2025-01-02", "", "", ""],
            ["N1", centre, "add", words[6], words[7], "", 115.9, 28.72, words[0]],
        ]
    )
    return text.getvalue()


def make_all(
    held: Container, words: tuple[str, ...], *, whole: bool
) -> tuple[Path, list[str]]:
    """Run every command that writes files; return their folder and what failed.

    Parameters
    ----------
    held
        Where they run.
    words
        What stands where a planner writes text.
    whole
        Whether report, figures, frontier and alternatives are made, which takes time.
    """
    home = empty(held.folder / "words")
    brief = write_task(home / "task", words)
    (home / "said.csv").write_text(decisions(words), "utf-8")
    (home / "other.csv").write_text(
        decisions(words).replace("accept", "reject", 1), "utf-8"
    )
    run, after = home / "run", home / "after"
    only = [] if whole else ["--only", "map,workbook"]
    said = str(home / "said.csv")
    sites = brief.parent / "sites.csv"
    book = home / "register.xlsx"
    _as_workbook(sites, book)
    commands: list[tuple[list[str], int]] = [
        (["plan", str(brief), "-o", str(run), *only], 0),
        (["plan", str(brief), "-o", str(after), "--decisions", said,
          "--previous", str(run), *only], 0),
        (["compare", str(run), str(after), "-o", str(home / "compared")], 0),
        (["check", str(brief), "--fix", str(home / "fixed")], 0),
        (["audit", str(brief), "-o", str(home / "access.csv")], 0),
        (["decisions", "merge", said, str(home / "other.csv"), "-o",
          str(home / "merged.csv"), "--run", str(run)], 3),
        (["decisions", "merge", str(after / "plan.xlsx"), said, "-o",
          str(home / "again.csv"), "--run", str(run), "--keep-going"], 0),
        (["apply", str(after), "--register", str(sites), "--all", "-o",
          str(home / "applied.csv")], 0),
        (["apply", str(after), "--register", str(book), "--all", "-o",
          str(home / "applied.xlsx")], 0),
    ]  # fmt: skip
    if whole:
        commands += [
            (["frontier", str(brief), "-o", str(home / "frontier"),
              "--points", "2"], 0),
            (["alternatives", str(brief), "-o", str(home / "others"),
              "--count", "1"], 0),
        ]  # fmt: skip
    failed = []
    for arguments, code in commands:
        seen = held.run([*arguments, "-q"], seconds=300)
        if seen.code != code or "Traceback" in seen.err or seen.connections:
            failed.append(f"{arguments[0]}: {seen.code} {seen.err[-300:]}")
    return home, failed


def _as_workbook(table: Path, target: Path) -> None:
    book = openpyxl.Workbook()
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            book.active.append(
                [cell.replace("\r", "").replace("\t", "") for cell in row]
            )
    for cells in book.active.iter_rows():
        for cell in cells:
            cell.data_type = "s"
    book.save(target)


# --- Formulas -------------------------------------------------------------------------


def formulas_in(path: Path, planners: set[str]) -> Iterator[str]:
    """Yield the cells of a table that a spreadsheet would run and that are not ours.

    Parameters
    ----------
    path
        A csv file or a workbook.
    planners
        Cells of the planner's own register: a copy of it keeps them.
    """
    if path.suffix == ".csv":
        text = path.read_text("utf-8-sig")
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                would_run = cell.startswith(_STARTS) and not _is_number(cell)
                if would_run and cell not in planners:
                    yield cell
        return
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        for cells in sheet.iter_rows():
            for cell in cells:
                is_run = cell.data_type == "f" or cell.hyperlink is not None
                if is_run and any(part in str(cell.value) for part in _PAYLOADS):
                    yield f"{sheet.title}!{cell.coordinate} {cell.value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def check_formulas(home: Path) -> tuple[int, list[str]]:
    """Return how many tables were opened, and the cells in them that would run."""
    register = (home / "task" / "sites.csv").read_bytes().decode()
    own = {
        cell for row in csv.reader(io.StringIO(register, newline="")) for cell in row
    }
    tables = [
        path
        for path in sorted(home.rglob("*"))
        if path.suffix in (".csv", ".xlsx")
        and path.parent.name != "task"
        and path.name not in ("said.csv", "other.csv", "register.xlsx")
    ]
    found = []
    for path in tables:
        planners = own if path.name == "applied.csv" else set()
        found += [f"{path.relative_to(home)}: {c}" for c in formulas_in(path, planners)]
    return len(tables), found


# --- Markup ---------------------------------------------------------------------------


def check_pages(home: Path, browser: Browser) -> tuple[int, list[str]]:
    """Return how many pages a browser opened, and what ran or was asked for there."""
    pages, found = sorted(home.rglob("*.html")), []
    for path in pages:
        watched = Watched(browser)
        watched.page.goto(path.as_uri())
        watched.page.wait_for_timeout(300)
        for button in watched.page.locator("button:visible").all()[:40]:
            button.click(timeout=500, force=True, no_wait_after=True)
        wrong = {
            "ran": watched.page.evaluate("window.pwned === 1"),
            "asked": watched.strangers(path.parent.as_uri()),
            "complained": watched.complaints,
        }
        found += [
            f"{path.relative_to(home)} {key}: {v}" for key, v in wrong.items() if v
        ]
        watched.page.context.close()
    return len(pages), found


def check_reports(home: Path) -> tuple[int, list[str]]:
    """Return how many reports were opened, and what in them is more than text."""
    found = []
    reports = sorted(home.rglob("report.*"))
    for path in reports:
        name = str(path.relative_to(home))
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as archive:
                text = archive.read("word/document.xml").decode()
                links = archive.read("word/_rels/document.xml.rels").decode()
            if (
                "INCLUDETEXT /etc/passwd"
                in text.replace("&quot;", '"')
                .partition("<w:instrText")[2]
                .partition("</w:instrText>")[0]
                or 'TargetMode="External"' in links
            ):
                found.append(f"{name}: a field or a link")
            if '<w:fldSimple w:instr="INCLUDETEXT' in text:
                found.append(f"{name}: a field")
        elif path.suffix == ".pdf":
            reader = PdfReader(path)
            words = "".join(page.extract_text() for page in reader.pages)
            root = str(reader.trailer["/Root"].get_object())
            if "root:" in words or CANARY in words:
                found.append(f"{name}: a file of this machine")
            if "/OpenAction" in root or "/AA" in root or "/JavaScript" in root:
                found.append(f"{name}: an action")
            shown = "".join(words.split())
            placed = pd.read_csv(path.parent / "placements.csv")["name"]
            found += [
                f"{name}: not shown as it stands: {hostile}"
                for hostile in placed.str.removeprefix("'")
                if "".join(hostile.split()) not in shown
            ]
    return len(reports), found


def figures(held: Container, *, whole: bool) -> Iterable[Figure]:
    """Yield what was tried with names that would run."""
    home, failed = make_all(held, FORMULAS, whole=whole)
    tables, found = check_formulas(home)
    _tell([*failed, *found])
    yield Figure(
        "tables and workbooks written of names, reasons and clauses that are formulas",
        tables,
        len(found) + len(failed),
    )
    home, failed = make_all(held, MARKUP, whole=whole)
    pages, ran = 0, list[str]()
    if any(shutil.which(name) for name in BROWSERS):
        with chromium() as browser:
            pages, ran = check_pages(home, browser)
    _tell([*failed, *ran])
    yield Figure(
        "pages opened in Chromium whose names are scripts",
        pages,
        len(ran) + len(failed),
        "" if pages else "no Chromium on this machine",
    )
    if whole:
        reports, found = check_reports(home)
        _tell(found)
        yield Figure("reports whose names are code or fields", reports, len(found))


def _tell(lines: list[str]) -> None:
    for line in lines:
        print(line)  # noqa: T201 (what is wrong, for whoever runs it)

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from allocator.maps import write_html
from tests.outcomes import make_outcome

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.outcome import Outcome

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028<!--卫生院"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


class Page(HTMLParser):
    """The elements of a page, with the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script":
            self.scripts[-1] += data


def page_of(outcome: Outcome, folder: Path) -> str:
    path = folder / "map.html"
    write_html(outcome, path)
    return path.read_text("utf-8")


def data_of(text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Page(text).scripts[0])
    return data


def test_the_page_asks_nothing_of_any_network(tmp_path: Path) -> None:
    text = page_of(make_outcome(), tmp_path)
    links = set(re.findall(r"""https?://[^\s"'<>)]*""", text))
    # A namespace and the address in Leaflet's notice: names, neither is ever loaded.
    assert links == {"http://www.w3.org/2000/svg", "https://leafletjs.com"}
    for tag, attributes in Page(text).elements:
        assert "src" not in attributes, tag
        assert attributes.get("href", "data:,") == "data:,", tag
    addresses = re.findall(
        r"url\((.{0,20})", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    )
    assert [a[:14] for a in addresses] == ["data:font/woff"]
    assert "sourceMappingURL" not in text


def test_the_policy_of_the_page_lets_nothing_be_loaded(tmp_path: Path) -> None:
    page = Page(page_of(make_outcome(), tmp_path))
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "unsafe-inline" not in policy
    assert "connect-src" not in policy


def test_leaflets_licence_is_in_the_page(tmp_path: Path) -> None:
    assert "Redistribution and use in source and binary forms" in page_of(
        make_outcome(), tmp_path
    )


def test_a_hostile_name_is_only_text(tmp_path: Path) -> None:
    text = page_of(make_outcome(site_name=HOSTILE), tmp_path)
    plain = page_of(make_outcome(), tmp_path)
    assert "<img" not in text
    tags = [tag for tag, _ in Page(text).elements]
    assert tags == [tag for tag, _ in Page(plain).elements]
    names = [site["name"] for site in data_of(text)["sites"]]
    assert HOSTILE in names


def test_the_page_holds_the_plan(tmp_path: Path) -> None:
    data = data_of(page_of(make_outcome(), tmp_path))
    assert data["title"] == "样例市规划布局图"
    assert data["standing"] == "示意图"
    assert data["notes"] == ["样例数据,不得用于审批。"]
    assert [zone["name"] for zone in data["zones"]] == ["东风街道", "新城乡", "白马镇"]
    assert data["zones"][1]["populationBasis"] == "估算"
    assert [county["name"] for county in data["counties"]] == ["甲区", "乙县"]
    sites = {site["id"]: site for site in data["sites"]}
    assert sorted(sites) == ["S1", "S2", "S3", "S4", "S5"]
    (row,) = sites["S2"]["rows"]
    assert data["services"][row["service"]]["name"] == "急救站"
    assert (row["action"], row["year"], row["capital"]) == ("upgrade", 2025, 80.5)
    assert row["rules"] == ["T-1", "T-3"]
    assert data["rules"]["T-1"] == {
        "clause": "二(一)",
        "quote": "在卫生院设立急救站",
        "document": "测发〔2024〕1号",
    }
    (kept,) = sites["S1"]["rows"]
    assert (kept["people"], kept["minutes"]) == (34000, 7.4)
    assert kept["zones"] == [[0, 30000], [1, 4000]]


def test_outlines_are_latitude_first_with_five_decimals(tmp_path: Path) -> None:
    data = data_of(page_of(make_outcome(), tmp_path))
    ((ring,),) = data["zones"][0]["shape"]
    assert sorted(map(tuple, ring)) == [
        (28.0, 115.0),
        (28.0, 115.2),
        (28.2, 115.0),
        (28.2, 115.2),
    ]


def test_an_area_without_polygons_has_places(tmp_path: Path) -> None:
    data = data_of(page_of(make_outcome(polygons=False), tmp_path))
    assert [zone["shape"] for zone in data["zones"]] == [None, None, None]
    assert data["counties"][0]["place"] == [28.1, 115.2]


def test_an_english_page_is_marked_english(tmp_path: Path) -> None:
    text = page_of(make_outcome(language="en", map_approval="A1"), tmp_path)
    assert '<html lang="en">' in text
    assert data_of(text)["standing"] == "Map approval no. A1"


def test_two_pages_have_the_same_bytes(tmp_path: Path) -> None:
    assert page_of(make_outcome(), tmp_path) == page_of(make_outcome(), tmp_path)


# --- In a browser ---------------------------------------------------------------------


@pytest.fixture
def browser() -> str:
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("CI"):
        pytest.fail("CI has to install Chromium")
    pytest.skip("no Chromium on this machine")


def shown(browser: str, page: Path, folder: Path) -> tuple[str, str]:
    """Open a page from disk; return what became of it, and what the console said."""
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1200,800",
        "--virtual-time-budget=3000",
        "--enable-logging=stderr",
        "--dump-dom",
    ]
    done = subprocess.run(
        [browser, *options, page.as_uri()],
        capture_output=True,
        timeout=120,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    lines = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(lines)


@pytest.mark.slow
def test_a_browser_draws_the_page_from_disk(browser: str, tmp_path: Path) -> None:
    page_of(make_outcome(site_name=HOSTILE), tmp_path)
    dom, console = shown(browser, tmp_path / "map.html", tmp_path)
    assert console == ""
    assert 'data-ready="yes"' in dom
    body = dom.split("<noscript>")[0]
    assert "样例市规划布局图" in body
    assert body.count('class="leaflet-marker-icon') == 5
    assert 'title="拟建东郊诊所"' in body
    assert body.count('class="symbol"') >= 6
    assert "样例数据,不得用于审批。" in body
    assert "<img" not in body
    assert "alert(1)" not in re.sub(r'title="[^"]*"', "", body)


@pytest.mark.slow
def test_a_browser_shows_the_clauses_of_a_site(browser: str, tmp_path: Path) -> None:
    text = page_of(make_outcome(site_name=HOSTILE), tmp_path)
    # What a reader does: search, and take the first answer.
    act = (
        "<script>const q=document.getElementById('query');q.value='onerror';"
        "q.dispatchEvent(new Event('input'));"
        "document.querySelector('#results button').click();</script></body>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    (tmp_path / "acted.html").write_text(text.replace("</body>", act), "utf-8")
    dom, console = shown(browser, tmp_path / "acted.html", tmp_path)
    assert console == ""
    details = dom.split('id="details"')[1].split("</section>")[0]
    assert "在卫生院设立急救站" in details
    assert "测发〔2024〕1号 · 二(一) · T-1" in details
    assert "80.5 万元" in details
    assert "&lt;img src=x onerror=alert(1)&gt;" in details
    assert "<img" not in details

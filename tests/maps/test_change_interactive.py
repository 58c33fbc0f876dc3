from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from allocator.maps import write_comparison_html
from tests.comparisons import make_comparison
from tests.maps.test_interactive import HOSTILE, Page, browser, data_of, shown

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.compare import Comparison

__all__ = ["browser"]  # a fixture


def page_of(comparison: Comparison, folder: Path) -> str:
    path = folder / "compare.html"
    write_comparison_html(comparison, path)
    return path.read_text("utf-8")


def test_the_page_asks_nothing_of_any_network(tmp_path: Path) -> None:
    text = page_of(make_comparison(), tmp_path)
    links = set(re.findall(r"""https?://[^\s"'<>)]*""", text))
    assert links == {"http://www.w3.org/2000/svg", "https://leafletjs.com"}
    for tag, attributes in Page(text).elements:
        assert "src" not in attributes, tag
    (policy,) = [
        attributes["content"] or ""
        for _, attributes in Page(text).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_a_hostile_name_is_only_text(tmp_path: Path) -> None:
    text = page_of(make_comparison(site_name=HOSTILE), tmp_path)
    plain = page_of(make_comparison(), tmp_path)
    assert "<img" not in text
    tags = [tag for tag, _ in Page(text).elements]
    assert tags == [tag for tag, _ in Page(plain).elements]
    assert HOSTILE in {change["site"] for change in data_of(text)["changes"]}


def test_two_pages_have_the_same_bytes(tmp_path: Path) -> None:
    first = page_of(make_comparison(), tmp_path)
    assert first == page_of(make_comparison(), tmp_path)


def test_an_english_page_is_marked_english(tmp_path: Path) -> None:
    text = page_of(make_comparison(language="en"), tmp_path)
    assert '<html lang="en">' in text
    assert "<title>样例市: two plans compared</title>" in text


@pytest.mark.slow
def test_a_browser_draws_the_page_from_disk(
    browser: str,
    tmp_path: Path,
) -> None:
    page_of(make_comparison(site_name=HOSTILE, move_km=20), tmp_path)
    dom, console = shown(browser, tmp_path / "compare.html", tmp_path)
    assert console == ""
    assert 'data-ready="yes"' in dom
    body = dom.split("<noscript>")[0]
    # Two ends of the move, one opened, one dropped, and the sign of people left.
    assert body.count('class="leaflet-marker-icon') == 5
    assert 'class="leaflet-marker-icon sign left' in body
    assert 'fill="url(#hatch)"' in body
    assert "移位 (1)" in body
    assert "<img" not in body


@pytest.mark.slow
def test_a_browser_shows_who_is_no_longer_served(
    browser: str,
    tmp_path: Path,
) -> None:
    text = page_of(make_comparison(), tmp_path)
    # What a reader does: choose a service, then the zone that gains most.
    act = (
        "<script>const s=document.getElementById('service');s.value='1';"
        "s.dispatchEvent(new Event('change'));"
        "document.querySelectorAll('#zone-lists ul')[1]"
        ".querySelector('button').click();"
        "</script></body>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    (tmp_path / "acted.html").write_text(text.replace("</body>", act), "utf-8")
    dom, console = shown(browser, tmp_path / "acted.html", tmp_path)
    assert console == ""
    details = dom.split('id="details"')[1].split("</section>")[0]
    assert "新城乡" in details
    assert "26.3 → 3 (−23.33)" in details
    whole = dom.split('id="whole"')[1].split("</p>")[0]
    assert "不再获得服务 12,000" in whole

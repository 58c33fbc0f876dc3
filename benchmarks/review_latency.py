"""How long a reviewer waits: opening, choosing a site, confirming a decision.

``python benchmarks/review_latency.py [SITES] [CELLS] [TIMES]`` plans a county of so
many sites and cells (300 and 3,000), serves its review, and drives it with the Chromium
of this machine. Printed are medians of what a reviewer sees, in milliseconds:

- ``choose``: from the click on a site to its panel;
- ``confirm``: from the click on the button of the dialog to the note that it is saved,
  and to the verdict on the panel of the site;
- ``disk``: of that, writing the journal down and making ``decisions.csv``, measured by
  itself without a browser.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from allocator.cli.main import run
from allocator.review.journal import Journal
from tests.review.county import write_county
from tests.review.served import Watched, chromium, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

SERVICES = {"health_center": "卫生院", "emergency_station": "急救站"}
# In the page: from a click until something is there, without the driver's own delays.
_AFTER_CLICK = """
([button, wanted, text]) => new Promise((done) => {
  const find = () => [...document.querySelectorAll(wanted)]
    .some((one) => !text || one.textContent.includes(text));
  const start = performance.now();
  const watch = new MutationObserver(() => {
    if (!find()) return;
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - start));
  });
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  document.querySelector(button).click();
})
"""
_CONFIRM = ".rv-dialog .rv-confirm"


def main(sites: int, cells: int, times: int) -> None:
    """Measure, and print a line for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        brief = write_county(home / "task", sites=sites, cells=cells)
        with contextlib.redirect_stdout(io.StringIO()):
            code = run(["plan", str(brief), "-o", str(home / "run"), "-q"])
        if code != 0:
            raise SystemExit("the county has no plan")
        figures = dict(_browsed(home / "run", times))
        figures["disk"] = list(_written(home / "run", times))
    for name, milliseconds in figures.items():
        median, most = statistics.median(milliseconds), max(milliseconds)
        print(f"{name:<16}{median:8.0f} ms (most {most:.0f}, n {len(milliseconds)})")


def _browsed(folder: Path, times: int) -> Iterator[tuple[str, list[float]]]:
    with chromium() as browser, served(folder) as server:
        watched = Watched(browser, width=1440, height=860)
        page = watched.page
        started = time.monotonic()
        watched.open(server.address)
        yield "open", [1000 * (time.monotonic() - started)]
        ids = page.evaluate(
            "document.querySelector('.plan-map').plan.data.sites"
            ".map(s => [s.id, s.name])"
        )
        choosing, saving, showing = [], [], []
        for site_id, name in ids[3 : 3 + times]:
            started = time.monotonic()
            watched.click_site(site_id, name)
            choosing.append(1000 * (time.monotonic() - started))
            saving.append(_confirmed(page, ".q-notification", "已存盘"))
        for site_id, name in ids[3 + times : 3 + 2 * times]:
            watched.click_site(site_id, name)
            showing.append(_confirmed(page, ".rv-said", ""))
        yield "choose", choosing
        yield "confirm, saved", saving
        yield "confirm, shown", showing


def _confirmed(page: Page, wanted: str, text: str) -> float:
    """Accept what is chosen; return milliseconds from confirming to what is wanted."""
    page.wait_for_function("!document.querySelector('.q-notification')")
    page.get_by_role("button", name="同意", exact=True).first.click()
    page.wait_for_selector(_CONFIRM)
    found = page.evaluate(_AFTER_CLICK, [_CONFIRM, wanted, text])
    page.locator(".rv-dialog").wait_for(state="detached")
    return float(found)


def _written(folder: Path, times: int) -> Iterator[float]:
    journal = Journal(folder, SERVICES)
    for number in range(times):
        started = time.monotonic()
        journal.decide("张", (f"F{number:03d}", "emergency_station"), "accept")
        yield 1000 * (time.monotonic() - started)


if __name__ == "__main__":
    main(
        *(int(n) for n in (sys.argv[1:4] + ["300", "3000", "15"][len(sys.argv) - 1 :]))
    )

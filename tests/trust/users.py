"""Twenty people in one review at once, for minutes: part of ``soak``.

Every round all of them choose a facility and open the dialog of a verdict; then all
confirm at the same moment. What the screen called saved must be in the journal.
"""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from allocator.cli.main import run
from allocator.review.journal import Journal
from tests.review.county import write_county
from tests.review.served import Watched, chromium, served
from tests.trust.figures import Figure

USERS = 20
SECONDS = 600.0
SITES, CELLS = 40, 200
_SERVICES = {"health_center": "卫生院", "emergency_station": "急救站"}
_CONFIRM = ".rv-dialog .rv-confirm"
_SAVED = "已存盘"


def together(users: int, seconds: float) -> list[Figure]:
    """Let so many people decide for so many seconds."""
    draw = random.Random(20)  # noqa: S311
    with tempfile.TemporaryDirectory() as made:
        home = Path(made).resolve()
        brief = write_county(home / "task", sites=SITES, cells=CELLS)
        with contextlib.redirect_stdout(io.StringIO()):
            code = run(["plan", str(brief), "-o", str(home / "run"), "-q"])
        if code != 0:
            raise RuntimeError("the county has no plan")
        saved: Counter[str] = Counter()
        complaints: list[str] = []
        with chromium() as browser, served(home / "run") as server:
            pages = {f"u{n:02d}": Watched(browser) for n in range(users)}
            for who, watched in pages.items():
                watched.open(server.address, who)
            ids = next(iter(pages.values())).page.evaluate(
                "document.querySelector('.plan-map').plan.data.sites"
                ".map(s => [s.id, s.name])"
            )
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for who in _round(pages, ids, draw):
                    saved[who] += 1
            complaints = [c for w in pages.values() for c in w.complaints]
        kept = Counter(
            entry.who for entry in Journal(home / "run", _SERVICES).entries()
        )
    lost = sum((saved - kept).values())
    number = sum(saved.values())
    note = f"{number / max(seconds, 1) * 60:.0f} a minute, the least of one person "
    note += f"{min(saved.values(), default=0)}"
    if complaints:
        note += f"; {len(complaints)} complaints of browsers: {complaints[0][:80]}"
    what = f"decisions of {users} people in one review for {seconds:.0f} s"
    return [Figure(what, number, lost + len(complaints), note)]


def _round(
    pages: dict[str, Watched], ids: list[tuple[str, str]], draw: random.Random
) -> list[str]:
    """Let everyone decide on a facility; return those who saw that it was saved."""
    ready = []
    for who, watched in pages.items():
        watched.click_site(*draw.choice(ids))
        page = watched.page
        button = page.get_by_role("button", name="同意", exact=True)
        if button.count() == 0:
            continue  # a candidate that nothing was placed at
        button.first.click()
        page.wait_for_selector(_CONFIRM)
        ready.append(who)
    for who in ready:
        pages[who].page.evaluate(f"document.querySelector('{_CONFIRM}').click()")
    done = []
    for who in ready:
        page = pages[who].page
        page.locator(".q-notification", has_text=_SAVED).first.wait_for()
        page.locator(".rv-dialog").wait_for(state="detached")
        done.append(who)
    for who in ready:
        pages[who].page.wait_for_function("!document.querySelector('.q-notification')")
    return done

"""A served review, and a browser that looks at it."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Nothing but this machine has an address.
_OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class Served:
    """``allocator review`` of a run, in a program of its own."""

    def __init__(self, run: Path, *options: str) -> None:
        # NiceGUI serves nothing where it believes to be inside a test.
        environment = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "allocator.cli", "review", str(run),
                "--no-browser", *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=run.parent,
            start_new_session=True,
        )  # fmt: skip
        self.address = self._line()
        self.origin = self.address.partition("/?")[0]

    def _line(self) -> str:
        out = self.process.stdout
        assert out is not None
        ready, _, _ = select.select([out], [], [], 60)
        line = out.readline().strip() if ready else ""
        if not line.startswith("http://127.0.0.1:"):
            self.kill()
            pytest.fail(f"no address but {line!r}: {self.said}")
        return line

    def kill(self) -> None:
        """End it without any warning, with all that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        _, self.said = self.process.communicate(timeout=20)


@contextmanager
def served(run: Path, *options: str) -> Iterator[Served]:
    """Serve a run; whatever happens, the server ends."""
    server = Served(run, *options)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine, without any network."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to install Chromium")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (slow)

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", _OFFLINE]
        )
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and everything that it asked for and complained of."""

    def __init__(
        self, browser: Browser, *, width: int = 1280, height: int = 760
    ) -> None:
        context = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page = self.page
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("console", self._console)
        page.set_default_timeout(20_000)

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.complaints.append(str(getattr(message, "text", "")))

    def open(self, address: str, who: str = "张三") -> None:
        """Open the review, and say who reviews where that is asked."""
        self.page.goto(address)
        self.ready()
        if self.page.get_by_label("您的姓名").count():
            self.page.get_by_label("您的姓名").fill(who)
            self.page.get_by_role("button", name="开始审核").click()
            self.page.get_by_label("您的姓名").wait_for(state="detached")

    def ready(self) -> None:
        """Wait until the map is drawn."""
        self.page.wait_for_selector(".plan-map[data-ready]")

    def where(self, site_id: str) -> tuple[float, float]:
        """Return where a site is on the screen."""
        script = "i => document.querySelector('.plan-map').plan.where(i)"
        found = self.page.evaluate(script, site_id)
        return found["x"], found["y"]

    def click_site(self, site_id: str, name: str) -> None:
        """Click a site on the map, and wait until its panel is there."""
        self.page.mouse.click(*self.where(site_id))
        self.page.locator(".rv-name", has_text=name).first.wait_for()

    def drag(self, site_id: str, dx: float, dy: float) -> None:
        """Drag the site that is chosen over the map."""
        x, y = self.where(site_id)
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx / 2, y + dy / 2, steps=4)
        mouse.move(x + dx, y + dy, steps=4)
        mouse.up()

    def strangers(self, origin: str) -> list[str]:
        """Return what was asked of anybody but the server."""
        own = (origin, origin.replace("http:", "ws:"), "data:", "blob:")
        return [url for url in self.asked if not url.startswith(own)]


def until(true: object, seconds: float = 5.0) -> bool:
    """Wait for something to become true; return whether it did."""
    assert callable(true)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())

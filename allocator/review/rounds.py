"""Solving the next round from the screen, and the rounds side by side."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from nicegui import ui

from allocator.errors import AllocatorError
from allocator.review.rows import comparison_rows

if TYPE_CHECKING:
    from allocator.review.jobs import Solving
    from allocator.review.screen import Screen

_LOOK_S = 0.3


def solve_again(screen: Screen, *, best_effort: bool = False) -> None:
    """Solve the next round, and show how far it is."""
    house, say = screen.house, screen.say
    solving = house.solve(screen.room, best_effort=best_effort) or house.solving
    if solving is None:
        return
    with (
        ui.dialog().props("persistent transition-duration=0") as dialog,
        ui.card().classes("rv-dialog"),
    ):
        ui.label(f"{say('solving')}: {solving.target.name}").classes("rv-name")
        box = ui.element("div").style("width: 100%")
        _Watch(screen, dialog, box, solving)
    dialog.open()


class _Watch:
    """The dialog that follows a solve until it is over."""

    def __init__(
        self, screen: Screen, dialog: ui.dialog, box: ui.element, solving: Solving
    ) -> None:
        self._screen, self._dialog = screen, dialog
        self._box, self._solving = box, solving
        self._client = ui.context.client
        with box:
            with ui.element("div").classes("rv-row"):
                ui.spinner(size="20px")
                self._step = ui.label()
                ui.element("div").classes("rv-grow")
                self._clock = ui.label().classes("rv-quiet")
            with ui.element("div").classes("rv-row rv-buttons"):
                ui.button(screen.say("cancel"), on_click=self._cancel).props(
                    "flat no-caps"
                ).mark("cancel-solve")
        self._timer = ui.timer(_LOOK_S, self._look)

    async def _cancel(self) -> None:
        await asyncio.to_thread(self._solving.cancel)

    async def _look(self) -> None:
        solving = self._solving
        if solving.state == "running":
            last = solving.steps[-1] if solving.steps else ""
            self._step.set_text(last.partition("]")[2].strip() or last)
            self._clock.set_text(f"{solving.elapsed:.0f} s")
            return
        self._timer.deactivate()
        if solving.state == "done":
            # The dialog goes with the page; closing it first would end this handler.
            self._screen.house.look()
            await self._screen.go(solving.target.name)
            return
        self._box.clear()
        with self._box:
            self._ended()

    def _ended(self) -> None:
        screen, solving = self._screen, self._solving
        say = screen.say
        words = "cancelled"
        if solving.state == "failed":
            words = "no_plan" if solving.infeasible else "failed"
        ui.label(say(words)).style("font-weight: 600").mark("solve-ended")
        with ui.element("div").style("max-height: 46vh; overflow-y: auto"):
            for line in solving.problems:
                ui.label(line).style("padding: 2px 0")
        with ui.element("div").classes("rv-row rv-buttons"):
            if solving.infeasible:
                ui.button(say("best_effort"), on_click=self._yielding).props(
                    "flat no-caps"
                )
            ui.button(say("close"), on_click=self._dialog.close).props("no-caps")

    def _yielding(self) -> None:
        with self._client.content:
            solve_again(self._screen, best_effort=True)
        self._dialog.close()


class ComparePanel:
    """What changed from the round before.

    Parameters
    ----------
    screen
        What it shows.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.parent = screen.house.parent(screen.room.run.name)
        self._box = ui.element("div").style("width: 100%")
        self._filled = False

    async def fill(self) -> None:
        """Compare, once, and show the result."""
        if self._filled:
            return
        self._filled = True
        screen, say = self._screen, self._screen.say
        with self._box:
            if self.parent is None:
                ui.label(say("first_round")).classes("rv-quiet")
                return
            ui.spinner(size="20px")
        try:
            comparison = await asyncio.to_thread(
                screen.house.compare, self.parent, screen.room.run.name
            )
        except AllocatorError as error:
            self._box.clear()
            with self._box:
                for finding in error.findings:
                    ui.label(finding.say(say.language))
            return
        self._box.clear()
        with self._box:
            self._show(comparison_rows(comparison, say))

    def _show(self, rows: dict[str, Any]) -> None:
        say = self._screen.say
        ui.label(say("changes")).classes("rv-h")
        if not rows["changes"]:
            ui.label(say("nothing")).classes("rv-quiet")
        for row in rows["changes"]:
            self._change(row)
        _table(
            [say("figure"), say("before"), say("after"), "±"],
            [[name, *map(_figure, three)] for name, *three in rows["figures"]],
        )
        for name in ("gain", "lose"):
            ui.label(say("gains" if name == "gain" else "losses")).classes("rv-h")
            if not rows[name]:
                ui.label(say("nothing")).classes("rv-quiet")
                continue
            _table(
                [say("zone"), f"± {say('minutes')}", say("persons")],
                [[zone, f"{m:+.2f}", f"{n:,.0f}"] for zone, m, n in rows[name]],
            )

    def _change(self, row: dict[str, Any]) -> None:
        with ui.element("div").classes("rv-row"):
            ui.label(row["kind"]).classes("rv-chip")
            words = f"{row['what']} → {row['to']}" if row["to"] else row["what"]
            ui.label(words).style("cursor: pointer; flex: 1 1 0").on(
                "click", lambda: self._screen.choose(row["site"])
            )


def _table(headings: list[str], rows: list[list[str]]) -> None:
    with ui.element("table").classes("rv-table"):
        with ui.element("tr"):
            for heading in headings:
                with ui.element("th"):
                    ui.label(heading)
        for row in rows:
            with ui.element("tr"):
                for cell in row:
                    with ui.element("td"):
                        ui.label(cell)


def _figure(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "—"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"  # noqa: PLR2004

"""The page: head, totals, map, and the panels beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from nicegui import ui

from allocator.errors import InputError
from allocator.review.entries import clean
from allocator.review.grids import PlacementGrid, audit_grid
from allocator.review.map_pane import MapPane
from allocator.review.rounds import ComparePanel, solve_again
from allocator.review.rows import journal_rows, tally
from allocator.review.screen import REVIEWER, Screen
from allocator.review.site_panel import SitePanel
from allocator.review.words import PROOFS

if TYPE_CHECKING:
    from fastapi import Request

    from allocator.review.map_pane import Together
    from allocator.review.room import House

_STYLE = Path(__file__).with_name("review.css")
_TABS = ("site", "placements", "audit", "journal", "compare")
_WIDE = ("placements", "audit")
_TOGETHER: tuple[Together, ...] = ("", "beside", "swipe")


def shown_round(house: House, request: Request) -> str:
    """Return the round that a request asks for (``run``); the first where none is."""
    asked = request.query_params.get("run", "")
    return asked if asked in house.names else house.names[0]


def show(house: House, name: str, request: Request) -> None:
    """Build the page for one browser.

    Parameters
    ----------
    house
        All rounds of the review.
    name
        The round that is shown.
    request
        Names, by a cookie, the reviewer.
    """
    who = clean(unquote(request.cookies.get(REVIEWER, "")))
    ui.add_css(_STYLE.read_text("utf-8"))
    ui.colors(primary="#0b4f9e", positive="#1b7837", negative="#c3002f")
    try:
        screen = Screen(house, name, who)
    except InputError as error:
        for finding in error.findings:
            ui.label(finding.say(house.language))
        return
    Page(screen)


class Page:
    """Everything on the screen, and how its parts are tied together.

    Parameters
    ----------
    screen
        What it shows.
    """

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._tabs: dict[str, ui.element] = {}
        ui.page_title(f"{screen.room.run.name} · {screen.say('review')}")
        with ui.element("div").classes("rv-page"):
            self._head()
            self._facts()
            self._notes()
            with ui.element("div").classes("rv-main"):
                with ui.element("div").classes("rv-left"):
                    before = screen.house.parent(screen.room.run.name)
                    self.map = MapPane(screen, before)
                self._panels()
        screen.when_chosen(self._chosen)
        screen.when_decided(self._decided)
        self._decided()
        screen.tick_every()
        if not screen.who:
            self._ask_who()

    # --- Above the map ----------------------------------------------------------------

    def _head(self) -> None:
        screen, say = self.screen, self.screen.say
        certificate = screen.room.view.certificate
        with ui.element("div").classes("rv-head"):
            ui.label(str(certificate.get("name", ""))).classes("rv-title")
            rounds = screen.house.names
            ui.select(
                rounds,
                value=screen.room.run.name,
                on_change=lambda event: screen.go(str(event.value)),
            ).props("dense borderless options-dense").mark("round")
            proof = PROOFS.get(str(certificate.get("status")))
            if proof is not None:
                ui.label(proof.say(say.language)).classes("rv-quiet")
            ui.element("div").classes("rv-grow")
            self._who = ui.button(
                screen.who or say("who"), icon="person", on_click=self._ask_who
            ).props("flat dense no-caps")
            ui.button(say("undo"), icon="undo", on_click=screen.undo_last).props(
                "flat dense no-caps"
            ).mark("undo")
            button = ui.button(
                say("solve"), icon="play_arrow", on_click=lambda: solve_again(screen)
            )
            button.props("dense no-caps").mark("solve")
            button.set_enabled(screen.room.brief is not None)

    def _facts(self) -> None:
        screen, say = self.screen, self.screen.say
        certificate = screen.room.view.certificate
        totals, terms = certificate.get("totals", {}), certificate.get("terms", {})
        with ui.element("div").classes("rv-facts"):
            limit = terms.get("capital_wan") or terms.get("total_capital_wan")
            self._money("capital", totals.get("capital_wan"), limit)
            self._money("yearly", totals.get("yearly_wan"), terms.get("yearly_wan"))
            for phase in certificate.get("phases", []):
                spent, most = phase.get("capital_wan"), phase.get("budget_wan")
                self._money("capital", spent, most, f" {phase.get('year')}")
            people = float(totals.get("people") or 0.0)
            if people:
                share = float(totals.get("covered_people", 0.0)) / people
                self._fact(say("covered"), f"{share:.1%}")
            self._fact(say("new"), f"{totals.get('new_placements', 0):,.0f}")
            self._tally = self._fact(say("decided"), "")

    def _fact(self, words: str, value: str) -> ui.label:
        with ui.element("div").classes("rv-fact"):
            ui.label(words).classes("rv-quiet")
            with ui.element("b"):
                return ui.label(value)

    def _money(
        self, words: str, spent: float | None, limit: float | None, more: str = ""
    ) -> None:
        say = self.screen.say
        if spent is None:
            return
        most = f"{limit:,.0f}" if limit is not None else say("no_limit")
        with ui.element("div").classes("rv-fact"):
            ui.label(f"{say(words)}{more} ({say('wan')})").classes("rv-quiet")
            with ui.element("b"):
                ui.label(f"{spent:,.0f} / {most}")
            if limit:
                bar = ui.element("div").classes("rv-bar")
                if spent > limit * (1 + 1e-6):
                    bar.classes("rv-over")
                with bar:
                    share = min(100.0, 100.0 * spent / limit)
                    ui.element("div").style(f"width: {share:.1f}%")

    def _notes(self) -> None:
        self._problems = ui.label().classes("rv-note rv-bad").mark("problems")
        room = self.screen.room
        gaps = len(room.view.certificate.get("gaps", ()))
        lines = list(room.notes)
        if gaps:
            words = f"最大努力方案: {gaps} 处必须条款未满足"
            if self.screen.say.language == "en":
                words = f"plan by best effort: {gaps} binding clauses are not kept"
            lines.append(words)
        if lines:
            ui.label("\n".join(lines)).classes("rv-note")

    # --- The panels -------------------------------------------------------------------

    def _panels(self) -> None:
        screen, say = self.screen, self.screen.say
        with ui.element("div").classes("rv-right") as self._right:
            with ui.tabs(on_change=self._turn).classes("rv-tabs") as tabs:
                for name in _TABS:
                    ui.tab(name, say(name)).props("no-caps").mark(f"tab-{name}")
            self._bar = tabs
            tabs.set_value("site")
            for name in _TABS:
                self._tabs[name] = ui.element("div").classes("rv-tab")
                self._tabs[name].set_visibility(name == "site")
            with self._tabs["site"]:
                SitePanel(screen)
            with self._tabs["placements"]:
                PlacementGrid(screen)
            with self._tabs["audit"]:
                audit_grid(screen)
            with self._tabs["compare"]:
                how = (
                    ui.toggle(
                        {name or "one": say(name or "one_map") for name in _TOGETHER},
                        value="one",
                        on_change=lambda event: self._together(event.value),
                    )
                    .props("no-caps dense toggle-color=primary")
                    .classes("rv-together")
                )
                self._compare = ComparePanel(screen)
                how.set_visibility(self._compare.parent is not None)

    def _together(self, chosen: object) -> None:
        found: list[Together] = [name for name in _TOGETHER if name == chosen]
        self.map.together(found[0] if found else "")

    async def _turn(self) -> None:
        name = str(self._bar.value)
        for own, tab in self._tabs.items():
            tab.set_visibility(own == name)
        wide = name in _WIDE
        self._right.classes(add="rv-wide") if wide else self._right.classes(
            remove="rv-wide"
        )
        if name == "journal":
            self._draw_journal()
        if name == "compare":
            await self._compare.fill()

    def _chosen(self) -> None:
        if str(self._bar.value) not in ("site", "placements"):
            self._bar.set_value("site")

    def _decided(self) -> None:
        screen = self.screen
        decided, placed = tally(screen.room)
        self._tally.set_text(f"{decided} / {placed}")
        problems = screen.room.problems
        self._problems.set_text("\n".join(problems))
        self._problems.set_visibility(bool(problems))
        if str(self._bar.value) == "journal":  # else it is drawn once it is looked at
            self._draw_journal()

    def _draw_journal(self) -> None:
        screen, say = self.screen, self.screen.say
        box = self._tabs["journal"]
        box.clear()
        with box:
            for row in journal_rows(screen.room):
                entry = ui.element("div").classes("rv-entry")
                if row["undone"]:
                    entry.classes("rv-undone")
                with entry:
                    with ui.element("div").classes("rv-row rv-what"):
                        with ui.element("b").classes(f"plan-map-{row['verdict']}"):
                            ui.label(row["words"])
                        ui.label(row["what"])
                        ui.element("div").classes("rv-grow")
                        if not row["undone"]:
                            ui.button(
                                say("undo_this"),
                                on_click=lambda one=row["id"]: screen.undo(one),
                            ).props("flat dense no-caps size=sm")
                    words = [row["when"], row["who"], row["why"]]
                    ui.label(" · ".join(w for w in words if w)).classes("rv-quiet")
                    if row["price"] or row["verdict"] not in ("accept", ""):
                        price = row["price"] or say("unpriced")
                        ui.label(price).classes("rv-quiet")

    # --- Who --------------------------------------------------------------------------

    def _ask_who(self) -> None:
        screen, say = self.screen, self.screen.say
        with (
            ui.dialog().props("persistent transition-duration=0") as dialog,
            ui.card().classes("rv-dialog"),
        ):
            name = ui.input(say("who"), value=screen.who)
            name.props("autofocus outlined dense maxlength=50").style("width: 100%")
            name.mark("who")
            ui.label(say("who_why")).classes("rv-quiet")

            def start() -> None:
                if clean(str(name.value or "")):
                    screen.call(str(name.value))
                    self._who.set_text(screen.who)
                    dialog.close()

            name.on("keydown.enter", start)
            ui.button(say("start"), on_click=start).props("no-caps").mark("start")
            dialog.open()

"""The page: head, totals, map, and the panels beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from nicegui import ui

from allocator.errors import InputError
from allocator.maps.style import POPULATION_COLOURS
from allocator.review.adding import add_site
from allocator.review.deciding import decide, move_all
from allocator.review.entries import clean
from allocator.review.grids import PlacementGrid, audit_grid
from allocator.review.plan_map import PlanMap
from allocator.review.rounds import ComparePanel, solve_again
from allocator.review.rows import journal_rows, map_marks, tally
from allocator.review.screen import REVIEWER, Screen
from allocator.review.site_panel import SitePanel
from allocator.review.words import ACTIONS, PROOFS, STATES

if TYPE_CHECKING:
    from fastapi import Request

    from allocator.review.room import House

_STYLE = Path(__file__).with_name("review.css")
_TABS = ("site", "placements", "audit", "journal", "compare")
_WIDE = ("placements", "audit")
_REACH = ("#b2182b", "#ef8a62", "#fddbc7", "#d9ead3", "#8fc48a", "#3f8f4f")


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
                    self._tools()
                    self._maps()
                self._panels()
        screen.when_chosen(self._chosen)
        screen.when_decided(self._decided)
        self._decided(first=True)
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

    # --- The map ----------------------------------------------------------------------

    def _tools(self) -> None:
        screen, say = self.screen, self.screen.say
        view = screen.room.view
        services = {"": say("all_services"), **view.services}
        with ui.element("div").classes("rv-tools"):
            self._shading = ui.select(
                {"people": say("shade_people"), "reach": say("shade_reach")},
                value="people",
                on_change=self._look,
            ).props("dense borderless options-dense")
            self._service = ui.select(services, value="", on_change=self._look).props(
                "dense borderless options-dense"
            )
            self._dots = ui.select(
                {
                    "none": say("dots_none"),
                    "goes": say("dots_goes"),
                    "out": say("dots_out"),
                },
                value="none",
                on_change=self._look,
            ).props("dense borderless options-dense")
            ui.element("div").classes("rv-grow")
            self._adding = ui.button(
                say("add_site"), icon="add_location_alt", on_click=self._add
            ).props("flat dense no-caps")

    def _maps(self) -> None:
        screen, say = self.screen, self.screen.say
        name = screen.room.run.name
        self._before: PlanMap | None = None
        self._holder: ui.element | None = None
        self._row = ui.element("div").classes("rv-maps")
        with self._row, ui.element("div").classes("rv-map"):
            self.map = PlanMap(_source(name), self._map_words(), group="rounds")
            self.map.mark("map")
            self._legend = ui.element("div").classes("rv-legend")
            self._name = ui.label(f"{say('after')}: {name}").classes("rv-map-title")
            self._name.set_visibility(False)
        self._draw_legend()
        self.map.on_choose(screen.choose)
        self.map.on_drag(self._dragged)
        self.map.on_place(self._placed)

    def _map_words(self) -> dict[str, Any]:
        say = self.screen.say
        names = ("people", "persons", "minutes", "reach", "drag")
        words: dict[str, Any] = {name: say(name) for name in names}
        words["services"] = self.screen.room.view.services
        words["actions"] = say.words(ACTIONS)
        return words

    def _draw_legend(self) -> None:
        say = self.screen.say
        self._legend.clear()
        colours = {
            "new": "#d1450f",
            "keep": "#fff",
            "close": "#b9bec4",
            "candidate": "#fff",
        }
        with self._legend:
            for state, text in STATES.items():
                with ui.element("div").classes("rv-row"):
                    dashed = "border-style: dashed;" if state != "keep" else ""
                    solid = (
                        ""
                        if state != "new"
                        else "border-color: #7a2503; border-style: solid;"
                    )
                    ui.element("i").style(
                        f"background: {colours[state]}; {dashed}{solid}"
                    )
                    ui.label(text.say(say.language))
            reach = self._shading.value == "reach"
            ui.label(say("reach") if reach else say("people"))
            with ui.element("div").classes("rv-ramp"):
                for colour in _REACH if reach else POPULATION_COLOURS:
                    ui.element("span").style(f"background: {colour}")
            if reach:
                ui.label("< 50 70 85 95 99.9 %").classes("rv-quiet")

    def _look(self) -> None:
        for one in (self.map, self._before):
            if one is not None:
                one.look(
                    shading=self._shading.value,
                    service=self._service.value or "",
                    dots=self._dots.value,
                )
        self._draw_legend()

    def _add(self) -> None:
        self.map.look(adding=True)
        ui.notify(self.screen.say("adding"))

    def _placed(self, lon: float, lat: float) -> None:
        self.map.look(adding=False)
        add_site(self.screen, lon, lat)

    def _dragged(self, site_id: str, lon: float, lat: float) -> None:
        """Ask to move what is new at a site that was dragged.

        What is held today stays; a service that the map is filtered by is meant alone.
        """
        screen = self.screen
        place = screen.room.view.places.get(site_id)
        if place is None:
            keys = [key for key, e in screen.room.stands.items() if key[0] == site_id]
            for key in keys[:1]:
                decide(screen, key, "move", place=(lon, lat))
            return
        movable = [o for o in place.options if o.action in ("build", "upgrade")]
        own = [o for o in movable if o.service == self._service.value] or movable
        if not own:
            ui.notify(screen.say("no_move"))
            return
        phases = {(site_id, option.service): option.phase for option in own}
        move_all(screen, phases, (lon, lat))

    def _beside(self, *, shown: bool) -> None:
        """Show the map of the round before beside this one, or take it away."""
        parent = self._compare.parent
        self._name.set_visibility(shown)
        if not shown and self._before is not None:
            if self._holder is not None:
                self._holder.delete()
            self._before = self._holder = None
        if shown and parent is not None and self._before is None:
            with self._row, ui.element("div").classes("rv-map") as holder:
                words = self._map_words()
                source = _source(parent)
                self._before = PlanMap(source, words, group="rounds", readonly=True)
                title = f"{self.screen.say('before')}: {parent}"
                ui.label(title).classes("rv-map-title")
            self._holder = holder
            holder.move(self._row, 0)
            self._look()

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
                beside = ui.switch(
                    say("beside"),
                    on_change=lambda event: self._beside(shown=bool(event.value)),
                ).mark("beside")
                self._compare = ComparePanel(screen)
                beside.set_visibility(self._compare.parent is not None)

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
        self.map.look(chosen=self.screen.chosen)
        if str(self._bar.value) not in ("site", "placements"):
            self._bar.set_value("site")

    def _decided(self, *, first: bool = False) -> None:
        screen = self.screen
        decided, placed = tally(screen.room)
        self._tally.set_text(f"{decided} / {placed}")
        self.map.show_marks(map_marks(screen.room), first=first)
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


def _source(name: str) -> str:
    """Return the address of the drawing of a round."""
    return f"/drawing/{quote(name, safe='')}"

"""The map with its tools: what it shows, what is dragged, and the round before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from nicegui import ui

from allocator.maps.style import POPULATION_COLOURS
from allocator.review.adding import add_site
from allocator.review.deciding import decide, move_all
from allocator.review.plan_map import PlanMap
from allocator.review.rows import map_marks
from allocator.review.words import ACTIONS, STATES

if TYPE_CHECKING:
    from allocator.review.screen import Screen

type Together = Literal["", "beside", "swipe"]

_REACH = ("#b2182b", "#ef8a62", "#fddbc7", "#d9ead3", "#8fc48a", "#3f8f4f")
_HALF = 50  # per cent of the width: where the swipe begins
# The slider moves in the browser alone: nothing is asked of the server.
_SWIPE = (
    "(event) => event.target.closest('.rv-maps')"
    ".style.setProperty('--at', event.target.value + '%')"
)


class MapPane:
    """The map of the round that is shown; the round before beside it or over it.

    Parameters
    ----------
    screen
        What it shows.
    before
        The round before; None where there is none.
    """

    def __init__(self, screen: Screen, before: str | None) -> None:
        self.screen, self._parent = screen, before
        self._tools()
        self._maps()
        self.mark(first=True)
        screen.when_chosen(lambda: self.map.look(chosen=screen.chosen))
        screen.when_decided(self.mark)

    def mark(self, *, first: bool = False) -> None:
        """Show what is decided."""
        self.map.show_marks(map_marks(self.screen.room), first=first)

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
            self.map = PlanMap(_source(name), self._words(), group="rounds")
            self.map.mark("map")
            self._legend = ui.element("div").classes("rv-legend")
            self._name = ui.label(f"{say('after')}: {name}").classes("rv-map-title")
            self._name.set_visibility(False)
        with self._row:
            self._add_slider()
        self._draw_legend()
        self.map.on_choose(screen.choose)
        self.map.on_drag(self._dragged)
        self.map.on_place(self._placed)

    def _words(self) -> dict[str, Any]:
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

    def together(self, how: Together) -> None:
        """Show the round before beside this one, or under a slider, or not at all."""
        self._name.set_visibility(bool(how))
        self._row.classes(
            add="rv-swipe" if how == "swipe" else "",
            remove="" if how == "swipe" else "rv-swipe",
        )
        self._slider.set_visibility(how == "swipe")
        if not how and self._before is not None:
            if self._holder is not None:
                self._holder.delete()
            self._before = self._holder = None
        if how and self._parent is not None and self._before is None:
            self._show_before(self._parent)

    def _show_before(self, parent: str) -> None:
        with self._row, ui.element("div").classes("rv-map rv-before") as holder:
            source = _source(parent)
            self._before = PlanMap(source, self._words(), group="rounds", readonly=True)
            title = f"{self.screen.say('before')}: {parent}"
            ui.label(title).classes("rv-map-title")
        self._holder = holder
        holder.move(self._row, 0)
        self._look()

    def _add_slider(self) -> None:
        """Add the slider of the swipe: an input, so that arrow keys move it too."""
        with ui.element("div").classes("rv-slider") as self._slider:
            ui.element("div").classes("rv-slider-line")
            handle = ui.element("input")
            handle.props(f"type=range min=0 max=100 step=1 value={_HALF}")
            handle.props["aria-label"] = self.screen.say("swipe_label")
            handle.on("input", js_handler=_SWIPE)
        self._slider.set_visibility(False)


def _source(name: str) -> str:
    """Return the address of the drawing of a round."""
    return f"/drawing/{quote(name, safe='')}"

"""The panel about one site: what stands there, why, and what is decided of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from allocator.decisions import Verdict
from allocator.review.deciding import Price, decide
from allocator.review.entries import new_entry
from allocator.review.rows import subject
from allocator.review.words import STATES

if TYPE_CHECKING:
    from allocator.review.entries import Entry, Key
    from allocator.review.screen import Screen
    from allocator.review.view import Option, Place

_STYLES = {
    "accept": ("check", "green-8"),
    "reject": ("close", "red-9"),
    "lock": ("lock", "blue-9"),
    "defer": ("schedule", "orange-9"),
}


class SitePanel:
    """The panel; it draws itself anew when a site is chosen or decided on.

    Parameters
    ----------
    screen
        What it shows.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        places = screen.room.view.places
        names = {p.id: f"{p.name} · {p.zone} · {p.county}" for p in places.values()}
        self._search = ui.select(
            names,
            label=screen.say("search"),
            with_input=True,
            on_change=lambda event: screen.choose(str(event.value or "")),
        )
        self._search.props("dense outlined clearable").mark("search")
        self._search.style("width: 100%")
        self._box = ui.element("div").style(
            "display: flex; flex-direction: column; gap: 8px; width: 100%"
        )
        screen.when_chosen(self.draw)
        screen.when_decided(self._decided)
        self._shown: dict[Key, Entry | None] = {}
        self.draw()

    def _decided(self) -> None:
        """Draw anew where what was decided is about this site."""
        if self._said_here() != self._shown:
            self.draw()

    def _said_here(self) -> dict[Key, Entry | None]:
        """Return what is decided of everything at the site that is chosen."""
        room, chosen = self._screen.room, self._screen.chosen
        place = room.view.places.get(chosen)
        options = () if place is None else place.options
        pairs = [(chosen, option.service) for option in options]
        own = {key: room.verdict_on(key) for key in pairs}
        return own | {key: e for key, e in room.stands.items() if key[0] == chosen}

    def draw(self) -> None:
        """Draw the site that is chosen."""
        screen = self._screen
        self._shown = self._said_here()
        self._box.clear()
        with self._box:
            place = screen.room.view.places.get(screen.chosen)
            if place is not None:
                self._place(place)
            elif screen.chosen:
                self._added(screen.chosen)
            else:
                ui.label(screen.say("choose")).classes("rv-quiet")

    def _place(self, place: Place) -> None:
        say = self._screen.say
        ui.label(place.name).classes("rv-name").mark("site-name")
        words = [
            place.county,
            place.zone,
            place.kind,
            STATES[place.state].say(say.language),
        ]
        ui.label(" · ".join(word for word in words if word)).classes("rv-quiet")
        for option in place.options:
            if option.action:
                self._option(place, option)
        others = [option for option in place.options if not option.action]
        if others:
            ui.label(say.words(STATES)["candidate"]).classes("rv-h")
        for option in others:
            self._option(place, option)
        self._whole(place)

    def _option(self, place: Place, option: Option) -> None:
        room, say = self._screen.room, self._screen.say
        key = (place.id, option.service)
        new = option.action in ("build", "upgrade")
        kind = "rv-placed" if new else "rv-kept" if option.action else ""
        with ui.element("div").classes(f"rv-card {kind}"):
            with ui.element("div").classes("rv-row"):
                ui.label(room.view.services.get(option.service, option.service)).style(
                    "font-weight: 600"
                )
                chip = ui.label(say.action(option.action)).classes("rv-chip")
                if new:
                    chip.classes("rv-new")
                if option.phase is not None and option.action != "keep":
                    ui.label(str(option.phase)).classes("rv-chip")
            ui.label(self._figures(option)).classes("rv-quiet")
            self._clauses(option)
            entry = room.verdict_on(key)
            if entry is not None:
                self._said(entry)
            self._buttons(key, option)
            self._worth(key, option)

    def _figures(self, option: Option) -> str:
        say = self._screen.say
        parts = [
            f"{say(name)} {wan:,.0f} {say('wan')}"
            for name, wan in (
                ("capital", option.capital_wan),
                ("yearly", option.yearly_wan),
            )
            if wan or option.action != "keep"
        ]
        if option.people is not None:
            parts.append(f"{say('served')} {option.people:,.0f} {say('persons')}")
        if option.minutes is not None:
            parts.append(f"{say('mean')} {option.minutes:.1f} {say('minutes')}")
        return " · ".join(parts)

    def _clauses(self, option: Option) -> None:
        say = self._screen.say
        if not option.action:
            return
        if not option.clauses:
            ui.label(say("no_clause")).classes("rv-quiet")
            return
        known = self._screen.room.view.clauses
        for rule_id in option.clauses:
            clause = known.get(rule_id)
            if clause is None:
                ui.label(rule_id)
                continue
            with ui.element("div").classes("rv-quote"):
                ui.label(clause.quote or rule_id)
                where = " ".join(p for p in (clause.document, clause.clause) if p)
                ui.label(f"{rule_id} · {where}").classes("rv-quiet")

    def _said(self, entry: Entry) -> None:
        screen = self._screen
        with ui.element("div").classes("rv-said rv-row"):
            with ui.element("b").classes(f"plan-map-{entry.verdict}"):
                ui.label(screen.say.verdict(entry.verdict))
            words = " · ".join(w for w in (entry.who, entry.when[:10], entry.why) if w)
            ui.label(words).mark("said")
            ui.element("div").classes("rv-grow")
            ui.button(
                screen.say("undo_this"), on_click=lambda: screen.undo(entry.id)
            ).props("flat dense no-caps")
            if entry.price:
                ui.label(entry.price).classes("rv-quiet").style("width: 100%")

    def _buttons(self, key: Key, option: Option) -> None:
        screen = self._screen
        verdicts = ["accept", "reject", "lock", "defer"]
        if not option.action:
            verdicts = ["lock", "reject"]
        elif option.today:
            verdicts = [
                "accept",
                "reject",
                "lock",
            ]  # held today: no later, nowhere else
        with ui.element("div").classes("rv-row"):
            for verdict in verdicts:
                icon, colour = _STYLES[verdict]
                ui.button(
                    screen.say.verdict(verdict),
                    icon=icon,
                    color=colour,
                    on_click=lambda v=verdict: decide(
                        screen, key, v, phase=option.phase
                    ),
                ).props("outline dense no-caps size=sm").mark(f"{verdict}-{key[1]}")

    def _worth(self, key: Key, option: Option) -> None:
        """Offer to solve the plan again without this placement, or with it."""
        screen = self._screen
        if screen.room.quotes is None or option.today:
            return
        holder = ui.element("div").style("width: 100%")

        def ask() -> None:
            holder.clear()
            verdict = Verdict.REJECT if option.action else Verdict.LOCK
            with holder:
                Price(screen, new_entry(screen.who, key, verdict, phase=option.phase))

        with holder:
            ui.button(screen.say("why"), icon="help_outline", on_click=ask).props(
                "flat dense no-caps size=sm"
            )

    def _whole(self, place: Place) -> None:
        screen, key = self._screen, (place.id, "")
        if len(place.options) <= 1:
            return
        entry = screen.room.stands.get(key)
        with ui.element("div").classes("rv-card"):
            ui.label(screen.say("whole_site")).style("font-weight: 600")
            if entry is not None and entry.verdict:
                self._said(entry)
            with ui.element("div").classes("rv-row"):
                for words, verdict in (("lock_in", "lock"), ("lock_out", "reject")):
                    ui.button(
                        screen.say(words),
                        on_click=lambda v=verdict: decide(screen, key, v),
                    ).props("outline dense no-caps size=sm")

    def _added(self, site_id: str) -> None:
        """Show a site that the review added and no plan knows yet."""
        screen = self._screen
        for key, entry in sorted(screen.room.stands.items()):
            if key[0] == site_id and entry.verdict:
                ui.label(subject(screen.room, key)).classes("rv-name").mark("site-name")
                self._said(entry)

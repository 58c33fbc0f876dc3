"""The dialog that a decision is taken in: what it costs, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from allocator.decisions import Verdict
from allocator.review.entries import Entry, Key, new_entry
from allocator.review.rows import subject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from allocator.review.quotes import Asked
    from allocator.review.screen import Screen

_LOOK_S = 0.2


class Price:
    """A price as it comes in: what is being solved, how to stop it, the answer.

    Parameters
    ----------
    screen
        Whose room is asked.
    proposed
        The decision.
    """

    def __init__(self, screen: Screen, proposed: Entry) -> None:
        self._screen = screen
        self.asked: Asked | None = screen.room.price(proposed)
        self._shown = ""
        with ui.element("div").classes("rv-price") as self.box:
            pass
        self._draw()
        if self.asked is not None and not self.asked.over:
            self._timer = ui.timer(_LOOK_S, self._draw)

    @property
    def words(self) -> str:
        """What the decision costs in one line; empty while that is not known."""
        asked = self.asked
        return asked.headline if asked is not None and asked.state == "done" else ""

    def _draw(self) -> None:
        asked = self.asked
        state = "" if asked is None else f"{asked.state}{asked.step}"
        if self._shown == state and state:
            return
        self._shown = state
        self.box.clear()
        with self.box:
            self._fill(asked)
        if asked is not None and asked.over and hasattr(self, "_timer"):
            self._timer.deactivate()

    def _fill(self, asked: Asked | None) -> None:
        say = self._screen.say
        if asked is None:
            ui.label(say("no_price")).classes("rv-quiet")
            return
        ui.label(say("price")).classes("rv-quiet")
        if not asked.over:
            with ui.element("div").classes("rv-row"):
                ui.spinner(size="18px")
                ui.label(asked.step or say("pricing"))
                ui.element("div").classes("rv-grow")
                ui.button(say("stop"), on_click=lambda: self._stop(asked)).props(
                    "flat dense no-caps"
                )
            return
        if asked.state != "done":
            ui.label(say("stopped") if asked.state == "cancelled" else say("unpriced"))
            for line in asked.problems:
                ui.label(line)
            return
        with ui.element("div").classes(f"rv-{asked.verdict}"):
            with ui.element("b"):
                ui.label(asked.headline).mark("headline")
            for line in asked.lines:
                ui.label(line).classes("rv-quiet")
        ui.label(say("alone")).classes("rv-quiet")

    def _stop(self, asked: Asked) -> None:
        if self._screen.room.quotes is not None:
            self._screen.room.quotes.cancel(asked)
        self._draw()


def decide(
    screen: Screen,
    key: Key,
    verdict: str,
    *,
    phase: int | None = None,
    place: tuple[float, float] | None = None,
) -> None:
    """Open the dialog for a decision; it can be confirmed before its price is there."""
    _ask(screen, {key: phase}, verdict, place)


def move_all(
    screen: Screen, phases: dict[Key, int | None], place: tuple[float, float]
) -> None:
    """Open one dialog to move services of a site; each can be left where it is."""
    _ask(screen, phases, Verdict.MOVE, place)


def _ask(
    screen: Screen,
    phases: dict[Key, int | None],
    verdict: str,
    place: tuple[float, float] | None,
) -> None:
    say = screen.say
    several = len(phases) > 1
    wanted: dict[Key, ui.checkbox] = {}
    prices: dict[Key, Price] = {}
    first = next(iter(phases))
    about = (first[0], "") if several else first
    with _dialog() as dialog, ui.card().classes("rv-dialog"):
        words = f"{say.verdict(verdict)}: {subject(screen.room, about)}"
        ui.label(words).classes("rv-name")
        if place is not None:
            ui.label(f"{say('moved_to')} {place[0]:.5f}, {place[1]:.5f}")
        for key, phase in phases.items():
            if several:
                services = screen.room.view.services
                wanted[key] = ui.checkbox(services.get(key[1], key[1]), value=True)
            proposed = new_entry(screen.who, key, verdict, phase=phase, place=place)
            prices[key] = Price(screen, proposed)
        reason = ui.input(say("reason")).props("autofocus dense outlined maxlength=500")
        reason.style("width: 100%").mark("reason")

        async def confirm() -> None:
            for key, phase in phases.items():
                if key in wanted and not wanted[key].value:
                    continue
                entry = new_entry(
                    screen.who,
                    key,
                    verdict,
                    why=str(reason.value or ""),
                    phase=phase,
                    place=place,
                )
                if not await screen.decide(entry, price=prices[key].words):
                    return
            dialog.close()

        _buttons(screen, dialog, list(prices.values()), confirm)
        reason.on("keydown.enter", confirm)
    dialog.open()


def _dialog() -> ui.dialog:
    """Return a dialog that is gone once it is closed."""
    dialog = ui.dialog().props("transition-duration=0")
    dialog.on_value_change(lambda event: None if event.value else dialog.delete())
    return dialog


def _buttons(
    screen: Screen,
    dialog: ui.dialog,
    prices: Sequence[Price],
    confirm: Callable[[], Awaitable[None]],
) -> None:
    say = screen.say
    with ui.element("div").classes("rv-row").style("justify-content: flex-end"):
        ui.button(say("cancel"), on_click=dialog.close).props("flat no-caps")
        button = ui.button(on_click=confirm).props("no-caps").mark("confirm")

    def label() -> None:
        waiting = any(p.asked is not None and not p.asked.over for p in prices)
        button.set_text(say("confirm_unpriced") if waiting else say("confirm"))

    label()
    ui.timer(_LOOK_S, label)


def add_site(screen: Screen, lon: float, lat: float) -> None:
    """Open the dialog for a new candidate at a point."""
    say = screen.say
    services = {"": say("optional"), **screen.room.view.services}
    with _dialog() as dialog, ui.card().classes("rv-dialog"):
        ui.label(f"{say('add_site')}: {lon:.5f}, {lat:.5f}").classes("rv-name")
        name = ui.input(say("name")).props("autofocus dense outlined maxlength=100")
        name.style("width: 100%").mark("name")
        service = ui.select(services, value="", label=say("service"))
        service.props("dense outlined").style("width: 100%")
        reason = ui.input(say("reason")).props("dense outlined maxlength=500")
        reason.style("width: 100%")
        holder = ui.element("div").style("width: 100%")
        prices: list[Price] = []

        def proposed() -> Entry:
            return new_entry(
                screen.who,
                (free_id(screen), str(service.value or "")),
                Verdict.ADD,
                why=str(reason.value or ""),
                place=(lon, lat),
                name=str(name.value or ""),
            )

        def ask() -> None:
            holder.clear()
            prices.clear()
            if service.value:
                with holder:
                    prices.append(Price(screen, proposed()))

        async def confirm() -> None:
            words = prices[0].words if prices else ""
            if await screen.decide(proposed(), price=words):
                dialog.close()

        service.on_value_change(ask)
        with ui.element("div").classes("rv-row").style("justify-content: flex-end"):
            ui.button(say("cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(say("confirm"), on_click=confirm).props("no-caps").mark("confirm")
    dialog.open()


def free_id(screen: Screen) -> str:
    """Return an id that no site has: ``N1``, ``N2`` ..."""
    taken = {entry.site_id for entry in screen.room.entries}
    taken |= set(screen.room.view.places)
    number = 1
    while f"N{number}" in taken:
        number += 1
    return f"N{number}"

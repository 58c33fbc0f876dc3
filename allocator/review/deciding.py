"""The dialog that a decision is taken in: what it costs, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from allocator.decisions import Verdict
from allocator.review.entries import Entry, Key, new_entry
from allocator.review.rows import subject

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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
        The decisions, priced as one.
    """

    def __init__(self, screen: Screen, *proposed: Entry) -> None:
        self._screen = screen
        self.asked: Asked | None = screen.room.price(*proposed)
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
    first = next(iter(phases))
    about = (first[0], "") if several else first
    with passing_dialog(screen) as dialog, ui.card().classes("rv-dialog"):
        words = f"{say.verdict(verdict)}: {subject(screen.room, about)}"
        ui.label(words).classes("rv-name")
        if place is not None:
            ui.label(f"{say('moved_to')} {place[0]:.5f}, {place[1]:.5f}")
        wanted: dict[Key, ui.checkbox] = {}
        for key in phases if several else ():
            services = screen.room.view.services
            wanted[key] = ui.checkbox(services.get(key[1], key[1]), value=True)
        holder = ui.element("div").style("width: 100%")
        reason = ui.input(say("reason")).props("autofocus dense outlined maxlength=500")
        reason.style("width: 100%").mark("reason")

        def proposed() -> list[Entry]:
            why = str(reason.value or "")
            return [
                new_entry(screen.who, key, verdict, why=why, phase=phase, place=place)
                for key, phase in phases.items()
                if key not in wanted or wanted[key].value
            ]

        prices = Prices(screen, holder, proposed)
        for box in wanted.values():
            box.on_value_change(prices.ask)

        async def confirm() -> None:
            for entry in proposed():
                if not await screen.decide(entry, price=prices.words):
                    return
            dialog.close()

        buttons(screen, dialog, prices, confirm)
        reason.on("keydown.enter", confirm)
    dialog.open()


class Prices:
    """The price of what a dialog proposes, asked for anew when that changes.

    Parameters
    ----------
    screen
        Whose room is asked.
    holder
        Where it is shown.
    proposed
        Returns the decisions that are proposed now.
    """

    def __init__(
        self, screen: Screen, holder: ui.element, proposed: Callable[[], list[Entry]]
    ) -> None:
        self._screen, self._holder, self._proposed = screen, holder, proposed
        self._price: Price | None = None
        self.ask()

    def ask(self) -> None:
        """Ask what is proposed now."""
        self._holder.clear()
        self._price = None
        entries = self._proposed()
        if entries:
            with self._holder:
                self._price = Price(self._screen, *entries)

    @property
    def words(self) -> str:
        """As `Price.words`."""
        return "" if self._price is None else self._price.words

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        asked = None if self._price is None else self._price.asked
        return asked is not None and not asked.over


def passing_dialog(screen: Screen) -> ui.dialog:
    """Return a dialog that is gone once it is closed.

    It belongs to the page: a panel that is drawn anew, because somebody else decided
    meanwhile, does not take it away.
    """
    with screen.layer:
        dialog = ui.dialog().props("transition-duration=0")
    dialog.on_value_change(lambda event: None if event.value else dialog.delete())
    return dialog


def buttons(
    screen: Screen,
    dialog: ui.dialog,
    prices: Prices,
    confirm: Callable[[], Awaitable[None]],
) -> None:
    """Add the buttons of a dialog: one to leave it, one to confirm at once."""
    say = screen.say
    with ui.element("div").classes("rv-row rv-buttons"):
        ui.button(say("cancel"), on_click=dialog.close).props("flat no-caps")
        button = ui.button(on_click=confirm).props("no-caps").mark("confirm")
        button.classes("rv-confirm")

    def label() -> None:
        words = "confirm_unpriced" if prices.waiting else "confirm"
        button.set_text(say(words))

    label()
    ui.timer(_LOOK_S, label)

"""The dialog for a new candidate: its name, what it is to hold, and its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from allocator.decisions import Verdict, class_words
from allocator.review.deciding import Prices, buttons, passing_dialog
from allocator.review.entries import new_entry
from allocator.review.journal import free_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.review.entries import Entry
    from allocator.review.screen import Screen


def add_site(screen: Screen, lon: float, lat: float) -> None:
    """Open the dialog for a new candidate at a point."""
    say = screen.say
    with passing_dialog(screen) as dialog, ui.card().classes("rv-dialog"):
        ui.label(f"{say('add_site')}: {lon:.5f}, {lat:.5f}").classes("rv-name")
        name = ui.input(say("name")).props("autofocus dense outlined maxlength=100")
        name.style("width: 100%").mark("name")
        services = ui.select(
            dict(screen.room.view.services),
            value=[],
            multiple=True,
            label=say("services"),
        )
        services.props("dense outlined use-chips").mark("services")
        services.style("width: 100%")
        classes = _Classes(screen)
        reason = ui.input(say("reason")).props("dense outlined maxlength=500")
        reason.style("width: 100%")
        holder = ui.element("div").style("width: 100%")

        def wanted() -> list[str]:
            return list(services.value or [])

        def proposed(site_id: str = "") -> list[Entry]:
            return [
                new_entry(
                    screen.who,
                    (site_id, service),
                    Verdict.ADD,
                    why=str(reason.value or ""),
                    place=(lon, lat),
                    name=str(name.value or ""),
                    site_class=classes.chosen,
                )
                for service in wanted() or [""]
            ]

        def priced() -> list[Entry]:
            """Return what is asked for as it would be called; nothing that is vague."""
            there = free_id(screen.room.entries, screen.room.view.site_ids)
            return proposed(there) if wanted() and classes.known else []

        prices = Prices(screen, holder, priced)
        classes.when_chosen(prices.ask)

        def other_services() -> None:
            classes.offer(wanted())
            prices.ask()

        services.on_value_change(other_services)

        async def confirm() -> None:
            if not classes.known:
                ui.notify(say("class_needed"), type="warning")
                return
            site_id = ""
            for entry in proposed():
                own = entry.as_dict() | {"site_id": site_id}
                written = await screen.decide(type(entry)(**own), price=prices.words)
                if written is None:
                    return
                site_id = written.site_id
            dialog.close()

        buttons(screen, dialog, prices, confirm)
    dialog.open()


class _Classes:
    """What a new site may be: chosen, or the only class that fits.

    Parameters
    ----------
    screen
        Whose run says which classes may hold what.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._fit: list[str] = []
        say = screen.say
        self._select = ui.select({}, label=say("class"), on_change=self._told)
        self._select.props("dense outlined").style("width: 100%").mark("class")
        self._only = ui.label().classes("rv-quiet").mark("class-only")
        self._then: list[Callable[[], None]] = []
        self._impossible = False
        self.offer([])

    @property
    def chosen(self) -> str:
        """The class; empty where none is needed, or none is chosen yet."""
        if len(self._fit) == 1:
            return self._fit[0]
        return str(self._select.value or "")

    @property
    def known(self) -> bool:
        """Whether nothing is left to choose, and something can be."""
        return not self._impossible and (not self._fit or bool(self.chosen))

    def when_chosen(self, handler: Callable[[], None]) -> None:
        """Call when a class is chosen."""
        self._then.append(handler)

    def offer(self, services: list[str]) -> None:
        """Offer the classes that may hold all of some services."""
        view, say = self._screen.room.view, self._screen.say
        asked = [view.classes.get(one, ()) for one in services or [""]]
        needed = [set(classes) for classes in asked if classes]
        self._fit = sorted(set.intersection(*needed)) if needed else []
        self._impossible = bool(needed) and not self._fit
        words = {code: class_words(code).say(say.language) for code in self._fit}
        kept = self._select.value if self._select.value in words else None
        self._select.set_options(words, value=kept)
        self._select.set_visibility(len(self._fit) > 1)
        only = words[self._fit[0]] if len(self._fit) == 1 else ""
        line = f"{say('class_only')}: {only}" if only else ""
        self._only.set_text(say("class_none") if self._impossible else line)

    def _told(self) -> None:
        for handler in self._then:
            handler()

"""What one browser looks at: the run, the site chosen, who is reviewing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from nicegui import run, ui

from allocator.errors import InputError
from allocator.review.entries import clean
from allocator.review.words import Speech

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocator.review.entries import Entry
    from allocator.review.room import House, Room

REVIEWER = "allocator_reviewer"  # the cookie that keeps the name of the reviewer
_YEAR_S = 365 * 24 * 3600
_TICK_S = 0.5


def lasting_dialog() -> ui.dialog:
    """Return a dialog that only its buttons close, and that is gone then."""
    dialog = ui.dialog().props("persistent transition-duration=0")
    dialog.on_value_change(lambda event: None if event.value else dialog.delete())
    return dialog


class Screen:
    """The state of one page; panels ask it and are told when it changes.

    Parameters
    ----------
    house
        All rounds.
    name
        The round that is shown.
    who
        The reviewer; empty: not asked yet.
    """

    def __init__(self, house: House, name: str, who: str) -> None:
        self.house = house
        self.room: Room = house.room(name)
        self.who = who
        self.chosen = ""
        self.say = Speech(self.room.language)
        self.layer: ui.element = ui.context.client.content
        self._version = self.room.refresh()
        self._on_choose: list[Callable[[], None]] = []
        self._on_decided: list[Callable[[], None]] = []
        self._busy = False

    # --- Telling panels ---------------------------------------------------------------

    def when_chosen(self, handler: Callable[[], None]) -> None:
        """Call when another site is chosen."""
        self._on_choose.append(handler)

    def when_decided(self, handler: Callable[[], None]) -> None:
        """Call when anybody decided or undid anything."""
        self._on_decided.append(handler)

    def choose(self, site_id: str) -> None:
        """Look at a site."""
        self.chosen = site_id
        for handler in self._on_choose:
            handler()

    def tick_every(self) -> None:
        """Look at the disk twice a second: other browsers decide too."""
        ui.timer(_TICK_S, self._look)

    async def _look(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            version = await run.io_bound(self.room.refresh)
        except OSError:
            version = None  # looked at again in half a second
        finally:
            self._busy = False
        if version is not None and version != self._version:
            self._told(version)

    def _told(self, version: tuple[int, int]) -> None:
        self._version = version
        for handler in self._on_decided:
            handler()

    # --- Deciding ---------------------------------------------------------------------

    async def decide(self, proposed: Entry, *, price: str = "") -> Entry | None:
        """Write a decision down, then say so; return it, None where it was not."""
        try:
            written = await asyncio.to_thread(
                self.room.decide, self.who, proposed, price=price
            )
        except OSError as error:
            self._refused(error)
            return None
        verdict = "" if written.entry is None else written.entry.verdict
        ui.notify(f"{self.say.verdict(verdict)} · {self.say('saved')}", type="positive")
        self._told(self.room.refresh())
        return written.entry

    async def undo_last(self) -> None:
        """Undo the last decision of this reviewer."""
        await self.undo()

    async def undo(self, entry_id: str | None = None) -> None:
        """Undo an entry, or the last of this reviewer."""
        try:
            written = await asyncio.to_thread(self.room.undo, self.who, entry_id)
        except OSError as error:
            self._refused(error)
            return
        if written.entry is None:
            ui.notify(self.say("nothing_to_undo"))
            return
        ui.notify(f"{self.say('undo_this')} · {self.say('saved')}", type="positive")
        self._told(self.room.refresh())

    def _refused(self, error: OSError) -> None:
        words = f"{self.say('not_saved')}: {error.strerror}"
        ui.notify(words, type="negative", timeout=0, close_button=True)

    # --- Who and which ----------------------------------------------------------------

    def call(self, who: str) -> None:
        """Remember the name of the reviewer in this browser."""
        self.who = clean(who)
        value = json.dumps(quote(self.who))
        ui.run_javascript(
            f"document.cookie = '{REVIEWER}=' + {value} + "
            f"'; Path=/; SameSite=Strict; Max-Age={_YEAR_S}'"
        )

    async def go(self, name: str) -> None:
        """Show another round."""
        try:
            await run.io_bound(self.house.room, name)
        except InputError as error:
            said = "\n".join(f.say(self.say.language) for f in error.findings)
            ui.notify(said, type="negative", multi_line=True)
            return
        ui.navigate.to(f"/?run={quote(name)}")

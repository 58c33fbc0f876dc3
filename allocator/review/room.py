"""One run under review, and the review of which it is a round."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from allocator.decisions import Verdict
from allocator.errors import AllocatorError, Language, Text
from allocator.pipeline import Review, compare_runs, read_task
from allocator.pipeline.origins import find_brief
from allocator.review.entries import Entry, Key, new_entry, settled, standing
from allocator.review.folders import later_runs, next_folder, open_run
from allocator.review.jobs import Solving
from allocator.review.journal import Journal, Written
from allocator.review.quotes import Asked, Quotes
from allocator.review.view import View, read_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.compare import Comparison
    from allocator.pipeline import Task


class Room:
    """A run, its decisions, and what they cost.

    Parameters
    ----------
    run
        The run folder.
    brief
        Its brief; None where it was not found: then nothing is priced or solved.
    language
        Of the screen; None: that of the run.

    Raises
    ------
    InputError
        When the run cannot be read.
    """

    def __init__(
        self, run: Path, brief: Path | None, language: Language | None = None
    ) -> None:
        certificate = open_run(run)
        self.run, self.brief = run, brief
        own: Language = "en" if certificate.get("language") == "en" else "zh"
        self.language: Language = language or own
        self.written_in: Language = own  # what the next round is written in too
        self.notes: tuple[str, ...] = ()
        task = self._task()
        self.view: View = read_view(run, certificate, task, self.language)
        self.journal = Journal(run, self.view.services, self.view.site_ids)
        self.quotes = (
            None if self.brief is None else Quotes(self.brief, run, self.language)
        )
        self._seen: tuple[tuple[int, int], list[Entry], dict[Key, Entry]] | None = None
        self.problems = self._say(self.journal.take_in())

    def _task(self) -> Task | None:
        """Read the task; where it cannot be read, say so and go without."""
        if self.brief is None:
            text = Text(
                "没有找到这个方案的任务书(或其后改过): 只能查看和记录意见; "
                "用 --brief 指明后可估算代价和重新求解",
                "the brief of this run was not found (or was changed since): decisions "
                "can be taken; with --brief they can be priced and the plan solved",
            )
            self.notes = (text.say(self.language),)
            return None
        try:
            return read_task(self.brief, review=Review.of_run(self.run))
        except AllocatorError as error:
            self.notes = tuple(f.say(self.language) for f in error.findings)
            self.brief = None
            return None

    def _say(self, written: Written) -> tuple[str, ...]:
        return tuple(f.say(self.language) for f in written.problems)

    # --- Decisions --------------------------------------------------------------------

    def refresh(self) -> tuple[int, int]:
        """Look at the disk; return what differs once anybody decided anything.

        What others wrote into ``decisions.csv`` by hand is taken in.
        """
        version = self.journal.version()
        if self._seen is not None and self._seen[0] == version:
            return version
        form_changed = self._seen is not None and self._seen[0][1] != version[1]
        if form_changed:
            self.problems = self._say(self.journal.take_in())
            version = self.journal.version()
        entries = self.journal.entries()
        self._seen = (version, entries, standing(entries))
        return version

    @property
    def entries(self) -> list[Entry]:
        """Every entry, as last looked at."""
        if self._seen is None:
            self.refresh()
        return [] if self._seen is None else self._seen[1]

    @property
    def stands(self) -> dict[Key, Entry]:
        """What is decided, as last looked at."""
        if self._seen is None:
            self.refresh()
        return {} if self._seen is None else self._seen[2]

    def decide(self, who: str, proposed: Entry, *, price: str = "") -> Written:
        """Write a proposed decision down; it is on the disk when this returns.

        Raises
        ------
        OSError
            When it cannot be written: nothing was decided.
        """
        place = _where(proposed)
        written = self.journal.decide(
            who,
            proposed.key,
            proposed.verdict,
            why=proposed.why,
            phase=proposed.phase,
            place=place,
            name=proposed.name,
            price=price,
            site_class=proposed.site_class,
        )
        self.problems = self._say(written)
        self.refresh()
        return written

    def undo(self, who: str, entry_id: str | None = None) -> Written:
        """Undo an entry, or the last one of a reviewer.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        written = self.journal.undo(who, entry_id)
        self.problems = self._say(written)
        self.refresh()
        return written

    def price(self, *proposed: Entry) -> Asked | None:
        """Ask what decisions cost as one; None where that cannot be found out."""
        asked = [self._asked(one) for one in proposed if one.verdict != Verdict.ACCEPT]
        known = [one for one in asked if one is not None]
        if self.quotes is None or not known or len(known) < len(asked):
            return None
        return self.quotes.ask(known)

    def _asked(self, proposed: Entry) -> Entry | None:
        """Return a proposed decision as it would be written; None: it takes back."""
        key, verdict, place = settled(
            proposed.key, proposed.verdict, _where(proposed), self.stands
        )
        if not verdict:
            return None
        before = self.stands.get(key)
        kind = "" if before is None else before.site_class
        try:
            return new_entry(
                "",
                key,
                verdict,
                phase=proposed.phase,
                place=place,
                name=proposed.name,
                site_class=proposed.site_class or kind,
            )
        except ValueError:
            return None

    def verdict_on(self, key: Key) -> Entry | None:
        """Return the decision on a pair that binds it, also through its origin."""
        stands = self.stands
        own = stands.get(key)
        if own is not None and own.verdict:
            return own
        origin, _, _ = settled(key, Verdict.MOVE, (0.0, 0.0), stands)
        found = stands.get(origin)
        if found is not None and found.verdict:
            return found
        whole = stands.get((key[0], ""))
        return whole if whole is not None and whole.verdict else None

    def close(self) -> None:
        """End the programs of this run."""
        if self.quotes is not None:
            self.quotes.close()


def _where(entry: Entry) -> tuple[float, float] | None:
    if entry.lon is None or entry.lat is None:
        return None
    return entry.lon, entry.lat


class House:
    """All rounds of a review: the run that was opened, and those that follow it.

    Parameters
    ----------
    run
        The run that was opened.
    brief
        Its brief; None: looked for by its fingerprint.
    language
        Of the screen; None: that of the run.
    places
        Folders in which a brief is looked for.

    Raises
    ------
    InputError
        When the run cannot be read.
    """

    def __init__(
        self,
        run: Path,
        brief: Path | None,
        language: Language | None,
        places: Sequence[Path] = (),
    ) -> None:
        run = run.resolve()
        certificate = open_run(run)
        self.brief = brief or find_brief(run, certificate, places, unchanged=True)
        self._language = language
        self.first = Room(run, self.brief, language)
        self.language = self.first.language
        self._rooms = {run.name: self.first}
        self._folders = {run.name: run} | {p.name: p for p in later_runs(run)}
        self._guard = threading.Lock()
        self.solving: Solving | None = None

    @property
    def names(self) -> list[str]:
        """The runs that can be shown, in their order."""
        return list(self._folders)

    def room(self, name: str) -> Room:
        """Return a round by the name of its folder.

        Raises
        ------
        KeyError
            When no round is called that: no other folder is ever opened.
        InputError
            When the run cannot be read.
        """
        folder = self._folders[name]
        with self._guard:
            if name not in self._rooms:
                self._rooms[name] = Room(folder, self.brief, self._language)
            return self._rooms[name]

    def solve(self, room: Room, *, best_effort: bool = False) -> Solving | None:
        """Begin to solve the next round; None while another is being solved.

        ``decisions.csv`` is first made to hold all that stands.
        """
        with self._guard:
            running = self.solving is not None and self.solving.state == "running"
            if running or room.brief is None:
                return None
            room.journal.take_in()
            self.solving = Solving(
                room.brief,
                room.run,
                next_folder(room.run),
                language=room.written_in,
                best_effort=best_effort,
            )
            return self.solving

    def look(self) -> None:
        """Make a run that was just solved one of the rounds."""
        solving = self.solving
        if solving is not None and solving.state == "done":
            self._folders.setdefault(solving.target.name, solving.target)

    def compare(self, before: str, after: str) -> Comparison:
        """Compare two rounds.

        Raises
        ------
        KeyError
            When no round is called that.
        InputError
            When a run cannot be read.
        """
        comparison, _ = compare_runs(self._folders[before], self._folders[after])
        return comparison

    def parent(self, name: str) -> str | None:
        """Return the round that a round was a review of."""
        parent = self.room(name).view.certificate.get("parent")
        folder = parent.get("folder") if isinstance(parent, dict) else None
        return folder if folder in self._folders and folder != name else None

    def close(self) -> None:
        """End every program that was started."""
        if self.solving is not None:
            self.solving.cancel()
        for room in self._rooms.values():
            room.close()

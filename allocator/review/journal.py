"""The journal of a review: every decision on disk before it is shown as taken.

``review/journal.jsonl`` in the run folder is only ever added to, one JSON object a
line, under a lock and flushed to the disk. ``decisions.csv`` is made from it. A line
that a power cut tore off was never confirmed; it is passed over.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.errors import Finding, InputError, Text
from allocator.provenance import parse_json
from allocator.review.entries import (
    WITHDRAWN,
    Entry,
    Key,
    entry_of,
    last_of,
    new_entry,
    settled,
    standing,
    undoing,
)
from allocator.review.forms import read_form, write_form, written
from allocator.review.locking import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

FOLDER = "review"
FILE = "journal.jsonl"


@dataclass(frozen=True)
class Written:
    """What became of an entry that is in the journal now.

    Parameters
    ----------
    entry
        As it was written; None where there was nothing to do.
    problems
        Why ``decisions.csv`` could not be made anew; empty: it was.
    """

    entry: Entry | None
    problems: tuple[Finding, ...] = ()


class Journal:
    """The decisions of one run.

    Parameters
    ----------
    run
        The run folder.
    services
        Name by id of the services of the task.
    taken
        Ids of the sites of the task: no new one is called so.
    """

    def __init__(
        self, run: Path, services: Mapping[str, str], taken: Collection[str] = ()
    ) -> None:
        self.path = run / FOLDER / FILE
        self.form = run / "decisions.csv"
        self._lock = run / FOLDER / ".lock"
        self._services = dict(services)
        self._taken = frozenset(taken)
        # The bytes of the form, as last read or written, and its rows: to look for
        # headings in it again would take longer than anybody should wait.
        self._known: tuple[bytes, list[Entry]] | None = None

    def entries(self) -> list[Entry]:
        """Return every entry that is whole, oldest first."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        found = []
        for line in content.split(b"\n"):
            try:
                entry = entry_of(parse_json(line.decode("utf-8")))
            except ValueError:  # torn off, or no UTF-8, or no JSON
                continue
            if entry is not None:
                found.append(entry)
        return found

    def stands(self) -> dict[Key, Entry]:
        """Return what is decided, by site and service."""
        return standing(self.entries())

    def version(self) -> tuple[int, int]:
        """Return what differs once anybody wrote: of the journal, and of the form."""
        return _stamp(self.path), _stamp(self.form)

    def decide(
        self,
        who: str,
        key: Key,
        verdict: str,
        *,
        why: str = "",
        phase: int | None = None,
        place: tuple[float, float] | None = None,
        name: str = "",
        price: str = "",
        site_class: str = "",
    ) -> Written:
        """Write a decision down, as `settled` says; return when it is on the disk.

        A site that is added without an id gets one that nobody else was given.

        Raises
        ------
        ValueError
            As `new_entry`.
        OSError
            When the journal cannot be written: nothing was decided then.
        """

        def made(entries: Sequence[Entry]) -> Entry:
            asked = key
            if not key[0]:
                asked = free_id(entries, self._taken), key[1]
            there, as_what, where = settled(asked, verdict, place, standing(entries))
            before = standing(entries).get(there)
            own = name or ("" if before is None else before.name)
            kind = site_class or ("" if before is None else before.site_class)
            return new_entry(
                who,
                there,
                as_what,
                why=why,
                phase=phase,
                place=where,
                name=own if where is not None else "",
                price=price,
                site_class=kind,
            )

        return self._add(made)

    def undo(self, who: str, entry_id: str | None = None) -> Written:
        """Undo an entry; without an id the last one of the reviewer.

        Raises
        ------
        OSError
            When the journal cannot be written.
        """

        def made(entries: Sequence[Entry]) -> Entry | None:
            if entry_id is None:
                last = last_of(entries, who)
            else:
                last = next((e for e in entries if e.id == entry_id), None)
            return None if last is None else undoing(last, who)

        return self._add(made)

    def take_in(self) -> Written:
        """Take in what others wrote into the form by hand, and write the form anew."""
        return self._add(lambda _: None)

    def _add(self, made: Callable[[Sequence[Entry]], Entry | None]) -> Written:
        with locked(self._lock):
            entries = self.entries()
            rows: list[Entry] = []
            problems: tuple[Finding, ...] = ()
            try:
                rows = self._rows()
            except InputError as error:
                problems = error.findings
            by_hand = written_by_hand(rows, entries)
            entry = made([*entries, *by_hand])
            new = by_hand if entry is None else [*by_hand, entry]
            if new:
                self._write(new)
            if not problems:
                problems = self._make_form(rows, standing([*entries, *new]))
        return Written(entry, problems)

    def _rows(self) -> list[Entry]:
        try:
            content = self.form.read_bytes()
        except FileNotFoundError:
            return []
        except OSError:  # which reading it as a table names
            return read_form(self.form, self._services)
        if self._known is None or content != self._known[0]:
            self._known = content, read_form(self.form, self._services)
        return self._known[1]

    def _write(self, entries: Sequence[Entry]) -> None:
        """Add lines and wait until the disk has them."""
        lines = [json.dumps(e.as_dict(), ensure_ascii=False) for e in entries]
        new_file = not self.path.exists()
        with self.path.open("ab+") as file:
            torn = b""
            if file.tell() > 0:
                file.seek(-1, os.SEEK_END)
                torn = b"" if file.read(1) == b"\n" else b"\n"
            file.write(torn + "".join(f"{line}\n" for line in lines).encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if new_file:
            _flush_folder(self.path.parent)

    def _make_form(
        self, rows: Sequence[Entry], stands: Mapping[Key, Entry]
    ) -> tuple[Finding, ...]:
        """Write ``decisions.csv`` where it does not yet say what stands."""
        said = {row.key: written(row) for row in rows}
        blank = {row.key: row for row in rows if row.key not in stands and row.verdict}
        wanted = {
            key: written(entry)
            for key, entry in stands.items()
            if entry.verdict != WITHDRAWN or said.get(key, ("", "", ""))[2]
        }
        if not blank and all(said.get(key) == row for key, row in wanted.items()):
            return ()
        undone = {
            key: new_entry("", key, WITHDRAWN, phase=row.phase)
            for key, row in blank.items()
        }
        try:
            now = write_form(self.form, rows, {**stands, **undone})
            self._known = self.form.read_bytes(), now
        except OSError as error:
            text = Text(
                f"意见已记入审核记录, 但意见表无法写入: {error.strerror}",
                f"the decision is kept, but its table is not written: {error.strerror}",
            )
            remedy = Text("关闭打开该表的程序", "close the program that has it open")
            table = self.form.name
            return (Finding("form-not-written", text, table=table, remedy=remedy),)
        return ()


def free_id(entries: Sequence[Entry], taken: Collection[str]) -> str:
    """Return an id that no site has, and had in no decision: ``N1``, ``N2`` ..."""
    used = {entry.site_id for entry in entries}
    number = 1
    while f"N{number}" in used or f"N{number}" in taken:
        number += 1
    return f"N{number}"


def written_by_hand(rows: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """Return the rows of a form that no state of the journal has ever been.

    A form may lag behind the journal (the program was killed between the two); such a
    row is no news. So a row counts as written by hand only where the journal never held
    it, and a row that was blanked by hand does not take a decision back.
    """
    known = {written(entry) for entry in entries}
    return [
        row for row in rows if row.verdict != WITHDRAWN and written(row) not in known
    ]


def _stamp(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:
        return 0
    return found.st_mtime_ns ^ found.st_size


def _flush_folder(folder: Path) -> None:
    """Make a new file's name last through a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

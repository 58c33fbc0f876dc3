"""Asking what decisions cost, one after the other, without waiting for the answer."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from allocator.review.jobs import command, end, release, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

    from allocator.errors import Language
    from allocator.review.entries import Entry

type State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass
class Asked:
    """Decisions whose price as one is asked for; filled in as the answer comes.

    Parameters
    ----------
    entries
        The decisions, as they would be written.
    state, step
        How far it is.
    headline, lines, verdict
        The answer, see `allocator.review.pricing.RunPricer.quote`.
    problems
        Why there is none.
    """

    entries: tuple[Entry, ...]
    state: State = "waiting"
    step: str = ""
    headline: str = ""
    lines: tuple[str, ...] = ()
    verdict: str = ""
    problems: tuple[str, ...] = field(default=())

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in ("waiting", "running")


class Quotes:
    """The prices of decisions on one run, from a program that is kept running.

    Parameters
    ----------
    brief, run, language
        As `allocator.review.pricing.main`.
    """

    def __init__(self, brief: Path, run: Path, language: Language) -> None:
        arguments = [str(brief), str(run), language]
        self._command = command("allocator.review.pricing", arguments)
        self._process: subprocess.Popen[str] | None = None
        self._waiting: queue.Queue[Asked | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._guard = threading.Lock()
        self._known: dict[tuple[object, ...], Asked] = {}

    def ask(self, entries: Sequence[Entry]) -> Asked:
        """Ask for the price of decisions as one; a question is answered once."""
        question = tuple(
            (*e.key, e.verdict, e.phase, e.lon, e.lat, e.site_class) for e in entries
        )
        with self._guard:
            known = self._known.get(question)
            if known is not None and known.state not in ("failed", "cancelled"):
                return known
            asked = Asked(tuple(entries))
            self._known[question] = asked
            if not self._worker.is_alive():
                self._worker = threading.Thread(target=self._work, daemon=True)
                self._worker.start()
        self._waiting.put(asked)
        return asked

    def cancel(self, asked: Asked) -> None:
        """Give a question up; when it is being answered, that ends."""
        with self._guard:
            if asked.over:
                return
            running = asked.state == "running"
            asked.state = "cancelled"
            process = self._process if running else None
        if process is not None:
            end(process)

    def close(self) -> None:
        """End the program; what was asked is given up."""
        with self._guard:
            for asked in self._known.values():
                if not asked.over:
                    asked.state = "cancelled"
            process, self._process = self._process, None
        self._waiting.put(None)
        if process is not None:
            end(process)
        if self._worker.is_alive():
            self._worker.join()
        if process is not None:
            release(process)

    def _work(self) -> None:
        while (asked := self._waiting.get()) is not None:
            with self._guard:
                if asked.over:
                    continue
                asked.state = "running"
                if self._process is not None and self._process.poll() is not None:
                    release(self._process)
                    self._process = None
                if self._process is None:
                    self._process = start(self._command, talking=True)
                process = self._process
            self._answer(asked, process)

    def _answer(self, asked: Asked, process: subprocess.Popen[str]) -> None:
        entries = [entry.as_dict() for entry in asked.entries]
        question = json.dumps(entries, ensure_ascii=False)
        with contextlib.suppress(OSError, ValueError):
            if process.stdin is not None and process.stdout is not None:
                process.stdin.write(question + "\n")
                process.stdin.flush()
                for line in process.stdout:
                    if self._take(asked, json.loads(line)):
                        return
        with self._guard:
            if not asked.over:
                asked.state = "failed"

    def _take(self, asked: Asked, said: dict[str, Any]) -> bool:
        """Take one line of the answer; return whether it was the last."""
        with self._guard:
            if asked.over:
                return True
            if "step" in said:
                asked.step = str(said["step"])
                return False
            if "quote" in said:
                quote = said["quote"]
                asked.headline = str(quote["headline"])
                asked.lines = tuple(quote["lines"])
                asked.verdict = str(quote["verdict"])
                asked.state = "done"
            else:
                asked.problems = tuple(said.get("problems", ()))
                asked.state = "failed"
        return True

"""What decisions cost, in a program that stays while the review is open.

``python -m allocator.review.pricing BRIEF RUN LANGUAGE`` reads one question a line and
answers in lines, both JSON: the integer program is built once and asked again and
again, see `allocator.pipeline.pricing`. A move or a new site changes the task, which is
then read anew. What is asked together is priced as one change to the plan reviewed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.decisions import Decision, Verdict
from allocator.errors import AllocatorError, InfeasibleError, Language, Text
from allocator.pipeline.price_words import say_price, say_then
from allocator.pipeline.pricing import Pricing
from allocator.reasons.words import say_difference
from allocator.review.entries import Entry, entry_of
from allocator.review.forms import write_form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from allocator.pipeline.price_search import Price

_MOST_SECONDS = 120.0  # for one answer; what is proved by then is said
_PLACED = (Verdict.MOVE, Verdict.ADD)


class Teller:
    """Progress that hands every step on, and never stops the work.

    Parameters
    ----------
    tell
        Receives each step.
    """

    def __init__(self, tell: Callable[[Text], None]) -> None:
        self._tell = tell

    def step(self, text: Text) -> None:
        """Hand a step on."""
        self._tell(text)

    def update(self, text: Text) -> None:
        """Say nothing: steps are enough."""

    def cancelled(self) -> bool:
        """Return False: the process is ended instead."""
        return False


class RunPricer:
    """The run that is reviewed, and what changes to it cost.

    Parameters
    ----------
    brief, run
        The task and the run that is reviewed.
    language
        Of the answers.
    tell
        Receives each step of the work.
    """

    def __init__(
        self, brief: Path, run: Path, language: Language, tell: Callable[[Text], None]
    ) -> None:
        self._brief, self._run = brief, run
        self._language: Language = language
        self._progress = Teller(tell)
        self._pricing: Pricing | None = None

    def quote(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """Return what decisions cost as one change: headline, lines and verdict.

        Raises
        ------
        AllocatorError
            When task, run or decisions cannot be used.
        """
        if any(entry.verdict in _PLACED for entry in entries):
            pricing = self._with_places(entries)
            asked: Sequence[Decision] = pricing.tried
        else:
            pricing = self._kept()
            asked = [_decision(entry) for entry in entries]
        limit = pricing.task.brief.solver.time_limit_s
        return self._say(pricing, pricing.ask(asked, min(limit, _MOST_SECONDS)))

    def _kept(self) -> Pricing:
        if self._pricing is None:
            self._pricing = Pricing(self._brief, self._run, progress=self._progress)
        return self._pricing

    def _with_places(self, entries: Sequence[Entry]) -> Pricing:
        """Read the task with the places that decisions ask for."""
        with tempfile.TemporaryDirectory() as folder:
            form = Path(folder) / "decisions.csv"
            write_form(form, [], {entry.key: entry for entry in entries})
            return Pricing(self._brief, self._run, form, progress=self._progress)

    def _say(self, pricing: Pricing, price: Price) -> dict[str, Any]:
        lines = [] if price.found is None else list(price.found.differences)
        said = [say_difference(difference) for difference in lines]
        then = say_then(pricing.task, price)
        said += [then] if then is not None else []
        return {
            "headline": say_price(pricing.task, price).say(self._language),
            "lines": [line.say(self._language) for line in said],
            "verdict": price.result,
        }


def _decision(entry: Entry) -> Decision:
    return Decision(
        entry.site_id,
        entry.service,
        Verdict(entry.verdict),
        phase=entry.phase,
        row=entry.site_id,
    )


_IMPOSSIBLE = Text(
    "没有满足全部条款和预算的方案", "no plan keeps all clauses and the budget"
)


def main(arguments: list[str]) -> None:
    """Answer questions from stdin until it is closed.

    Parameters
    ----------
    arguments
        The brief, the run folder and the language.
    """
    brief, run = Path(arguments[0]), Path(arguments[1])
    language: Language = "en" if arguments[2] == "en" else "zh"

    def tell(content: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    pricer = RunPricer(
        brief, run, language, lambda text: tell({"step": text.say(language)})
    )
    for line in sys.stdin:
        entries = [entry_of(one) for one in json.loads(line)]
        known = [entry for entry in entries if entry is not None]
        try:
            tell({"quote": pricer.quote(known)})
        except InfeasibleError:
            words = _IMPOSSIBLE.say(language)
            tell({"quote": {"headline": words, "lines": [], "verdict": "impossible"}})
        except AllocatorError as error:
            tell({"problems": [f.say(language) for f in error.findings]})


if __name__ == "__main__":
    main(sys.argv[1:])

"""Random tasks by the thousand, and how often one was not as it must be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.trust.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy


def tally(
    strategy: SearchStrategy[Any],
    check: Callable[[Any], str],
    *,
    examples: int,
    start: int = 1,
) -> tuple[Counter[str], list[str]]:
    """Check so many random tasks.

    Parameters
    ----------
    strategy
        What is drawn.
    check
        Returns in a word what kind of task it was; raises where something is wrong.
    examples
        How many are drawn, at least 1.
    start
        Of the random draws: the same gives the same tasks.

    Returns
    -------
    kinds, wrong
        How many tasks of each kind were good; what was raised for each other.
    """
    kinds: Counter[str] = Counter()
    wrong: list[str] = []

    @seed(start)
    @settings(
        max_examples=max(1, examples),
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=strategy)
    def run(drawn: Any) -> None:
        try:
            kinds[check(drawn)] += 1
        except (Exception, pytest.fail.Exception) as error:
            wrong.append(f"{type(error).__name__}: {error}"[:500])

    run()
    return kinds, wrong


def figure_of(what: str, kinds: Counter[str], wrong: list[str]) -> Figure:
    """Return what `tally` counted as a line of the page, with the first wrong one."""
    note = in_words(kinds) + "".join(f"; {text}" for text in wrong[:1])
    return Figure(what, kinds.total() + len(wrong), len(wrong), note)


def in_words(kinds: Counter[str]) -> str:
    """Return the kinds of tasks, the most frequent first."""
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())

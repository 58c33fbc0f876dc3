"""Hostile input: each is built, given to the program, and must be refused quietly."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from tests.trust import hostile_files, hostile_review, hostile_words
from tests.trust.contained import CANARY, Container, empty
from tests.trust.figures import Figure
from tests.trust.hostile_cases import INFEASIBLE, Case, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.trust.contained import Seen

MOST_MB = 1536.0
MOST_SECONDS = 60.0


def complaints(case: Case, seen: Seen) -> list[str]:
    """Return everything that a command did otherwise than it must."""
    said = seen.out + seen.err
    wrong = {
        f"ended with {seen.code}": seen.code not in case.codes,
        "showed a traceback": "Traceback" in said or "panicked" in said,
        "said no finding": not seen.findings,
        "gave no remedy": any(
            not one["remedy"]
            for one in seen.findings
            if one["severity"] == "error" and seen.code != INFEASIBLE
        ),
        f"took {seen.peak_mb:.0f} MB": seen.peak_mb > MOST_MB,
        f"took {seen.seconds:.0f} s": seen.seconds > MOST_SECONDS,
        f"reached for the network {seen.connections} times": seen.connections > 0,
        f"touched {seen.touched}": bool(seen.touched),
        "showed what is outside": CANARY in said,
    }
    return [words for words, is_so in wrong.items() if is_so]


@contextmanager
def container() -> Iterator[Container]:
    """Give a container in a folder that is removed afterwards."""
    folder = Path(mkdtemp(prefix="allocator-hostile-"))
    try:
        with Container(folder) as held:
            yield held
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def attempt(held: Container, case: Case) -> tuple[Seen, list[str]]:
    """Give the program one hostile file; return what it did, and what is wrong."""
    folder = empty(held.folder / "task")
    arguments = case.write(Place(folder, held.address, held.outside))
    before = sorted(path.name for path in folder.iterdir())
    seen = held.run(arguments)
    wrong = complaints(case, seen)
    if sorted(path.name for path in folder.iterdir()) != before:
        wrong.append("left a file behind")
    return seen, wrong


def chosen(share: float) -> list[Case]:
    """Return the cases of a share: below 1 without those that take seconds."""
    return [case for case in hostile_files.cases() if share >= 1 or not case.heavy]


def figures(share: float) -> list[Figure]:
    """Try all that is hostile."""
    counted: dict[str, tuple[int, int]] = {}
    most: dict[str, float] = {}
    with container() as held:
        for case in chosen(share):
            seen, wrong = attempt(held, case)
            tried, failed = counted.get(case.group, (0, 0))
            counted[case.group] = tried + 1, failed + bool(wrong)
            most[case.group] = max(most.get(case.group, 0.0), seen.peak_mb)
            if wrong:
                print(f"{case.group}: {case.name}: {'; '.join(wrong)}")  # noqa: T201
        words = [*hostile_words.figures(held, whole=share >= 1)]
    return [
        *(
            Figure(group, tried, failed, f"at most {most[group]:.0f} MB")
            for group, (tried, failed) in counted.items()
        ),
        *words,
        *hostile_review.figures(),
    ]

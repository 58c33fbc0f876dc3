"""What a hostile input is, and the small task with one of its files replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cli.small_task import write_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INPUT, POLICY, INFEASIBLE = 3, 4, 5
MB = 1 << 20


@dataclass(frozen=True)
class Place:
    """Where a case is written: its folder, and what it may name to do harm.

    Parameters
    ----------
    folder
        Of the case; empty.
    address
        Host and port of the listener.
    outside
        The folder that must not be touched.
    """

    folder: Path
    address: str
    outside: Path


@dataclass(frozen=True)
class Case:
    """One hostile input, and how the program must end on it.

    Parameters
    ----------
    group
        The line of the table that it counts for.
    name
        What is hostile about it.
    write
        Writes its files and returns the arguments of the command.
    codes
        The exit codes that it may end with.
    heavy
        Whether it is left out of small shares: it takes seconds.
    """

    group: str
    name: str
    write: Callable[[Place], list[str]]
    codes: tuple[int, ...] = (INPUT,)
    heavy: bool = False


def sites_case(
    group: str,
    name: str,
    file: str,
    content: bytes | Callable[[Place], bytes],
    *,
    heavy: bool = False,
    codes: tuple[int, ...] = (INPUT,),
) -> Case:
    """Return a case where the sites of the small task are another file."""

    def write(place: Place) -> list[str]:
        raw = content if isinstance(content, bytes) else content(place)
        brief = write_task(
            place.folder, brief=('sites = "sites.csv"', f'sites = "{file}"')
        )
        (place.folder / file).write_bytes(raw)
        return ["check", str(brief), "--json"]

    return Case(group, name, write, codes, heavy)


def brief_case(
    group: str,
    name: str,
    old: str,
    new: str | Callable[[Place], str],
    *,
    codes: tuple[int, ...] = (INPUT,),
) -> Case:
    """Return a case where the brief of the small task says something else."""

    def write(place: Place) -> list[str]:
        text = new if isinstance(new, str) else new(place)
        brief = write_task(place.folder, brief=(old, text))
        return ["check", str(brief), "--json"]

    return Case(group, name, write, codes)

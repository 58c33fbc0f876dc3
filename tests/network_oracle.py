"""Every division of a few items among leads, tried one by one.

Shares no code with the package: items, people, minutes and what touches what are plain
dictionaries. What a division must keep is stated in ``docs/networks.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

type Owners = dict[str, str]


@dataclass(frozen=True)
class Best:
    """What trying everything finds; None where there is no division at all.

    ``deviation`` is the least there is where the balance asked for cannot be kept, else
    None; ``minutes`` are the least among the divisions that keep it, or deviate least.
    """

    minutes: float | None
    deviation: Fraction | None


def best_division(
    people: Mapping[str, int],
    minutes: Mapping[tuple[str, str], float],
    homes: Mapping[str, str],
    touching: Mapping[str, set[str]],
    balance: float | None,
) -> Best:
    """Try every division.

    Parameters
    ----------
    people
        Of every item.
    minutes
        Person-minutes of every item and lead.
    homes
        The item of every lead.
    touching
        The items that touch each item.
    balance
        Largest relative deviation from the mean that is asked for.
    """
    mean = Fraction(sum(people.values()), len(homes))
    found = []
    for owners in divisions(set(people), homes, touching):
        sizes = dict.fromkeys(homes, 0)
        for item, lead in owners.items():
            sizes[lead] += people[item]
        deviation = max(abs(size - mean) for size in sizes.values()) / mean
        cost = sum(minutes[item, lead] for item, lead in owners.items())
        found.append((deviation, cost))
    if not found:
        return Best(None, None)
    asked = None if balance is None else Fraction(str(balance))
    kept = [cost for deviation, cost in found if asked is None or deviation <= asked]
    if kept:
        return Best(min(kept), None)
    deviation, cost = min(found)
    return Best(cost, deviation)


def divisions(
    items: set[str], homes: Mapping[str, str], touching: Mapping[str, set[str]]
) -> Iterator[Owners]:
    """Yield every division in which all groups are in one piece, with their lead.

    An item with leads belongs to one of them; the groups of the others there touch it.
    """
    at_home: dict[str, list[str]] = {}
    for lead in sorted(homes):
        at_home.setdefault(homes[lead], []).append(lead)
    order = sorted(items)
    choices = [at_home.get(item, sorted(homes)) for item in order]
    for chosen in itertools.product(*choices):
        owners = dict(zip(order, chosen, strict=True))
        if all(_is_led(lead, owners, homes, touching) for lead in homes):
            yield owners


def _is_led(
    lead: str,
    owners: Owners,
    homes: Mapping[str, str],
    touching: Mapping[str, set[str]],
) -> bool:
    group = {item for item, owner in owners.items() if owner == lead}
    home = homes[lead]
    return in_one_piece(group, touching) and bool(group & {home, *touching[home]})


def in_one_piece(group: set[str], touching: Mapping[str, set[str]]) -> bool:
    """Return whether a group is not empty and hangs together."""
    if not group:
        return False
    reached: set[str] = set()
    waiting = [min(group)]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += touching[here] & group
    return reached == group

"""Contiguous groups without a solver: grown from their leads, then evened out.

What a solver that ran out of time, or has not been told yet which zones hang together,
is helped with. Nothing here proves anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.networks.division import Division, Window


def grown(
    division: Division, owners: Sequence[int] | None = None
) -> tuple[int, ...] | None:
    """Grow groups from their leads, the nearest zone next to a group first.

    Parameters
    ----------
    division
        What is divided.
    owners
        The lead of each zone in a division that may be in pieces: the piece of each
        group at its lead is kept. None: grow from the leads alone.

    Returns
    -------
    owners
        None where leads that share a zone find no entrance.
    """
    kept = _seeds(division) if owners is None else _pieces_at_leads(division, owners)
    if kept is None:
        return None
    while len(kept) < len(division.items):
        _, zone, lead = min(
            (_minutes(division, n, lead), n, lead)
            for z, lead in kept.items()
            for n in division.neighbours[z]
            if n not in kept
        )
        kept[zone] = lead
    result = tuple(kept[z] for z in range(len(division.items)))
    return result if division.is_sound(result) else None


def _seeds(division: Division) -> dict[int, int] | None:
    """Return one zone per lead: its own, or beside it where another lead has that."""
    seeds: dict[int, int] = {}
    for lead, home in enumerate(division.homes):
        free = [home] if home not in seeds else []
        free = free or [
            z
            for z in division.entrances(lead)
            if z not in seeds and z not in division.homes
        ]
        if not free:
            return None
        seeds[min(free, key=lambda z: _minutes(division, z, lead))] = lead
    return seeds


def _pieces_at_leads(
    division: Division, owners: Sequence[int]
) -> dict[int, int] | None:
    kept: dict[int, int] = {}
    for lead in range(len(division.leads)):
        pieces = division.pieces(lead, owners)
        entrances = set(division.entrances(lead))
        at_lead = [piece for piece in pieces if piece & entrances]
        if not at_lead:
            return None
        at_lead.sort(key=lambda piece: (-len(piece), min(piece)))
        kept |= dict.fromkeys(at_lead[0], lead)
    return kept


def _minutes(division: Division, zone: int, lead: int) -> float:
    return float(division.minutes[zone, lead]) / max(1, division.people[zone])


def evened(
    division: Division, owners: tuple[int, ...], window: Window
) -> tuple[int, ...]:
    """Move zones at the borders of groups until all are within a window, if it works.

    Each move brings the groups nearer to the window and leaves them contiguous; the
    move that helps most is made first, the cheaper of two that help alike.
    """
    for _ in range(4 * len(division.items)):
        sizes = division.sizes(owners)
        excess = sum(map(window.excess, sizes))
        if not excess:
            break
        moved = _best_move(division, owners, window, sizes)
        if moved is None:
            break
        owners = moved
    return owners


def _best_move(
    division: Division, owners: tuple[int, ...], window: Window, sizes: list[int]
) -> tuple[int, ...] | None:
    moves = []
    for zone, owner in enumerate(owners):
        people = division.people[zone]
        if zone in division.homes:
            continue
        for taker in {owners[n] for n in division.neighbours[zone]} - {owner}:
            helped = (
                window.excess(sizes[owner] - people)
                + window.excess(sizes[taker] + people)
                - window.excess(sizes[owner])
                - window.excess(sizes[taker])
            )
            if helped < 0:
                dearer = division.minutes[zone, taker] - division.minutes[zone, owner]
                moves.append((helped, float(dearer), zone, taker))
    for *_, zone, taker in sorted(moves):
        moved = (*owners[:zone], taker, *owners[zone + 1 :])
        if division.is_sound(moved):
            return moved
    return None

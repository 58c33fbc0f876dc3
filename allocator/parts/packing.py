"""Plans as bytes: small enough to send, and to keep, by the hundred."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.plan import (
    ALLOCATION_COLUMNS,
    ASSIGNMENT_COLUMNS,
    COUNTED_COLUMNS,
    Plan,
    empty_frame,
)
from allocator.provenance import parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRAMES = {
    "placements": COUNTED_COLUMNS,
    "assignments": ASSIGNMENT_COLUMNS,
    "allocations": ALLOCATION_COLUMNS,
}


def pack_plans(plans: Sequence[Plan]) -> bytes:
    """Return the plans of all phases as compressed JSON; groups are left out."""
    content = [
        {name: _columns(getattr(plan, name)) for name in _FRAMES} for plan in plans
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8"), 6)


def _columns(frame: pd.DataFrame) -> list[list[Any]]:
    return [frame[column].tolist() for column in frame]


def unpack_plans(packed: bytes) -> tuple[Plan, ...]:
    """Return the plans that were packed.

    Raises
    ------
    ValueError
        When the bytes are none that `pack_plans` made.
    """
    try:
        content = parse_json(zlib.decompress(packed).decode("utf-8"))
        return tuple(
            Plan(**{name: _frame(one[name], _FRAMES[name]) for name in _FRAMES})
            for one in content
        )
    except (zlib.error, UnicodeDecodeError, KeyError, TypeError) as error:
        message = "no packed plans"
        raise ValueError(message) from error


def _frame(values: list[list[Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    if not values or not values[0]:
        return empty_frame(columns)
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def join_plans(parts: Sequence[Sequence[Plan]]) -> tuple[Plan, ...]:
    """Return the plan of every phase for all parts together, sorted as a plan is."""
    return tuple(
        Plan(
            _joined([p.placements for p in plans], ["site_id", "service"]),
            _joined(
                [p.assignments for p in plans], ["service", "demand_id", "site_id"]
            ),
            _joined([p.allocations for p in plans], ["resource", "site_id", "phase"]),
        )
        for plans in zip(*parts, strict=True)
    )


def _joined(frames: list[pd.DataFrame], order: list[str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return frames[0]
    return pd.concat(filled, ignore_index=True).sort_values(
        order, kind="stable", ignore_index=True
    )

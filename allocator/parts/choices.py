"""What parts came to together, kept from run to run by what the whole is made of.

An entry is named by a SHA-256 of the names of all parts, of the limits that they share
and of the gap asked for: where nothing has changed, nobody is asked anything.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

from allocator.parts.known import Option
from allocator.parts.memory import read_entry, write_entry
from allocator.parts.proof import Shared
from allocator.solve import Solution, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.parts.part import Part


def choice_key(parts: Sequence[Part], gap: float) -> str:
    """Return the name of the whole: a SHA-256 of all that it depends on.

    Parameters
    ----------
    parts
        In their order; the name of each says what it is made of and by what.
    gap
        Relative gap that was asked for.
    """
    limits = [dataclasses.astuple(limit) for limit in parts[0].limits]
    told = repr(("choice", [part.key for part in parts], limits, gap))
    return hashlib.sha256(told.encode()).hexdigest()


def recall_choice(key: str) -> Shared | None:
    """Return what was kept of the whole; None where nothing was, or nothing whole.

    It took no time and no rounds: nothing was asked.
    """
    try:
        return _shared(read_entry(key))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_choice(key: str, shared: Shared) -> bool:
    """Keep what the parts came to; False where that cannot be done."""
    return write_entry(key, _plain(shared))


def _plain(shared: Shared) -> dict[str, Any]:
    solution = shared.solution
    return {
        "options": [
            [option.measures, base64.b64encode(option.plans).decode("ascii")]
            for option in shared.options
        ],
        "status": solution.status,
        "stages": [dataclasses.astuple(stage) for stage in solution.stages],
        "solver": solution.solver,
        "prices": shared.prices,
        "priced": shared.priced,
        "method": shared.method,
    }


def _shared(content: dict[str, Any]) -> Shared:
    stages = [Stage(*stage) for stage in content["stages"]]
    return Shared(
        options=tuple(
            Option(tuple(measures), base64.b64decode(plans))
            for measures, plans in content["options"]
        ),
        solution=Solution(
            content["status"],
            tuple(dataclasses.replace(stage, seconds=0.0) for stage in stages),
            0.0,
            content["solver"],
        ),
        prices=dict(content["prices"]),
        priced=content["priced"],
        method=content["method"],
        rounds=0,
    )

"""Making the parts of a task, each with the name of all that it is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from allocator.parts.memory import key_of
from allocator.parts.narrow import narrow_phase, split_travel
from allocator.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from allocator.parts.shared import Sharing
    from allocator.policy.terms import Phase
    from allocator.travel import Travel


def cut_parts(
    phases: Sequence[Phase],
    travel: Travel,
    part_of_county: Mapping[str, str],
    sharing: Sharing,
    *,
    gap: float,
    time_limit_s: float,
) -> tuple[Part, ...]:
    """Return the parts of a task, in the order of their ids.

    Parameters
    ----------
    phases, travel
        The task.
    part_of_county
        The part of every county that has zones.
    sharing
        What the parts share, without findings.
    gap
        Relative gap that the whole is to be proven within.
    time_limit_s
        Wall-clock seconds of the solver for one question to a part.
    """
    counties: dict[str, list[str]] = {}
    for county, name in part_of_county.items():
        counties.setdefault(name, []).append(county)
    journeys = split_travel(phases[-1].area, travel, part_of_county)
    parts = []
    for part_id in sorted(counties):
        narrowed = tuple(
            narrow_phase(phase, counties[part_id], policy)
            for phase, policy in zip(phases, sharing.policies, strict=True)
        )
        part = Part(
            id=part_id,
            name=narrowed[-1].area.name,
            phases=narrowed,
            travel=journeys[part_id],
            limits=sharing.limits,
            totals=sharing.totals,
            stages=("shortfall", *phases[0].terms.objective),
            gap=gap / _FINER,
            time_limit_s=time_limit_s,
            threads=1,  # parts are solved side by side
        )
        parts.append(replace(part, key=key_of(part)))
    return tuple(parts)


# The parts' bounds are of what they reach and of what they use of the limits together,
# which is more than what they reach: proven finer, the sum is within the gap.
_FINER = 10.0

"""Base plans of small tasks, solved to the proven optimum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings

from allocator.policy import CountInUnit, Scope, Service
from allocator.progress import SILENT
from allocator.reasons import Base, solve_base
from allocator.solve import Session
from tests.factories import (
    candidate,
    cost,
    make_area,
    make_case,
    make_travel,
    zone,
)
from tests.property.test_against_oracle import EXAMPLES, thorough

# At least a hundred generated tasks, whatever the other property tests take.
generated = settings(thorough, max_examples=max(EXAMPLES, 100))

if TYPE_CHECKING:
    from allocator.progress import Progress
    from tests.factories import Case


def base_of(case: Case, *, progress: Progress = SILENT) -> Base | None:
    """Return the base plan of a case, or None where it has no plan."""
    formulation = case.build()
    if formulation.impossible:
        return None
    session = Session(formulation, gap=0.0, threads=1, progress=progress)
    return solve_base(session, time_limit_s=60)


def solved(case: Case) -> Base:
    base = base_of(case)
    assert base is not None
    return base


def town() -> Case:
    """Return a town that needs two clinics, of five candidates.

    Zones z1 and z2 have 100 and 10 people. ``near`` is 5 minutes from both; ``a``,
    ``b`` and ``c`` are 10 minutes from both and cost the same, 100; ``dear`` is as far
    and costs 1000.
    """
    area = make_area(
        zones=[zone("z1", "c1", 100), zone("z2", "c1", 10)],
        sites=[candidate(s, "z1") for s in ("a", "b", "c", "dear", "near")],
        costs=[
            cost("clinic", "build", 100, 10),
            cost("clinic", "build", 1000, 10, site_id="dear"),
        ],
    )
    minutes = {"a": 10, "b": 10, "c": 10, "dear": 10, "near": 5}
    travel = make_travel(
        {(d, s): m for d in ("d_z1", "d_z2") for s, m in minutes.items()}
    )
    return make_case(
        area,
        services=[Service(id="clinic", name="clinic", serves=Scope())],
        rules=[CountInUnit(id="R", quote="two", service="clinic", lo=2)],
        travel=travel,
        objective=("uncovered_people", "person_minutes", "capital_wan"),
    )
